//! Attestations: the predicate in its own bytes, beside those of others, once.

use lockage_registry::Source as _;
use lockage_registry::{DigestTagKind, SourceExt as _, TagOrDigest};
use lockage_signing::format::{Bundle, Content, Envelope, Statement, StatementVersion};
use lockage_signing::sign::{Layout, Predicate, Signing};

use super::shelf::{Shelf, image, layers};
use super::{Toy, now};

/// What cosign 3.1 rounds, reorders and drops.
const PREDICATE: &str = r#"{
  "resolvedDependencies": [], "z": 1.0, "a": 12345678901234567890.50,
  "invocationId": "x", "unknown": {"b": null, "a": "ü<&>"}
}"#;

#[tokio::test]
async fn the_predicate_is_signed_to_the_byte_in_both_layouts() {
    let shelf = Shelf::new(false).await;
    let (image, toy, repo) = (image(), Toy::new(1), shelf.behind());
    let digest = image.root().digest();
    for version in [StatementVersion::V1, StatementVersion::V01] {
        let predicate = Predicate::new("slsaprovenance1".parse().unwrap(), PREDICATE).unwrap().version(version);
        let signed = Signing::with(&toy).attest(&shelf.memory, &repo, digest, &predicate, now()).await.unwrap();

        let newest = shelf.layers(digest, DigestTagKind::Attestation).await.pop().unwrap();
        assert_eq!(newest.annotations["predicateType"], "https://slsa.dev/provenance/v1");
        let envelope = Envelope::parse(&shelf.memory.read_blob(&repo, &newest, 1 << 20).await.unwrap()).unwrap();
        let at = TagOrDigest::Digest(signed.marks[1].manifest.clone());
        let manifest = shelf.memory.manifest(&repo, &at).await.unwrap();
        let bundle = shelf.memory.read_blob(&repo, &layers(&manifest)[0], 1 << 20).await.unwrap();
        let Content::Envelope(bundled) = Bundle::parse(&bundle).unwrap().content else { panic!("no envelope") };
        for envelope in [envelope, bundled] {
            let statement = Statement::parse(&envelope.payload).unwrap();
            assert_eq!(statement.predicate.get(), PREDICATE);
            assert_eq!(
                (statement.version, statement.predicate_type.as_str()),
                (version, "https://slsa.dev/provenance/v1")
            );
            assert_eq!((statement.subject.len(), statement.subject[0].name.as_str()), (1, "backend.test/app"));
            assert!(statement.about(digest).is_some());
        }
    }
}

#[tokio::test]
async fn attestations_are_kept_beside_each_other_and_said_once() {
    let shelf = Shelf::new(true).await;
    let (image, client, repo) = (image(), shelf.client(), shelf.repo());
    let digest = image.root().digest();
    let keys = [Toy::new(1), Toy::new(2)];
    // Both are said; then each again, with the same words and with other ones.
    for (round, words, layers) in [(1, "{}", 2), (2, "{}", 2), (3, r#"{"a":1}"#, 4), (4, r#"{"a": 1}"#, 6)] {
        for toy in &keys {
            let predicate = Predicate::new("custom".parse().unwrap(), words).unwrap();
            Signing::with(toy).attest(&client, &repo, digest, &predicate, now()).await.unwrap();
        }
        assert_eq!(shelf.layers(digest, DigestTagKind::Attestation).await.len(), layers, "round {round}");
        assert_eq!(shelf.referrers(digest).await.len(), layers, "round {round}");
    }
}

#[tokio::test]
async fn an_attestation_is_no_signature_and_the_type_of_one_is_refused() {
    let refused = Predicate::new("https://sigstore.dev/cosign/sign/v1".parse().unwrap(), "{}");
    assert!(refused.unwrap_err().to_string().contains("no attestation"));

    let shelf = Shelf::new(false).await;
    let (image, toy) = (image(), Toy::new(1));
    let digest = image.root().digest();
    let predicate = Predicate::new("custom".parse().unwrap(), "{}").unwrap();
    let signing = Signing::with(&toy).layout(Layout::Both);
    signing.attest(&shelf.memory, &shelf.behind(), digest, &predicate, now()).await.unwrap();
    assert!(super::shelf::held(&shelf.memory, &shelf.behind(), digest, DigestTagKind::Signature).await.is_none());
    assert!(signing.sign(&shelf.memory, &shelf.behind(), digest, now()).await.unwrap().is_new());
}
