//! Many signers at once, each a process with a key of its own, beside what cosign and notation have signed: nothing is lost,
//! on docker-registry, which has no referrers API, and on `lockage serve`, which has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::print_stdout, reason = "what was measured is shown")]

mod real;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime};

use lockage_registry::client::Client;
use lockage_registry::testing::fixtures;
use lockage_registry::{
    Body, Content, Digest, DigestTag, DigestTagKind, Repository, Source, TagOrDigest, TargetExt, referrers,
};
use lockage_signing::key::{KeyPair, VerifyingKey};
use lockage_signing::sign::Signing;
use lockage_signing::verify::Outcome;
use lockage_signing::{Policy, Verifier};
use real::signers::{Cosign2, Cosign3, Notation, Signer, Who};
use real::{DockerRegistry, Serving};

const SIGNERS: usize = 32;
/// In the environment of a process that is one of the signers: the repository, the digest, and where its key goes.
const SIGNER: &str = "LOCKAGE_TEST_SIGNER";

/// How often everything is done: once always, 20 times where it is asked for.
fn runs() -> usize {
    std::env::var("LOCKAGE_TEST_RUNS").map_or(1, |runs| runs.parse().unwrap())
}

fn client() -> Client {
    Client::builder().build().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs docker-registry, cosign and notation: scripts/interop"]
async fn thirty_two_signers_lose_nothing_without_the_referrers_api() {
    let registry = DockerRegistry::start();
    signed_by_all(registry.host()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs cosign and notation: scripts/interop"]
async fn thirty_two_signers_lose_nothing_with_the_referrers_api() {
    let registry = Serving::start(None);
    signed_by_all(registry.host()).await;
}

/// What is attached to an image: what refers to it, and the layers under the tag `.sig`.
async fn attached(repo: &Repository, subject: &Digest) -> (BTreeSet<Digest>, Vec<String>) {
    let listed = client().referrers(repo, subject, None).await.unwrap();
    let tag = DigestTag::new(subject, DigestTagKind::Signature).to_tag();
    let held = client().manifest(repo, &TagOrDigest::Tag(tag)).await.unwrap();
    let Content::Image { layers, .. } = held.view().unwrap().content else { panic!("no layers") };
    let layers = layers.into_iter().map(|layer| format!("{} {:?}", layer.digest, layer.annotations)).collect();
    (listed.into_iter().map(|entry| entry.digest).collect(), layers)
}

async fn signed_by_all(host: &str) {
    for run in 0..runs() {
        let directory = tempfile::tempdir().unwrap();
        let within = |name: &str| {
            let path = directory.path().join(name);
            std::fs::create_dir(&path).unwrap();
            path
        };
        let repo: Repository = format!("{host}/run{run}").parse().unwrap();
        let image = fixtures::image(1);
        fixtures::push(&client(), &repo, &image, &"v1".parse().unwrap()).await.unwrap();
        let subject = image.root().digest();

        // What is there before: signatures of three other tools, and something that nobody knows.
        let name = format!("{repo}@{subject}");
        let notation = Notation::new(&within("notation"));
        let (old, new) = (Cosign2::new(&within("cosign2")), Cosign3::new(&within("cosign3")));
        notation.sign(Who::Developer, &name, &[]);
        old.sign(Who::Developer, &name, &[]);
        new.sign(Who::Developer, &name, &[]);
        let unknown = fixtures::artifact_for(image.root().descriptor(), "application/vnd.example.unknown", 5);
        for (blob, bytes) in &unknown.blobs {
            client().put_blob(&repo, blob, Body::bytes(bytes.clone())).await.unwrap();
        }
        referrers::attach(&client(), &repo, unknown.root()).await.unwrap();
        let (listed_before, layers_before) = attached(&repo, subject).await;
        assert_eq!((listed_before.len(), layers_before.len()), (3, 1));

        let keys = within("keys");
        let started = Instant::now();
        let signers: Vec<_> = (0..SIGNERS).map(|n| start(&repo, subject, &keys.join(n.to_string()))).collect();
        for mut signer in signers {
            let status = tokio::task::spawn_blocking(move || signer.wait().unwrap()).await.unwrap();
            assert!(status.success(), "run {run}");
        }
        println!("run {run}: {SIGNERS} signers after {:?}", started.elapsed());

        let (listed, layers) = attached(&repo, subject).await;
        assert!(listed.is_superset(&listed_before), "run {run}");
        assert!(layers_before.iter().all(|layer| layers.contains(layer)), "run {run}");
        assert_eq!((listed.len(), layers.len()), (3 + SIGNERS, 1 + SIGNERS), "run {run}");
        assert_eq!(layers.iter().collect::<BTreeSet<_>>().len(), layers.len(), "run {run}");
        let mut policy = Policy::builder().threshold(SIGNERS);
        for n in 0..SIGNERS {
            let pem = std::fs::read_to_string(keys.join(n.to_string())).unwrap();
            policy = policy.key(VerifyingKey::from_pem(pem).unwrap());
        }
        let outcome = policy.build().unwrap().verify(&client(), &repo, subject, SystemTime::now()).await;
        assert!(matches!(outcome, Outcome::Verified(_)), "run {run}: {outcome:?}");
        notation.verifies(Who::Developer, &name).unwrap();
        old.verifies(Who::Developer, &name).unwrap();
        new.verifies(Who::Developer, &name).unwrap();
    }
}

fn start(repo: &Repository, subject: &Digest, key: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_signer_among_others", "--ignored", "--nocapture"])
        .env(SIGNER, format!("{repo} {subject} {}", key.display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// The process that is started so often; alone, it has nothing to do.
#[tokio::test]
#[ignore = "is started by the tests beside it"]
async fn a_signer_among_others() {
    let Ok(told) = std::env::var(SIGNER) else { return };
    let [repo, subject, file] = <[&str; 3]>::try_from(told.splitn(3, ' ').collect::<Vec<_>>()).unwrap();
    let key = KeyPair::generate().unwrap();
    std::fs::write(file, key.public_key().to_pem()).unwrap();
    let signing = Signing::with(&key).claim("env", "prod");
    let signed =
        signing.sign(&client(), &repo.parse().unwrap(), &subject.parse().unwrap(), SystemTime::now()).await.unwrap();
    assert_eq!(signed.marks.len(), 2);
}
