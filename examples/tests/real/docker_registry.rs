//! docker-registry 2.8.3 for tests: its configuration, its log of requests, its end.

use std::fs::{self, File};

use lockage_registry::Reference;
use tempfile::TempDir;

use super::{Running, announced, peer};

/// The login of [`DockerRegistry::behind_login`].
pub(crate) const USER: &str = "stranger";
pub(crate) const PASSWORD: &str = "correct horse";
/// The password with bcrypt, the only scheme that docker-registry takes.
pub(crate) const HTPASSWD: &str = "stranger:$2b$04$aMnfT3wArtNPsLM7fjcPwO0FFoX0tqS7gtjhZ/9Qlowv5.syWgpTS\n";

/// The CNCF distribution registry, empty, on a free port, with its files in a folder of its own.
pub(crate) struct DockerRegistry {
    // Dropped in this order: the process before its files.
    _process: Running,
    directory: TempDir,
    host: String,
}

/// What its configuration says beyond the ordinary. `DIR` in a text is the folder of the registry's files.
#[derive(Default)]
pub(crate) struct Settings {
    /// Whole sections, such as `auth`.
    pub(crate) sections: String,
    /// What stands in the section `http`, indented by two.
    pub(crate) http: String,
    /// Files that are put into its folder.
    pub(crate) files: Vec<(&'static str, String)>,
}

impl DockerRegistry {
    pub(crate) fn start() -> Self {
        Self::with(Settings::default())
    }

    /// Only [`USER`] may read and write.
    pub(crate) fn behind_login() -> Self {
        let sections = "auth:\n  htpasswd:\n    realm: test\n    path: DIR/htpasswd\n".to_owned();
        Self::with(Settings { sections, files: vec![("htpasswd", HTPASSWD.to_owned())], ..Settings::default() })
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let within = |name: &str| directory.path().join(name);
        let configuration = format!(
            "version: 0.1\nlog:\n  level: info\nstorage:\n  filesystem:\n    rootdirectory: DIR/content\n  \
             delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:0\n  secret: test\n{}{}",
            settings.http, settings.sections
        );
        let place = directory.path().to_str().unwrap();
        fs::write(within("config.yml"), configuration.replace("DIR", place)).unwrap();
        for (name, text) in &settings.files {
            fs::write(within(name), text).unwrap();
        }
        let mut command = peer("docker-registry");
        command.arg("serve").arg(within("config.yml"));
        command.stdout(File::create(within("access.log")).unwrap());
        command.stderr(File::create(within("log")).unwrap());
        let process = Running(command.spawn().unwrap());
        let host = announced(&within("log"), "listening on ").trim_end_matches(',').to_owned();
        Self { _process: process, directory, host }
    }

    /// Host and port.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn reference(&self, rest: &str) -> Reference {
        format!("{}/{rest}", self.host).parse().unwrap()
    }

    /// Runs its garbage collection, and gives what that says.
    pub(crate) fn collect(&self) -> String {
        super::run(peer("docker-registry").arg("garbage-collect").arg(self.directory.path().join("config.yml")))
    }

    /// The requests so far, as `METHOD PATH?QUERY`, in the order in which they were answered.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.answers().into_iter().map(|(request, _)| request).collect()
    }

    /// The same, each with the status that it was answered with.
    pub(crate) fn answers(&self) -> Vec<(String, u16)> {
        // An answer is logged after it has been sent: wait until nothing more comes.
        let mut seen = String::new();
        for _ in 0..100 {
            std::thread::sleep(std::time::Duration::from_millis(150));
            let now = fs::read_to_string(self.directory.path().join("access.log")).unwrap();
            if now == seen {
                break;
            }
            seen = now;
        }
        let answer = |line: &str| {
            let mut parts = line.split('"').skip(1);
            let request = parts.next().unwrap().trim_end_matches(" HTTP/1.1").trim_end_matches(" HTTP/2.0").to_owned();
            (request, parts.next().unwrap().split_whitespace().next().unwrap().parse().unwrap())
        };
        seen.lines().map(answer).collect()
    }
}
