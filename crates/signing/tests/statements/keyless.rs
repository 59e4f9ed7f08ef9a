//! Statements that are signed with an identity token, against a Sigstore on loopback.

use std::sync::Arc;
use std::time::SystemTime;

use lockage_promote::statement::StatementSigner as _;
use lockage_signing::gate::{KeylessSigner, Signers};
use lockage_signing::keyless::{IdentityToken, Keyless, Services};
use lockage_signing::trust::{Identity, TrustedRoot};
use lockage_signing_mock::token::{ACTIONS_ISSUER, WORKFLOW};
use lockage_signing_mock::{Fault, Mock, Service, Services as Kind};

use crate::{BUNDLE, STATEMENT, refused, signed};

#[tokio::test]
async fn who_signs_with_a_token_is_known_and_the_time_is_proven() {
    let mock = Mock::start().await.unwrap();
    let root = Arc::new(TrustedRoot::from_json(&mock.trusted_root()).unwrap());
    for kind in [Kind::V1, Kind::V2Timestamp] {
        let services = Services::from_signing_config(&mock.signing_config(kind)).unwrap();
        let token = IdentityToken::parse(&mock.tokens.workflow("sigstore")).unwrap();
        let keyless = Keyless::new(services, token).unwrap().trusted_root(root.clone());
        let signer = KeylessSigner::new(keyless);
        let sealed = signer.sign_statement(STATEMENT).await.unwrap();
        assert_eq!(sealed.media_type, BUNDLE);
        let known = Identity::exact(WORKFLOW, ACTIONS_ISSUER).unwrap();
        let signers = Signers::new().identity("release", known, root.clone()).unwrap();
        let by = signed(&signers, &sealed).await;
        assert_eq!(by.identity, "release");
        assert!(by.at.unwrap() <= SystemTime::now());
        let another = Identity::exact("https://github.com/acme/other", ACTIONS_ISSUER).unwrap();
        refused(&Signers::new().identity("other", another, root.clone()).unwrap(), &sealed).await;
        signer.sign_statement(b"approved").await.unwrap_err();
    }
}

#[tokio::test]
async fn a_log_that_fails_is_an_error_of_the_signer() {
    let mock = Mock::start().await.unwrap();
    let services = Services::from_signing_config(&mock.signing_config(Kind::V1)).unwrap();
    let token = IdentityToken::parse(&mock.tokens.workflow("sigstore")).unwrap();
    let signer = KeylessSigner::new(Keyless::new(services, token).unwrap());
    mock.fail(Service::Rekor, Some(Fault::Status(500)));
    signer.sign_statement(STATEMENT).await.unwrap_err();
}
