//! GitHub Actions: the token of a workflow, and what is said where there is none to be had.

use std::collections::BTreeMap;

use lockage_signing::keyless::{Failure, IdentityToken, KeylessError, Service as Named};
use lockage_signing_mock::token::{ACTIONS_ISSUER, WORKFLOW};
use lockage_signing_mock::{Fault, Mock, Service};

async fn ask(environment: &BTreeMap<&str, String>) -> Result<IdentityToken, KeylessError> {
    IdentityToken::from_actions(|name| environment.get(name).cloned()).await
}

#[tokio::test]
async fn a_workflow_with_the_permission_gets_a_token_for_sigstore() {
    let mock = Mock::start().await.unwrap();
    let environment = BTreeMap::from(mock.actions_environment());
    let token = ask(&environment).await.unwrap();
    assert_eq!((token.issuer(), token.subject()), (ACTIONS_ISSUER, WORKFLOW));
    assert_eq!(mock.requests(Service::Actions), 1);
}

#[tokio::test]
async fn a_workflow_without_the_permission_is_told_how_to_get_it_and_nobody_is_asked() {
    let mock = Mock::start().await.unwrap();
    for missing in ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"] {
        let mut environment = BTreeMap::from(mock.actions_environment());
        environment.remove(missing);
        let error = ask(&environment).await.unwrap_err();
        assert_eq!(error, KeylessError::NoPermission);
        assert!(error.remedy().contains("id-token: write"));
        environment.insert(missing, String::new());
        assert_eq!(ask(&environment).await.unwrap_err(), KeylessError::NoPermission);
    }
    assert_eq!(ask(&BTreeMap::new()).await.unwrap_err(), KeylessError::NoWorkflow);
    assert_eq!(mock.requests(Service::Actions), 0);
}

#[tokio::test]
async fn a_refusal_is_typed_and_shows_neither_token_nor_query() {
    let mock = Mock::start().await.unwrap();
    let mut environment = BTreeMap::from(mock.actions_environment());
    environment.insert("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "another-secret".to_owned());
    let error = ask(&environment).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("another-secret") && !shown.contains("api-version"), "{shown}");
    assert!(error.remedy().contains("id-token: write"));
    let refused = |error: KeylessError| match error {
        KeylessError::Service { service: Named::Actions, failure, .. } => failure,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused(error), Failure::Refused { status: 401, .. }));
    for (fault, expected) in [(Fault::Status(500), "500"), (Fault::Garbage, "no token")] {
        mock.fail(Service::Actions, Some(fault));
        let error = ask(&BTreeMap::from(mock.actions_environment())).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn the_secret_of_a_runner_is_sent_by_https_only() {
    let environment = BTreeMap::from([
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "http://pipelines.example/token?api-version=2.0".to_owned()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret".to_owned()),
    ]);
    let error = ask(&environment).await.unwrap_err();
    assert!(matches!(error, KeylessError::Url { service: Named::Actions, .. }), "{error}");
}
