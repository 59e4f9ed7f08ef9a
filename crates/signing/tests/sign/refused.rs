//! What is not signed: what does not exist, what cannot be read, and with a key that is another one.

use async_trait::async_trait;
use lockage_registry::testing::{Call, Fault, Faulty, Operation, fixtures};
use lockage_registry::{DigestTagKind, ErrorKind, Memory, Repository};
use lockage_signing::sign::{Layout, Outcome, Signing};
use lockage_signing::{Error, PublicKey, Signer, SigningError, Verifier};

use super::shelf::{self, image};
use super::{Toy, now};

async fn registry() -> (Memory, Repository) {
    let memory = Memory::new("registry.test".parse().unwrap());
    let repo = "registry.test/app".parse().unwrap();
    fixtures::push(&memory, &repo, &image(), &"v1".parse().unwrap()).await.unwrap();
    (memory, repo)
}

async fn is_bare(memory: &Memory, repo: &Repository) -> bool {
    use lockage_registry::Source as _;
    let digest = image().root().digest().clone();
    memory.referrers(repo, &digest, None).await.unwrap().is_empty()
        && shelf::held(memory, repo, &digest, DigestTagKind::Signature).await.is_none()
}

/// A key service that signs with another key than it says, or not at all.
#[derive(Debug)]
struct Wrong {
    says: Toy,
    signs: Option<Toy>,
}

#[async_trait]
impl Verifier for Wrong {
    fn public_key(&self) -> &PublicKey {
        self.says.public_key()
    }

    async fn verify(&self, message: &[u8], signature: &[u8]) -> Result<bool, SigningError> {
        self.says.verify(message, signature).await
    }
}

#[async_trait]
impl Signer for Wrong {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match &self.signs {
            Some(toy) => toy.sign(message).await,
            None => Err("the service is away".into()),
        }
    }
}

#[tokio::test]
async fn a_signature_that_the_signer_does_not_take_itself_is_not_stored() {
    let (memory, repo) = registry().await;
    let digest = image().root().digest().clone();
    let wrong = Wrong { says: Toy::new(1), signs: Some(Toy::new(2)) };
    let error = Signing::with(&wrong).sign(&memory, &repo, &digest, now()).await.unwrap_err();
    assert!(matches!(error, Error::NotOwn { .. }), "{error:?}");
    assert!(is_bare(&memory, &repo).await);

    let away = Wrong { says: Toy::new(1), signs: None };
    let error = Signing::with(&away).sign(&memory, &repo, &digest, now()).await.unwrap_err();
    assert!(matches!(error, Error::Key { what: "sign", .. }), "{error:?}");
    assert!(is_bare(&memory, &repo).await);
}

#[tokio::test]
async fn what_does_not_exist_or_is_something_else_is_not_signed() {
    let (memory, repo) = registry().await;
    let (toy, other) = (Toy::new(1), fixtures::image(2));
    let signing = Signing::with(&toy);
    let error = signing.sign(&memory, &repo, other.root().digest(), now()).await.unwrap_err();
    assert!(matches!(&error, Error::Registry(error) if error.is_not_found()), "{error:?}");

    let lying = Faulty::new(memory.clone()).fail(0, Fault::OtherDigest);
    let error = signing.sign(&lying, &repo, image().root().digest(), now()).await.unwrap_err();
    assert!(matches!(&error, Error::Registry(error) if error.kind() == ErrorKind::DigestMismatch), "{error:?}");
    assert_eq!(lying.calls(), 1);
    assert!(is_bare(&memory, &repo).await);
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_and_no_absence() {
    let toy = Toy::new(1);
    let digest = image().root().digest().clone();
    for kind in [ErrorKind::Unavailable, ErrorKind::RateLimited, ErrorKind::Denied, ErrorKind::Unauthorized] {
        for (operation, what, layout) in
            [(Operation::Manifest, ".sig", Layout::Legacy), (Operation::Referrers, "", Layout::Bundle)]
        {
            let (memory, repo) = registry().await;
            let faulty = Faulty::new(memory.clone()).script(move |_, call: &Call| {
                (call.operation == operation && call.what.contains(what)).then_some(Fault::Before(kind))
            });
            let error = Signing::with(&toy).layout(layout).sign(&faulty, &repo, &digest, now()).await.unwrap_err();
            assert!(matches!(&error, Error::Registry(error) if error.kind() == kind), "{error:?}");
            assert!(is_bare(&memory, &repo).await, "{kind:?}");

            // The other layout is written, and the error says so.
            let error = Signing::with(&toy).sign(&faulty, &repo, &digest, now()).await.unwrap_err();
            assert!(error.remedy().unwrap().contains("Sign again"), "{error:?}");
            let Error::Partly { done, .. } = error else { panic!("{error:?}") };
            assert_eq!(done.iter().map(|mark| mark.outcome).collect::<Vec<_>>(), [Outcome::Written]);
            assert_ne!(done[0].layout, layout);
        }
    }
}
