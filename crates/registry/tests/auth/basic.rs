//! Basic: how often the provider of credentials is asked, and what becomes of a password that is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use lockage_registry::client::{CredentialProvider, Credentials};
use lockage_registry::{Error, ErrorKind, Repository, Result, Source as _};

use super::mock::{Mock, Reply};
use super::{latest, manifest, repo};

/// A vault whose password is `generation-N`, and which counts how often it is asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Vault {
    pub(super) generation: Arc<AtomicUsize>,
    pub(super) asked: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl CredentialProvider for Vault {
    async fn credentials(&self, _: &Repository) -> Result<Option<Credentials>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let password = format!("generation-{}", self.generation.load(Ordering::SeqCst));
        Ok(Some(Credentials::password("the vault", "robot", password)))
    }
}

pub(super) fn header(password: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("robot:{password}")))
}

/// A registry that accepts the password `generation-N`.
async fn registry(accepts: &Arc<AtomicUsize>) -> Mock {
    let accepts = Arc::clone(accepts);
    Mock::start(move |request, _| {
        let good = header(&format!("generation-{}", accepts.load(Ordering::SeqCst)));
        match request.header("authorization") {
            Some(sent) if sent == good => manifest(),
            _ => Reply::new(401).header("WWW-Authenticate", r#"Basic realm="x""#),
        }
    })
    .await
}

#[tokio::test]
async fn the_provider_is_asked_once_for_many_requests() {
    let vault = Vault::default();
    let mock = registry(&Arc::default()).await;
    let client = super::builder().credentials(vault.clone()).build().unwrap();
    let (repo, latest) = (repo(&mock, "app"), latest());
    let pulled = futures::future::join_all((0..32).map(|_| client.manifest(&repo, &latest))).await;
    assert!(pulled.iter().all(Result::is_ok));
    client.manifest(&repo, &latest).await.unwrap();
    assert_eq!(vault.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_password_that_was_rotated_is_found_by_the_request_that_needs_it() {
    let (vault, accepts) = (Vault::default(), Arc::new(AtomicUsize::new(0)));
    let mock = registry(&accepts).await;
    let client = super::builder().credentials(vault.clone()).build().unwrap();
    let (repo, latest) = (repo(&mock, "app"), latest());
    client.manifest(&repo, &latest).await.unwrap();
    for generation in 1..4 {
        vault.generation.store(generation, Ordering::SeqCst);
        accepts.store(generation, Ordering::SeqCst);
        let pulled = futures::future::join_all((0..8).map(|_| client.manifest(&repo, &latest))).await;
        assert!(pulled.iter().all(Result::is_ok));
        assert_eq!(vault.asked.load(Ordering::SeqCst), generation + 1);
    }
}

#[tokio::test]
async fn a_password_that_is_refused_is_not_sent_again_by_the_same_request() {
    let (vault, accepts) = (Vault::default(), Arc::new(AtomicUsize::new(1)));
    let mock = registry(&accepts).await;
    let client = super::builder().credentials(vault.clone()).build().unwrap();
    let (repo, latest) = (repo(&mock, "app"), latest());
    let error = client.manifest(&repo, &latest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(mock.requests().len(), 2, "without credentials, and with them");
    let error = client.manifest(&repo, &latest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(mock.requests().len(), 3, "once with them");
    assert_eq!(vault.asked.load(Ordering::SeqCst), 2, "at first, and after the refusal");
    // Once they are right, the next request is allowed.
    accepts.store(0, Ordering::SeqCst);
    client.manifest(&repo, &latest).await.unwrap();
}

/// A vault that is sealed at first.
#[derive(Debug, Default)]
struct Sealed(AtomicUsize);

#[async_trait::async_trait]
impl CredentialProvider for Sealed {
    async fn credentials(&self, _: &Repository) -> Result<Option<Credentials>> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Err(Error::new(ErrorKind::Credentials, "open", "the vault").with_message("it is sealed")),
            _ => Ok(Some(Credentials::password("the vault", "robot", "generation-0"))),
        }
    }
}

#[tokio::test]
async fn a_provider_that_fails_fails_the_request_and_is_asked_again() {
    let mock = registry(&Arc::default()).await;
    let client = super::builder().credentials(Sealed::default()).build().unwrap();
    let error = client.manifest(&repo(&mock, "app"), &latest()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("it is sealed"), "{error:?}");
    client.manifest(&repo(&mock, "app"), &latest()).await.unwrap();
}
