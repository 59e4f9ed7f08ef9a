//! Where identity tokens come from.

use lockage_registry::ErrorKind;
use lockage_registry::cloud::{ActionsIdentity, FileIdentity, IdentityToken, VariableIdentity};
use serde_json::json;

use crate::platform::{HIDDEN, Job, among, github, job, said, web};

#[tokio::test]
async fn github_gives_a_token_for_an_audience() {
    let mock = github(json!(Job::token_of(1))).await;
    let identity = ActionsIdentity::from_variables(&web(), among(&job(&mock))).unwrap();
    let token = identity.token("api://Azure AD&x=y").await.unwrap();
    assert_eq!(token.expose(), Job::token_of(1));
    let requests = mock.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].path, "/idtoken/1?api-version=2.0&audience=api%3A%2F%2FAzure+AD%26x%3Dy");
    assert!(!format!("{identity:?} {token:?}").contains(HIDDEN));
}

#[tokio::test]
async fn a_job_without_the_permission_is_told_which_one() {
    let mock = github(json!(Job::token_of(1))).await;
    let mut variables = job(&mock);
    for missing in ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"] {
        let without: Vec<_> = job(&mock).into_iter().filter(|(name, _)| *name != missing).collect();
        let error = ActionsIdentity::from_variables(&web(), among(&without)).unwrap_err();
        assert_eq!((error.kind(), error.subject()), (ErrorKind::Credentials, missing));
        assert!(error.remedy().unwrap().contains("id-token: write"));
    }
    variables[2].1 = format!("{HIDDEN}-of-another-job");
    let identity = ActionsIdentity::from_variables(&web(), among(&variables)).unwrap();
    let error = identity.token("sts.amazonaws.com").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.remedy().unwrap().contains("id-token: write"));
    assert!(!said(&error).contains(HIDDEN) && !said(&error).contains("audience"), "{}", said(&error));
}

#[tokio::test]
async fn what_github_gives_that_is_no_token_is_refused_and_not_repeated() {
    for given in
        [json!("s3cret"), json!(["s3cret"]), json!({ "s3cret": 1 }), json!("a.s3cret\r\n.c"), json!("x".repeat(70_000))]
    {
        let mock = github(given.clone()).await;
        let identity = ActionsIdentity::from_variables(&web(), among(&job(&mock))).unwrap();
        let error = identity.token("x").await.unwrap_err();
        assert!(!said(&error).contains(HIDDEN) && !said(&error).contains("xxxx"), "{}", said(&error));
    }
}

#[tokio::test]
async fn the_token_of_a_job_is_shown_to_nobody_over_plain_http() {
    for url in [
        "http://github.example/idtoken?s3cret",
        "ftp://github.example/s3cret",
        "https://s3cret@github.example/",
        "s3cret",
    ] {
        let mut variables = job(&github(json!("")).await);
        variables[1].1 = url.to_owned();
        let error = ActionsIdentity::from_variables(&web(), among(&variables)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{url}");
        assert!(!said(&error).contains(HIDDEN), "{}", said(&error));
    }
}

#[tokio::test]
async fn a_file_is_read_for_each_token() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    let identity = FileIdentity::new(&path);
    let error = identity.token("x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    for number in 1..3 {
        std::fs::write(&path, format!("{}\n", Job::token_of(number))).unwrap();
        assert_eq!(identity.token("x").await.unwrap().expose(), Job::token_of(number));
    }
    for bad in [b"s3cret".to_vec(), b"\xff.s3cret.c".to_vec(), format!("a.b.{}", "s3cret".repeat(20_000)).into_bytes()]
    {
        std::fs::write(&path, bad).unwrap();
        let error = identity.token("x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(!said(&error).contains(HIDDEN));
    }
}

#[tokio::test]
async fn a_variable_of_gitlab_holds_a_token() {
    let variables = [(VariableIdentity::GITLAB, Job::token_of(1))];
    let identity = VariableIdentity::from_variables(VariableIdentity::GITLAB, among(&variables)).unwrap();
    assert_eq!(identity.token("x").await.unwrap().expose(), Job::token_of(1));
    assert!(!format!("{identity:?}").contains(HIDDEN));
    for value in ["", "s3cret", "a.b.s3cret d"] {
        let variables = [(VariableIdentity::GITLAB, value.to_owned())];
        let error = VariableIdentity::from_variables(VariableIdentity::GITLAB, among(&variables)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(!said(&error).contains(HIDDEN));
    }
}
