//! Whether what a ledger says was promoted is there: registries are asked.

use futures::executor::block_on;
use lockage_policy::facts::{FactsError, verify};
use lockage_policy::retain::{Facts, Promotion, Require, plan};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::testing::{Fault, Faulty};
use lockage_registry::{Digest, DigestTag, DigestTagKind, ErrorKind, Memory, Platform, Prune as _, Repository, Source};

use crate::world::{at, policy, snapshot};

const PROD: &str = "prod.example/app";
const SIGNATURE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

fn prod() -> Repository {
    PROD.parse().unwrap()
}

fn image() -> Image {
    let platforms: Vec<Platform> = ["linux/amd64", "linux/arm64"].map(|text| text.parse().unwrap()).into();
    fixtures::index(1, &platforms)
}

fn memory() -> Memory {
    Memory::new(prod().host().clone())
}

fn push(memory: &Memory, image: &Image, tag: &str) {
    block_on(fixtures::push(memory, &prod(), image, &tag.parse().unwrap())).unwrap();
}

fn promotion(digest: &Digest) -> Facts {
    let mut facts = Facts::default();
    for to in ["prod", PROD] {
        facts.promoted.push(Promotion::new(digest.clone(), to, at("2026-05-01")));
    }
    facts
}

/// What is found of the image where it was promoted to, with what speaks about it here.
fn asked(source: &dyn Source, root: &Digest, about: &[Digest]) -> Result<Facts, FactsError> {
    let mut facts = promotion(root);
    block_on(verify(&mut facts, |digest| (digest == root).then(|| about.to_vec()), |_| source)).map(|()| facts)
}

fn checks(facts: &Facts, to: &str) -> Vec<Require> {
    facts.promoted.iter().find(|one| one.to == to).unwrap().checks.iter().copied().collect()
}

#[test]
fn what_is_found_where_it_was_promoted_to_is_said_and_nothing_else() {
    let (image, memory) = (image(), memory());
    let root = image.root().digest().clone();
    let signature = fixtures::artifact_for(image.root().descriptor(), SIGNATURE, 2);
    let about = [signature.root().digest().clone()];
    let found = |about: &[Digest]| checks(&asked(&memory, &root, about).unwrap(), PROD);
    assert_eq!(found(&[]), [], "nothing is there");
    push(&memory, &image, "v1");
    assert_eq!(found(&[]), [Require::Digest, Require::Children, Require::Referrers], "nothing speaks about it here");
    assert_eq!(found(&about), [Require::Digest, Require::Children], "its signature did not come along");
    push(&memory, &signature, "signature");
    assert_eq!(found(&about), [Require::Digest, Require::Children, Require::Signature, Require::Referrers]);
    assert_eq!(checks(&asked(&memory, &root, &about).unwrap(), "prod"), [], "an environment cannot be asked");
    // A platform that is gone there.
    block_on(memory.delete_manifest(&prod(), image.manifests[0].digest())).unwrap();
    assert_eq!(found(&about), [Require::Digest, Require::Signature, Require::Referrers]);
}

#[test]
fn a_signature_under_a_tag_of_cosign_is_one() {
    let (image, memory) = (image(), memory());
    let root = image.root().digest().clone();
    push(&memory, &image, "v1");
    let tag = DigestTag::new(&root, DigestTagKind::Signature).to_tag();
    push(&memory, &fixtures::image(3), tag.as_str());
    assert!(checks(&asked(&memory, &root, &[]).unwrap(), PROD).contains(&Require::Signature));
}

#[test]
fn who_does_not_answer_is_an_error_and_nothing_missing() {
    let image = image();
    let root = image.root().digest().clone();
    let memory = memory();
    push(&memory, &image, "v1");
    let calls = {
        let counted = Faulty::new(memory.clone());
        asked(&counted, &root, &[]).unwrap();
        counted.calls()
    };
    assert!(calls >= 5, "{calls}");
    for nth in 0..calls {
        let source = Faulty::new(memory.clone()).fail(nth, Fault::Before(ErrorKind::Unavailable));
        let asked = asked(&source, &root, &[]);
        assert!(matches!(asked, Err(FactsError::Registry { .. })), "{nth}: {asked:?}");
    }
}

#[test]
fn a_rule_that_requires_a_signature_deletes_nothing_before_it_is_there() {
    let policy = policy(&format!(
        "delete: [{{ name: promoted, promoted: {{ to: {PROD}, require: [digest, children, signature], after: 72h }} }}]\n\
         guards: {{ min_survivors: 0 }}"
    ));
    let (image, memory) = (image(), memory());
    let root = image.root().digest().clone();
    let rows = vec![serde_json::json!({"digest": root, "tags": ["sha-1"], "pushed_at": "2026-05-01T00:00:00Z"})];
    let here = snapshot(&[("dev.example/app", rows)]);
    let gone = || {
        let facts = asked(&memory, &root, &[]).unwrap();
        plan(&here, &policy, &facts, at("2026-06-01")).report().delete_tags
    };
    push(&memory, &image, "v1");
    assert_eq!(gone(), [""; 0]);
    push(&memory, &fixtures::artifact_for(image.root().descriptor(), SIGNATURE, 2), "signature");
    assert_eq!(gone(), ["dev.example/app:sha-1"]);
}
