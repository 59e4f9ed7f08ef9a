//! What the forge says about the repository: in a file, and from its API.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::json;

use crate::GITHUB;
use crate::run::{Run, SHA};

/// Answers one request after the other, and returns what was asked.
fn api(answers: Vec<(u16, String)>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let answer = |(status, body): (u16, String)| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut request = String::new();
            while reader.read_line(&mut request).unwrap() > 2 {}
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
            request
        };
        answers.into_iter().map(answer).collect()
    });
    (address, server)
}

fn repository() -> String {
    json!({
        "name": "Hello", "description": null, "html_url": "https://github.com/acme/hello", "default_branch": "trunk",
        "license": {"key": "mit", "spdx_id": "MIT"}, "private": true,
    })
    .to_string()
}

#[test]
fn the_api_is_asked_with_the_token_about_repository_and_commit() {
    let commit = json!({"commit": {"committer": {"date": "2021-05-06T07:08:09Z"}}}).to_string();
    let (address, server) = api(vec![(200, repository()), (200, commit)]);
    let done = Run::new()
        .variables(GITHUB)
        .variable("GITHUB_REF", "refs/heads/trunk")
        .variable("GITHUB_REPOSITORY", "acme/hello")
        .variable("GITHUB_API_URL", &address)
        .variable("INPUT_GITHUB-TOKEN", "ghs_secret")
        .run(&["tags", "--json", "--tags", "type=edge", "--tags", "type=raw,value={{commit_date 'YYYY-MM-DD'}}"]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    let document: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(document["tags"], json!(["edge", "2021-05-06"]));
    assert!(document["labels"].as_array().unwrap().contains(&json!("org.opencontainers.image.licenses=MIT")));
    let asked = server.join().unwrap();
    assert!(asked[0].starts_with("GET /repos/acme/hello HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(asked[1].starts_with(&format!("GET /repos/acme/hello/commits/{SHA} HTTP/1.1\r\n")), "{}", asked[1]);
    for request in asked {
        assert!(request.to_lowercase().contains("\r\nauthorization: bearer ghs_secret\r\n"), "{request}");
    }
}

#[test]
fn the_commit_that_is_asked_about_is_the_one_that_is_named() {
    const HEAD: &str = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";
    let directory = tempfile::tempdir().unwrap();
    let event = directory.path().join("event.json");
    fs::write(&event, json!({"number": 42, "pull_request": {"head": {"sha": HEAD}}}).to_string()).unwrap();
    let (address, server) = api(vec![(200, repository()), (404, "{}".to_owned())]);
    let done = Run::new()
        .variables(GITHUB)
        .variable("GITHUB_EVENT_NAME", "pull_request")
        .variable("GITHUB_REF", "refs/pull/42/merge")
        .variable("GITHUB_EVENT_PATH", &event)
        .variable("GITHUB_REPOSITORY", "acme/hello")
        .variable("GITHUB_API_URL", &address)
        .variable("GITHUB_TOKEN", "ghs_secret")
        .variable("DOCKER_METADATA_PR_HEAD_SHA", "true")
        .run(&["tags", "--tags", "type=sha"]);
    assert_eq!((done.code, done.out.as_str()), (0, "sha-2b2e927\n"), "{}", done.err);
    let asked = server.join().unwrap();
    assert!(asked[1].starts_with(&format!("GET /repos/acme/hello/commits/{HEAD} HTTP/1.1\r\n")), "{}", asked[1]);
    // As the action has it, the date of a commit that is not known is now. It is said, though.
    assert!(done.err.starts_with("::warning::ask the API for /repos/acme/hello/commits/"), "{}", done.err);
}

#[test]
fn a_refusal_of_the_api_is_an_error_without_the_token() {
    let (address, server) = api(vec![(403, "{}".to_owned())]);
    let run = || {
        Run::new().variables(GITHUB).variable("GITHUB_REPOSITORY", "acme/hello").variable("GITHUB_API_URL", &address)
    };
    let done = run().variable("GITHUB_TOKEN", "ghs_secret").run(&["tags"]);
    server.join().unwrap();
    assert_eq!((done.code, done.out.as_str()), (3, ""));
    assert_eq!(done.first_error(), "error: ask the API for /repos/acme/hello: it answered 403");
    assert!(!done.err.contains("ghs_secret"));
    // Without a token nobody is asked: there is nobody to answer any more.
    let done = run().run(&["tags"]);
    assert_eq!(done.code, 0, "{}", done.err);
}

#[test]
fn the_answer_in_a_file_takes_the_place_of_the_api() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("repo.json");
    let path = file.to_str().unwrap();
    let run = || {
        Run::new()
            .variables(GITHUB)
            .variable("GITHUB_REF", "refs/heads/trunk")
            .variable("GITHUB_REPOSITORY", "acme/hello")
            .variable("GITHUB_API_URL", "http://127.0.0.1:9")
            .variable("GITHUB_TOKEN", "ghs_secret")
            .run(&["tags", "--repo", path, "--tags", "type=edge"])
    };
    fs::write(&file, repository()).unwrap();
    let done = run();
    assert_eq!((done.code, done.out.as_str()), (0, "edge\n"), "{}", done.err);
    for text in ["{", r#"{"name": 5}"#] {
        fs::write(&file, text).unwrap();
        let done = run();
        assert_eq!(done.code, 2);
        assert!(done.first_error().starts_with(&format!("error: {path}: no ")), "{}", done.err);
    }
}
