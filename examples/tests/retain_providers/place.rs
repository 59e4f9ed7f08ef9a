//! A directory with a policy, in which the program runs and sees no variable but those that a test sets.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// What the program reads of the environment.
const VARIABLES: [&str; 28] = [
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_ECR",
    "AWS_ENDPOINT_URL_STS",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "GITHUB_ACTIONS",
    "GITLAB_OIDC_TOKEN",
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_WORKLOAD_IDENTITY_PROVIDER",
    "CI_API_V4_URL",
    "CI_JOB_TOKEN",
    "GH_TOKEN",
    "GITHUB_API_URL",
    "GITHUB_TOKEN",
    "GITLAB_TOKEN",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
];

/// SHA images of 30 days go, whatever becomes of the other tags of their digests.
const POLICY: &str = "version: 1\nclasses:\n  sha: { tag: { regex: 'sha-[0-9]+' } }\ngrace: 15m\ndelete:\n  \
                      - { name: stale, class: sha, older_than: 30d }\n";

pub(crate) struct Place {
    dir: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
    provider: &'static str,
}

impl Place {
    pub(crate) fn new(provider: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("policy.yaml"), POLICY).unwrap();
        Self { dir, variables: Vec::new(), provider }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// The registry's own credentials, as docker keeps them.
    pub(crate) fn logged_in(self, host: &str, basic: &str) -> Self {
        let config = serde_json::json!({ "auths": { host: { "auth": basic } } });
        std::fs::write(self.dir.path().join("config.json"), config.to_string()).unwrap();
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockage"));
        command.current_dir(self.path()).arg("retain").args(arguments);
        if !self.provider.is_empty() {
            command.args(["--provider", self.provider]);
        }
        for name in VARIABLES {
            command.env_remove(name);
        }
        command.env("DOCKER_CONFIG", self.path()).env("HOME", self.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).output().unwrap()
    }

    /// The plan for this repository, which is kept as plan.json.
    pub(crate) fn plan(&self, repository: &str) -> Value {
        let planned =
            self.run(&["plan", repository, "--policy", "policy.yaml", "--now", "2024-07-01T00:00:00Z", "--json"]);
        assert_eq!(planned.status.code(), Some(0), "{planned:?}");
        std::fs::write(self.path().join("plan.json"), &planned.stdout).unwrap();
        serde_json::from_slice(&planned.stdout).unwrap()
    }

    /// What became of each tag and manifest of the plan: `tag sha-1`, `manifest`.
    pub(crate) fn apply(&self, more: &[&str]) -> Vec<(String, String)> {
        let arguments = ["apply", "--plan", "plan.json", "--yes", "--single-pass", "--max-age", "100000h", "--json"];
        let applied = self.run(&[&arguments, more].concat());
        assert_eq!(applied.status.code(), Some(0), "{applied:?}");
        let document: Value = serde_json::from_slice(&applied.stdout).unwrap();
        assert_eq!(document["leftovers"], serde_json::json!([]));
        let items = document["items"].as_array().unwrap().iter().map(|item| {
            let what = item["tag"].as_str().map_or_else(|| "manifest".to_owned(), |tag| format!("tag {tag}"));
            (what, item["result"].as_str().unwrap().to_owned())
        });
        let mut items: Vec<_> = items.collect();
        items.sort();
        items
    }
}

pub(crate) fn words(items: &[(String, String)]) -> Vec<String> {
    items.iter().map(|(what, result)| format!("{what}: {result}")).collect()
}
