//! Trees: everything attached is in them, claims are called claims, and what a policy says stands beside.

use lockage_registry::testing::fixtures;
use lockage_registry::testing::{Fault, Faulty};
use lockage_registry::{DigestTagKind, ErrorKind, Platform, Source as _, Target as _};
use lockage_signing::format::PredicateType;
use lockage_signing::policy::Limits;
use lockage_signing::tree::{Attached, ClaimedSigner, PartVerdict, Tree, tree};

use super::toy::{Toy, now};
use super::world::*;

const NOTATION: &str = "application/vnd.cncf.notary.signature";

/// An index with a signature in both layouts, an attestation on it, notation's signature on a child, an SBOM under a tag of
/// another child, and an attestation on the attestation.
async fn orchard(toy: &Toy) -> World {
    let world =
        World::of(fixtures::index(1, &[Platform::new("linux", "amd64"), Platform::new("linux", "arm64")])).await;
    let (a, b) = (world.image.manifests[0].descriptor(), world.image.manifests[1].descriptor());
    world.sign_both(toy).await;
    world
        .bundle(&bundle_of(
            envelope(
                &Toy::new(2),
                "application/vnd.in-toto+json",
                statement(&world.digest, PROVENANCE).to_string().as_bytes(),
            ),
            "some hint",
        ))
        .await;
    let jws = blob("application/jose+json", "{}");
    let notation = put_referrer(&world.registry, &world.repo, a, NOTATION, &[jws]).await;
    let sbom = [blob("text/spdx", "SPDXVersion: SPDX-2.3")];
    put_tag(&world.registry, &world.repo, &b.digest, DigestTagKind::Sbom, &sbom).await;
    let note = [blob("text/plain", "seen")];
    put_referrer(&world.registry, &world.repo, notation.descriptor(), "application/vnd.example.note", &note).await;
    world
}

fn all_attached(tree: &Tree) -> Vec<&Attached> {
    fn below<'t>(all: &mut Vec<&'t Attached>, attached: &'t [Attached]) {
        for one in attached {
            all.push(one);
            below(all, &one.attached);
        }
    }
    let mut all = Vec::new();
    below(&mut all, &tree.attached);
    all.extend(tree.children.iter().flat_map(all_attached));
    all
}

#[tokio::test]
async fn everything_attached_is_in_the_tree() {
    let toy = Toy::new(1);
    let world = orchard(&toy).await;
    let tree = tree(&world.registry, &world.repo, &world.digest, &Limits::default()).await.unwrap();
    assert_eq!(tree.children.len(), 2);
    let all = all_attached(&tree);
    let mut kinds: Vec<_> = all.iter().map(|one| one.artifact_type.as_deref().unwrap_or_default()).collect();
    kinds.sort_unstable();
    let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
    let config = "application/vnd.oci.image.config.v1+json";
    assert_eq!(kinds, [NOTATION, bundle, bundle, "application/vnd.example.note", config, config]);
    assert!(all.iter().all(|one| one.problem.is_none()));
    let hints: Vec<_> = all.iter().flat_map(|one| &one.parts).filter_map(|part| part.claimed_signer.clone()).collect();
    assert!(hints.contains(&ClaimedSigner::KeyHint { hint: "some hint".to_owned() }));
    assert!(all.iter().flat_map(|one| &one.parts).all(|part| part.verified.is_none()));

    let text = tree.to_string();
    for line in [
        "├── sha256-",
        "── application/vnd.dev.sigstore.bundle.v0.3+json sha256:",
        "── linux/arm64 sha256:",
        "attestation (bundle ",
        "claims to be signed by key hint some hint",
        "    └── ",
        "text/spdx",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    let json = serde_json::to_value(&tree).unwrap();
    assert_eq!(json["children"][0]["attached"][0]["artifact_type"], NOTATION);
}

#[tokio::test]
async fn a_policy_says_of_each_signature_whether_it_counts() {
    let toy = Toy::new(1);
    let world = orchard(&toy).await;
    let tree = toy.policy().tree(&world.registry, &world.repo, &world.digest, now()).await.unwrap();
    let all = all_attached(&tree);
    let verdicts: Vec<_> = all.iter().flat_map(|one| &one.parts).filter_map(|part| part.verified.as_ref()).collect();
    let verified = verdicts.iter().filter(|one| matches!(one, PartVerdict::Verified { .. })).count();
    assert_eq!((verdicts.len(), verified), (3, 2));
    let text = tree.to_string();
    assert!(text.contains("; verified: key ") && text.contains("; rejected: no key of the policy"), "{text}");
}

#[tokio::test]
async fn what_cannot_be_read_fails_the_tree() {
    let toy = Toy::new(1);
    let world = orchard(&toy).await;
    let calm = Faulty::new(world.registry.clone());
    tree(&calm, &world.repo, &world.digest, &Limits::default()).await.unwrap();
    for nth in 0..calm.calls() {
        let source = Faulty::new(world.registry.clone()).fail(nth, Fault::Before(ErrorKind::Unavailable));
        tree(&source, &world.repo, &world.digest, &Limits::default()).await.unwrap_err();
    }
}

#[tokio::test]
async fn circles_of_tags_and_lists_end() {
    let world = World::new().await;
    let root = world.registry.manifest(&world.repo, &world.digest.clone().into()).await.unwrap();
    let other = world.sig(&[signature(&Toy::new(1), &world.payload())]).await;
    // What is attached has, under its own tag, what it is attached to.
    let at = tag(other.digest(), DigestTagKind::Signature).into();
    world.registry.put_manifest(&world.repo, &root, &at).await.unwrap();
    let at = tag(&world.digest, DigestTagKind::Attestation).into();
    world.registry.put_manifest(&world.repo, &root, &at).await.unwrap();
    let tree = tree(&world.registry, &world.repo, &world.digest, &Limits::default()).await.unwrap();
    let all = all_attached(&tree);
    assert!(all.len() < 10 && all.iter().any(|one| one.problem.is_some()), "{tree}");
}

#[tokio::test]
async fn strangers_cannot_draw_on_a_terminal() {
    let world = World::new().await;
    let kind = "application/vnd.example.note";
    let mut said = statement(&world.digest, "https://evil.example/\u{1b}[2J\n├── trusted");
    said["predicate"] = serde_json::json!({});
    world
        .bundle(&bundle_of(
            envelope(&Toy::new(2), "application/vnd.in-toto+json", said.to_string().as_bytes()),
            "\u{1b}[31m\nforged",
        ))
        .await;
    put_referrer(&world.registry, &world.repo, world.root(), kind, &[blob("text/\u{202e}plain", "x")]).await;
    let tree = tree(&world.registry, &world.repo, &world.digest, &Limits::default()).await.unwrap();
    let text = tree.to_string();
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}') && text.lines().count() == 5, "{text}");
    assert!(PredicateType::cosign_sign().is_signature());
}
