//! Files that deploy images: which of them leave open what is deployed.
#![cfg(feature = "pipeline")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use lockage_promote::pipeline::lint::{Deployment, Problem};
use lockage_promote::pipeline::{EnvironmentSpec, Graph};

const PINNED: &str = "prod.example/app:v1@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn found(kind: Deployment, text: &str) -> Vec<(usize, String, Problem)> {
    kind.lint(text).into_iter().map(|finding| (finding.line, finding.text, finding.problem)).collect()
}

#[test]
fn yaml_is_read_however_it_is_written() {
    for (text, expected) in [
        ("    image: prod.example/app:latest", vec!["prod.example/app:latest"]),
        ("  - image: app", vec!["app"]),
        ("image: \"prod.example/app:v1\" # pinned", vec!["prod.example/app:v1"]),
        ("image: 'app:1'", vec!["app:1"]),
        ("{\"name\": \"a\", \"image\": \"app:1\", \"args\": []}", vec!["app:1"]),
        ("[{image: app:1}, {image: app:2}]", vec!["app:1", "app:2"]),
        ("image: !!str app:1", vec!["app:1"]),
        ("image: >-\n  app:1", vec!["app:1"]),
        ("images:\n  - name: app\n    newTag: v1", vec!["v1"]),
        ("image:\n  repository: app\n  tag: v1\nother: 1", vec!["v1"]),
        ("image:\n  repository: app\n  tag: v1\n  digest: sha256:abc", vec![]),
        ("# image: app:1", vec![]),
        ("imagePullPolicy: Always", vec![]),
        ("imageTag: x", vec![]),
        ("name: x # image: app:1", vec![]),
    ] {
        let texts: Vec<_> = found(Deployment::Yaml, text).into_iter().map(|(_, text, _)| text).collect();
        assert_eq!(texts, expected, "{text}");
    }
    assert!(found(Deployment::Yaml, &format!("image: {PINNED}\nimage: \"{PINNED}\"")).is_empty());
}

#[test]
fn what_is_filled_in_later_is_open_unless_it_is_a_digest() {
    for (text, problem) in [
        ("image: app:${TAG}", Some(Problem::Open)),
        ("image: app:{{ .Values.tag }}", Some(Problem::Open)),
        ("image: {{ .Values.image }}", Some(Problem::Open)),
        ("image: app@${DIGEST}", None),
        ("image: app@{{ .Values.digest }}", None),
        ("image: app@sha256:abc", Some(Problem::Unreadable)),
        ("image: app@latest", Some(Problem::Unreadable)),
    ] {
        let problems: Vec<_> = found(Deployment::Yaml, text).into_iter().map(|(.., problem)| problem).collect();
        assert_eq!(problems, problem.into_iter().collect::<Vec<_>>(), "{text}");
    }
}

#[test]
fn a_dockerfile_is_judged_by_its_bases_and_not_by_its_stages() {
    let text = format!(
        "FROM --platform=$BUILDPLATFORM rust:1 AS build\nRUN make\nfrom build as test\nFROM scratch\nCOPY --from=build /a /a\nCOPY --from=0 /b /b\nCOPY --from=nginx:latest /c /c\nFROM {PINNED}\nFROM ${{BASE}}\n"
    );
    let found = found(Deployment::Dockerfile, &text);
    let lines: Vec<_> = found.iter().map(|(line, text, _)| (*line, text.as_str())).collect();
    assert_eq!(lines, [(1, "rust:1"), (7, "nginx:latest"), (9, "${BASE}")]);
    for (name, kind) in [
        ("Dockerfile", Deployment::Dockerfile),
        ("Dockerfile.prod", Deployment::Dockerfile),
        ("api.dockerfile", Deployment::Dockerfile),
        ("Containerfile", Deployment::Dockerfile),
        ("deployment.yaml", Deployment::Yaml),
    ] {
        assert_eq!(Deployment::of(name), kind, "{name}");
    }
}

#[test]
fn a_finding_knows_the_environment_that_moves_the_tag() {
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("stage", "harbor.example/{env}/{image}").float("stage"))
        .environment(EnvironmentSpec::new("prod", "docker.io/acme/{env}-{image}").pin("{version}").float("{env}"))
        .build()
        .unwrap();
    for (text, expected) in [
        ("harbor.example/stage/team/app:stage", Some(("stage", true))),
        ("acme/prod-app:prod", Some(("prod", true))),
        ("acme/prod-app:1.4.0", Some(("prod", false))),
        ("nginx:latest", None),
    ] {
        let finding = Deployment::Yaml.lint(&format!("image: {text}")).remove(0);
        let environment = finding.environment(&graph).map(|(name, floats)| (name.as_str(), floats));
        assert_eq!(environment, expected, "{text}");
    }
}
