//! `lockage tags`, as a step of a workflow and as a filter of documents.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod forge;
mod run;
mod vectors;

use std::fs;
use std::process::Command;

use run::{Run, SHA};
use serde_json::{Value, json};

const GITHUB: [(&str, &str); 4] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_EVENT_NAME", "push"),
    ("GITHUB_REF", "refs/tags/v1.2.3"),
    ("GITHUB_SHA", SHA),
];

const RULES: &str = "type=semver,pattern={{version}}\ntype=semver,pattern={{major}}.{{minor}}\ntype=sha";

/// What stands between `NAME<<delimiter` and the delimiter, by name.
fn values(text: &str) -> Vec<(String, String)> {
    let (mut values, mut lines) = (Vec::new(), text.lines());
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").expect(line);
        assert!(delimiter.starts_with("ghadelimiter_"), "{line}");
        let value: Vec<_> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        values.push((name.to_owned(), value.join("\n")));
    }
    values
}

fn value<'v>(values: &'v [(String, String)], name: &str) -> &'v str {
    &values.iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("no {name}")).1
}

#[test]
fn a_step_of_github_gets_what_the_action_writes() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let event = json!({"repository": {"name": "app", "html_url": "https://github.com/acme/app", "license": {"spdx_id": "MIT"}}});
    fs::write(path("event"), event.to_string()).unwrap();
    fs::write(path("output"), "").unwrap();
    fs::create_dir(path("temp")).unwrap();
    let run = || {
        Run::new()
            .variables(GITHUB)
            .variable("GITHUB_EVENT_PATH", path("event"))
            .variable("GITHUB_OUTPUT", path("output"))
            .variable("GITHUB_ENV", path("env"))
            .variable("RUNNER_TEMP", path("temp"))
            .variable("INPUT_IMAGES", "acme/app\nghcr.io/acme/app")
            .variable("INPUT_TAGS", RULES)
            .variable("INPUT_SEP-TAGS", ",")
            .variable("INPUT_BAKE-TARGET", "app")
    };
    let done = run().run(&["tags", "--now", "2024-03-09T17:05:06.789Z"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    let tags = ["1.2.3", "1.2", "sha-860c190", "latest"];
    let all: Vec<_> =
        ["acme/app", "ghcr.io/acme/app"].iter().flat_map(|image| tags.map(|tag| format!("{image}:{tag}"))).collect();
    assert_eq!(done.out.lines().collect::<Vec<_>>(), all);

    let outputs = values(&fs::read_to_string(path("output")).unwrap());
    let names: Vec<_> = outputs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "version",
            "tags",
            "tag-names",
            "labels",
            "annotations",
            "json",
            "bake-file-tags",
            "bake-file-labels",
            "bake-file-annotations",
            "bake-file",
        ]
    );
    assert_eq!(value(&outputs, "version"), "1.2.3");
    assert_eq!(value(&outputs, "tags"), all.join(","));
    assert_eq!(value(&outputs, "tag-names"), tags.join(","));
    let labels: Vec<_> = value(&outputs, "labels").lines().collect();
    assert_eq!(labels[0], "org.opencontainers.image.created=2024-03-09T17:05:06.789Z");
    assert_eq!(labels[2], "org.opencontainers.image.licenses=MIT");
    assert_eq!(labels[5], "org.opencontainers.image.title=app");
    assert!(value(&outputs, "annotations").starts_with("manifest:org.opencontainers.image.created="));
    let document: Value = serde_json::from_str(value(&outputs, "json")).unwrap();
    assert_eq!(document["tag-names"], json!(tags));
    let bake: Value = serde_json::from_str(&fs::read_to_string(value(&outputs, "bake-file")).unwrap()).unwrap();
    assert_eq!(bake["target"]["app"]["args"]["DOCKER_META_VERSION"], "1.2.3");
    assert!(value(&outputs, "bake-file-tags").starts_with(&path("temp")));
    assert!(value(&outputs, "bake-file-tags").ends_with("/docker-metadata-action-bake-tags.json"));

    let exported = values(&fs::read_to_string(path("env")).unwrap());
    assert_eq!(exported.len(), outputs.len());
    for ((name, value), (output, same)) in exported.iter().zip(&outputs) {
        assert_eq!(*name, format!("DOCKER_METADATA_OUTPUT_{}", output.replace('-', "_").to_uppercase()));
        assert_eq!(value, same);
    }

    // A second step adds to the file, and exports nothing when it is told not to.
    let done = run().variable("DOCKER_METADATA_SET_OUTPUT_ENV", "false").run(&["tags"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(values(&fs::read_to_string(path("output")).unwrap()).len(), 20);
    assert_eq!(values(&fs::read_to_string(path("env")).unwrap()).len(), 10);
    let done = run().variable("DOCKER_METADATA_SET_OUTPUT_ENV", "maybe").run(&["tags"]);
    assert_eq!((done.code, done.first_error()), (2, "error: parseBool syntax error: maybe"));
    assert_eq!(values(&fs::read_to_string(path("output")).unwrap()).len(), 20);
}

#[test]
fn warnings_are_commands_for_a_runner_and_lines_elsewhere() {
    let done = Run::new().variables(GITHUB).run(&[
        "tags",
        "--images",
        "app",
        "--tags",
        "type=pep440,pattern={{major}},value=a%b",
    ]);
    assert_eq!((done.code, done.out.as_str()), (0, ""));
    assert_eq!(
        done.err.lines().collect::<Vec<_>>(),
        [
            "::warning::a%25b does not conform to PEP 440. More info: https://www.python.org/dev/peps/pep-0440",
            "::warning::No Docker image version has been generated. Check tags input.",
            "::warning::No Docker tag has been generated. Check tags input.",
        ]
    );
    let circle = [("CIRCLECI", "true"), ("CIRCLE_BRANCH", "main"), ("CIRCLE_SHA1", SHA)];
    let done = Run::new().variables(circle).run(&["tags", "--tags", "type=ref,event=tag"]);
    assert!(done.err.starts_with("warning: No Docker image version"), "{}", done.err);
    let done = Run::new().variables(circle).run(&["tags", "--tags", "type=ref,event=tag", "--deny-warnings"]);
    assert_eq!((done.code, done.out.as_str()), (2, ""));
}

#[test]
fn gitlab_proposes_the_image_and_says_what_a_merge_request_is() {
    let job = [
        ("GITLAB_CI", "true"),
        ("CI_REGISTRY_IMAGE", "registry.gitlab.example/acme/app"),
        ("CI_PROJECT_TITLE", "The App"),
        ("CI_PROJECT_URL", "https://gitlab.example/acme/app"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_SHA", SHA),
        ("CI_COMMIT_TIMESTAMP", "2024-03-08T23:45:12-05:00"),
    ];
    let run = |variables: &[(&'static str, &'static str)], tags: &[&str]| {
        let rules = tags.iter().flat_map(|tag| ["--tags", tag]);
        let done = Run::new()
            .variables(job)
            .variables(variables.iter().copied())
            .run(&["tags"].into_iter().chain(rules).collect::<Vec<_>>());
        assert_eq!(done.code, 0, "{}", done.err);
        done.out
    };
    let out = run(
        &[("CI_PIPELINE_SOURCE", "merge_request_event"), ("CI_MERGE_REQUEST_IID", "42")],
        &["type=ref,event=pr", "type=schedule"],
    );
    assert_eq!(out, "registry.gitlab.example/acme/app:pr-42\n");
    let out = run(
        &[("CI_PIPELINE_SOURCE", "schedule"), ("CI_COMMIT_BRANCH", "main")],
        &[
            "type=schedule",
            "type=edge",
            "type=raw,value={{commit_date 'YYYYMMDD'}}",
            "type=raw,value=x,enable={{is_default_branch}}",
        ],
    );
    let image = "registry.gitlab.example/acme/app";
    assert_eq!(out, format!("{image}:nightly\n{image}:edge\n{image}:20240309\n{image}:x\n"));
    let out = run(&[("CI_PIPELINE_SOURCE", "push"), ("CI_COMMIT_TAG", "v1.2.3")], &[]);
    assert_eq!(out, format!("{image}:v1.2.3\n{image}:latest\n"));
}

#[test]
fn a_checkout_says_what_is_built_where_no_ci_system_does() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    let tags = [
        "tags",
        "--context",
        "git",
        "--directory",
        path,
        "--tags",
        "type=ref,event=tag",
        "--tags",
        "type=sha",
        "--images",
        "app",
    ];
    let done = Run::new().run(&tags);
    assert_eq!((done.code, done.first_error()), (3, "error: read what is checked out"));
    assert!(done.err.contains("is in no git repository"), "{}", done.err);
    assert!(done.err.ends_with("name the directory of the checkout\n"), "{}", done.err);

    for arguments in [
        &["init", "-q", "-b", "main"] as &[_],
        &["-c", "user.name=Jane", "-c", "user.email=jane@example.org", "commit", "-q", "--allow-empty", "-m", "first"],
        &["tag", "v1.2.3"],
        &["checkout", "-q", "v1.2.3"],
    ] {
        let git = Command::new("git").arg("-C").arg(path).args(arguments).status().unwrap();
        assert!(git.success());
    }
    let done = Run::new().run(&tags);
    assert_eq!(done.code, 0, "{}", done.err);
    let lines: Vec<_> = done.out.lines().collect();
    assert_eq!((lines[0], lines[2]), ("app:v1.2.3", "app:latest"));
    assert!(lines[1].starts_with("app:sha-") && lines[1].len() == 15, "{}", lines[1]);
}

#[test]
fn what_does_not_make_sense_is_a_usage_error_that_says_what_to_do() {
    for (variables, arguments, message, remedy) in [
        (
            vec![],
            vec!["tags"],
            "error: no variable says which CI system runs this build",
            "name the CI system (github, forgejo, gitlab, jenkins, circleci, azure, bitbucket), or the facts of the build",
        ),
        (
            vec![("GITLAB_CI", "true"), ("TF_BUILD", "True")],
            vec!["tags"],
            "error: variables of several CI systems are set: GITLAB_CI, TF_BUILD",
            "name the CI system that runs this build",
        ),
        (
            vec![("TF_BUILD", "True")],
            vec!["tags"],
            "error: Azure Pipelines: the variable BUILD_SOURCEBRANCH is not set",
            "run in a job whose sources are in git: it is refs/heads/…, refs/tags/… or refs/pull/N/merge",
        ),
        (
            vec![("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push")],
            vec!["tags"],
            "error: the variable GITHUB_SHA is not set",
            "run in a step of a workflow, or name another CI system with --ci",
        ),
        (GITHUB.to_vec(), vec!["tags", "--tags", "type=wat"], "error: parse-tags: Unknown tag type attribute: wat", ""),
        (GITHUB.to_vec(), vec!["tags", "--context", "svn"], "error: context: Invalid context source: svn", ""),
    ] {
        let done = Run::new().variables(variables).run(&arguments);
        assert_eq!((done.code, done.out.as_str(), done.first_error()), (2, "", message));
        assert_eq!(done.err.lines().nth(1).unwrap_or_default(), remedy);
    }
    // Named, the system is no question any more.
    let both = [("GITLAB_CI", "true"), ("TF_BUILD", "True"), ("CI_COMMIT_TAG", "v1"), ("CI_COMMIT_SHA", SHA)];
    let done = Run::new().variables(both).run(&["tags", "--ci", "gitlab"]);
    assert_eq!((done.code, done.out.as_str()), (0, "v1\nlatest\n"));
}

#[test]
fn the_strict_profile_is_chosen_and_differs() {
    let tags = ["tags", "--tags", "type=sha,prefix={{branch}}-", "--images", "app"];
    let done = Run::new().variables(GITHUB).run(&tags);
    assert_eq!(done.out, "app:-860c190\n");
    let done = Run::new().variables(GITHUB).run(&[&tags as &[_], &["--strict"]].concat());
    assert_eq!((done.code, done.out.as_str()), (0, ""));
}

#[test]
fn every_rule_is_explained() {
    let rules = ["--tags", "type=semver,pattern={{version}}", "--tags", "type=ref,event=branch", "--tags", "type=sha"];
    let done = Run::new().variables(GITHUB).run(&[&["tags", "explain"] as &[_], &rules].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(
        done.out.lines().collect::<Vec<_>>(),
        [
            &format!("build     push of refs/tags/v1.2.3 at {SHA}"),
            "rule      type=semver,pattern={{version}}: gives the main tag 1.2.3, and with it latest",
            "rule      type=ref,event=branch: gives no tag: refs/tags/v1.2.3 is no branch",
            "rule      type=sha: gives the tag sha-860c190",
            "tag       1.2.3",
            "tag       sha-860c190",
            "tag       latest",
        ]
    );
    let done = Run::new().variables(GITHUB).run(&[&["tags", "explain", "--json"] as &[_], &rules].concat());
    let document: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(document["rules"][1]["tag"], Value::Null);
    assert_eq!(document["rules"][2]["tag"], "sha-860c190");
    assert_eq!(document["latest"], true);
}

#[test]
fn json_is_one_document() {
    let done = Run::new().variables(GITHUB).run(&["tags", "--json", "--images", "app", "--tags", "type=sha"]);
    assert_eq!(done.out.lines().count(), 1);
    let document: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(document["tags"], json!(["app:sha-860c190"]));
    assert_eq!(document["version"]["main"], "sha-860c190");
}
