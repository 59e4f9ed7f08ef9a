//! Evidence with the image: signed, on the image and on each platform, used again only where it is ours, and found again.

use std::time::{Duration, SystemTime};

use lockage_promote::pipeline::evidence::{
    self, EvidenceError, EvidenceSigning, Evident, PromotionProof, SVR, VSA, Word, purl,
};
use lockage_promote::pipeline::memory::Deviation;
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, Override, PassageReceipt, PromoteError, Promoter};
use lockage_promote::{Evidence, RawPredicate, Verdict, gate};
use lockage_registry::testing::{Fault, Faulty, Operation};
use lockage_registry::{
    Descriptor, Digest, ErrorKind, Prune as _, RawManifest, Repository, Source as _, SourceExt as _, TagOrDigest,
    referrers,
};
use serde_json::{Value, json};

use crate::notary::{Notary, Pen, pen};
use crate::world::{COMMIT, World, built, digest, name, now, pass, select};

const US: &str = "https://ci.acme.example/promotions/v1";

pub(crate) fn signing() -> EvidenceSigning {
    EvidenceSigning::new(US, pen("pipeline"), Notary::of(&["pipeline"]))
}

fn stage() -> Repository {
    "stage.example/app".parse().unwrap()
}

fn graph(scan: impl Fn() -> Verdict + Send + Sync + 'static) -> Graph {
    Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("stage", "stage.example/{image}").pin("sha-{sha}").float("stage"))
        .environment(EnvironmentSpec::new("prod", "prod.example/{image}").float("prod"))
        .edge(EdgeSpec::new("dev", "stage").gate(gate("scan", move |_| Ok(scan()))))
        .edge(EdgeSpec::new("stage", "prod"))
        .build()
        .unwrap()
}

fn clean() -> Verdict {
    Verdict::Pass(Evidence::new("no findings"))
}

/// The image of dev, and its platforms.
fn parts() -> Vec<Digest> {
    let image = built(COMMIT, 1);
    vec![digest(&image), image.manifests[0].digest().clone(), image.manifests[2].digest().clone()]
}

async fn world() -> World {
    let world = World::new();
    world.push(&built(COMMIT, 1), &["pr-42"]).await;
    world
}

async fn listed(world: &World, subject: &Digest) -> Vec<Descriptor> {
    world.stage.referrers(&stage(), subject, None).await.unwrap()
}

/// What is signed, by its type.
async fn said(world: &World, subject: &Digest, kind: &str) -> Vec<Value> {
    let mut said = Vec::new();
    for entry in listed(world, subject).await {
        let raw = world.stage.manifest(&stage(), &TagOrDigest::Digest(entry.digest)).await.unwrap();
        let layer = raw.view().unwrap().blobs().last().map(|layer| (*layer).clone()).unwrap();
        let sealed = world.stage.read_blob(&stage(), &layer, 1 << 20).await.unwrap();
        let seal: Value = serde_json::from_slice(&sealed).unwrap();
        let statement: Value = serde_json::from_str(seal["statement"].as_str().unwrap()).unwrap();
        if statement["predicateType"] == kind {
            assert_eq!(entry.annotations["dev.sigstore.bundle.predicateType"], kind);
            said.push(statement);
        }
    }
    said
}

async fn evident(world: &World, subject: &Digest, environment: &str, at: SystemTime) -> Evident {
    let notary = Notary::of(&["pipeline"]);
    evidence::promoted_to(&world.stage, &stage(), subject, &name(environment), &notary, at).await.unwrap()
}

fn written(receipt: &PassageReceipt) -> usize {
    receipt.attached.as_ref().unwrap().statements.iter().filter(|statement| statement.written).count()
}

#[tokio::test]
async fn what_was_verified_is_signed_on_the_image_and_on_each_platform() {
    let world = world().await;
    let report = json!({ "scanner": { "uri": "https://scan.example", "result": [] } });
    let seen = report.clone();
    let arm = parts()[2].clone();
    let about = arm.clone();
    let verdict = move || {
        let all = RawPredicate::new(RawPredicate::VULNS, seen.clone());
        let one = RawPredicate::new(RawPredicate::TEST_RESULT, json!({ "result": "PASSED" })).about(about.clone());
        Verdict::Pass(Evidence::new("no findings").with_predicate(all).with_predicate(one))
    };
    let promoter = world.promoter_of(graph(verdict)).signing(signing().with_vsa(["SLSA_BUILD_LEVEL_3"]));
    let receipt = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    for part in parts() {
        let [svr] = said(&world, &part, SVR).await.try_into().unwrap();
        let mut subjects: Vec<_> =
            svr["subject"].as_array().unwrap().iter().map(|one| one["digest"]["sha256"].clone()).collect();
        subjects.sort_by_key(ToString::to_string);
        let mut all: Vec<_> = parts().iter().map(|one| Value::from(one.hex())).collect();
        all.sort_by_key(ToString::to_string);
        assert_eq!(subjects, all, "one signature for the image and its platforms");
        assert_eq!(svr["subject"][0]["name"], "stage.example/app");
        let policy = promoter.graph().edge(&name("dev-stage")).unwrap().policy().unwrap();
        let properties: Vec<_> =
            ["upstream", "denied", "held", "scan"].map(|gate| format!("LOCKAGE_GATE_PASSED={gate}")).into();
        let SvrOf { id, time, policies, properties: own } = SvrOf::read(&svr["predicate"]);
        assert_eq!((id.as_str(), time.as_str()), (US, "2023-11-14T22:13:20Z"));
        assert_eq!(policies, json!([{ "name": "edge dev-stage", "digest": { "sha256": policy.hex() } }]));
        assert!(properties.iter().all(|one| own.contains(one)), "{own:?}");
        for one in ["LOCKAGE_ENVIRONMENT=stage", "LOCKAGE_EDGE=dev-stage", "LOCKAGE_ALL_GATES_PASSED"] {
            assert!(own.contains(&one.to_owned()), "{own:?}");
        }
        assert!(own.contains(&format!("LOCKAGE_PLAN={}", receipt.plan)));

        let [vulns] = said_once(&world, &part, RawPredicate::VULNS).await;
        assert_eq!(vulns["predicate"], report, "as the gate gave it");
        assert_eq!(said(&world, &part, RawPredicate::TEST_RESULT).await.len(), usize::from(part == arm));
        let [vsa] = said_once(&world, &part, VSA).await;
        assert_eq!(vsa["predicate"]["verificationResult"], "PASSED");
        assert_eq!(vsa["predicate"]["verifiedLevels"], json!(["SLSA_BUILD_LEVEL_3"]));
        assert_eq!(vsa["predicate"]["resourceUri"], purl(&stage(), &receipt.digest));
        assert_eq!(vsa["predicate"]["inputAttestations"].as_array().unwrap().len(), 3);
    }
    assert_eq!(written(&receipt), 3 * 3 + 1);
    let shown = receipt.to_string();
    assert!(shown.contains(&format!("signed  {SVR}  on 3 manifests, 3 of them new")), "{shown}");
    // No report is in the ledger.
    let told = serde_json::to_string(world.chronicle().await.entries()).unwrap();
    assert!(told.contains("no findings") && !told.contains("scan.example"), "{told}");
}

async fn said_once(world: &World, subject: &Digest, kind: &str) -> [Value; 1] {
    said(world, subject, kind).await.try_into().unwrap()
}

struct SvrOf {
    id: String,
    time: String,
    policies: Value,
    properties: Vec<String>,
}

impl SvrOf {
    fn read(predicate: &Value) -> Self {
        Self {
            id: predicate["verifier"]["id"].as_str().unwrap().to_owned(),
            time: predicate["timeCreated"].as_str().unwrap().to_owned(),
            policies: predicate["verifier"]["policies"].clone(),
            properties: serde_json::from_value(predicate["properties"].clone()).unwrap(),
        }
    }
}

#[tokio::test]
async fn without_a_signer_nothing_is_signed_and_the_receipt_says_so() {
    let world = world().await;
    let receipt = pass(&world.promoter(), "pr:42", "dev-stage").await.unwrap();
    assert!(receipt.attached.is_none() && receipt.to_string().contains("nothing is signed"), "{receipt}");
    assert!(listed(&world, &receipt.digest).await.is_empty());
    let Evident::Missing { reasons } = evident(&world, &receipt.digest, "stage", now()).await else { panic!() };
    assert!(reasons.is_empty());
}

#[tokio::test]
async fn what_is_there_is_used_again_only_by_the_same_signer_for_the_same_policy_and_while_it_is_young() {
    let hour = Duration::from_secs(3600);
    let world = world().await;
    let run = |signing: EvidenceSigning, graph: Graph, at: SystemTime| {
        let promoter = world.promoter_of(graph).signing(signing);
        async move {
            let edge = name("dev-stage");
            let app = promoter.resolve(&name("app"), &select("pr:42"), &edge).await.unwrap();
            let plan = promoter.plan(&app, &edge).await.unwrap();
            let cleared = promoter.clear(plan, at).await.unwrap();
            written(&promoter.apply(cleared, at).await.unwrap())
        }
    };
    assert_eq!(run(signing(), graph(clean), now()).await, 3);
    assert_eq!(run(signing(), graph(clean), now() + hour).await, 0, "it is there");
    assert_eq!(run(signing().max_age(hour), graph(clean), now() + hour).await, 0, "young enough");
    assert_eq!(run(signing().max_age(hour), graph(clean), now() + 2 * hour).await, 3, "too old");
    let other = EvidenceSigning::new(US, pen("successor"), Notary::of(&["successor"]));
    assert_eq!(run(other, graph(clean), now() + 2 * hour).await, 3, "signed by another");
    let renamed = EvidenceSigning::new("https://other.example", pen("pipeline"), Notary::of(&["pipeline"]));
    assert_eq!(run(renamed, graph(clean), now() + 2 * hour).await, 3, "by another verifier");
    let stricter = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("stage", "stage.example/{image}").pin("sha-{sha}").float("stage"))
        .edge(EdgeSpec::new("dev", "stage").gate(gate("scan", |_| Ok(clean()))).gate(gate("more", |_| Ok(clean()))))
        .build()
        .unwrap();
    assert_eq!(run(signing(), stricter, now() + 2 * hour).await, 3, "another policy");
    // All that is there is told apart.
    let found = evidence::find(&world.stage, &stage(), &parts()[1], &Notary::of(&["pipeline"]), now() + 2 * hour)
        .await
        .unwrap();
    let good = found.iter().filter(|found| matches!(found.word, Word::Good(..))).count();
    assert_eq!((found.len(), good), (5, 4), "that of the successor is nobody's whom this verifier knows");
}

#[tokio::test]
async fn what_a_platform_lost_is_attached_again_without_another_signature() {
    use lockage_registry::Prune as _;
    let world = world().await;
    let promoter = world.promoter().signing(signing());
    pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    let [before] = said_once(&world, &parts()[0], SVR).await;
    let gone = listed(&world, &parts()[2]).await.remove(0);
    world.stage.delete_manifest(&stage(), &gone.digest).await.unwrap();
    let again = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    assert_eq!(written(&again), 1);
    assert_eq!(said_once(&world, &parts()[2], SVR).await, [before]);
}

#[tokio::test]
async fn a_strangers_statement_keeps_nobody_from_signing_and_a_copy_from_elsewhere_says_nothing_here() {
    let world = world().await;
    let mallory = EvidenceSigning::new(US, pen("mallory"), Notary::of(&["mallory"]));
    pass(&world.promoter().signing(mallory), "pr:42", "dev-stage").await.unwrap();
    let forged = Pen { by: "pipeline".into(), secret: "guessed".into() };
    let forged = EvidenceSigning::new(US, forged, Notary::default());
    pass(&world.promoter().signing(forged), "pr:42", "dev-stage").await.unwrap();
    let image = parts()[0].clone();
    let Evident::Missing { reasons } = evident(&world, &image, "stage", now()).await else { panic!() };
    let reasons = reasons.join("; ");
    assert!(reasons.contains("nobody known has signed it") && reasons.contains("a forged signature"), "{reasons}");
    let receipt = pass(&world.promoter().signing(signing()), "pr:42", "dev-stage").await.unwrap();
    assert_eq!(written(&receipt), 3);
    assert!(matches!(evident(&world, &image, "stage", now()).await, Evident::Promoted(_)));
    assert!(matches!(evident(&world, &image, "prod", now()).await, Evident::Missing { .. }), "to stage, not to prod");

    // On to prod: what is attached goes along, and says nothing of prod, neither there nor of there.
    let promoter = world.promoter();
    pass(&promoter, "env:stage", "stage-prod").await.unwrap();
    let prod: Repository = "prod.example/app".parse().unwrap();
    for environment in ["stage", "prod"] {
        let notary = Notary::of(&["pipeline"]);
        let word = evidence::promoted_to(&world.prod, &prod, &image, &name(environment), &notary, now()).await.unwrap();
        assert!(matches!(word, Evident::Missing { .. }), "{environment}: {word}");
    }
    // Attached to another image, it is about that one no more.
    let other = built("91c0d1e0c1f5b3a4d6e7f8091a2b3c4d5e6f7081", 2);
    lockage_registry::testing::fixtures::push(&world.stage, &stage(), &other, &"x".parse().unwrap()).await.unwrap();
    for entry in listed(&world, &image).await {
        let raw = world.stage.manifest(&stage(), &TagOrDigest::Digest(entry.digest)).await.unwrap();
        let mut document: Value = serde_json::from_slice(raw.bytes()).unwrap();
        document["subject"]["digest"] = digest(&other).to_string().into();
        document["subject"]["size"] = other.root().bytes().len().into();
        let moved = RawManifest::new(raw.media_type(), document.to_string().into()).unwrap();
        referrers::attach(&world.stage, &stage(), &moved).await.unwrap();
    }
    assert!(matches!(evident(&world, &digest(&other), "stage", now()).await, Evident::Missing { .. }));
}

/// What runs in a cluster is a platform's, and so is the evidence that an admission controller asks for.
#[tokio::test]
async fn evidence_of_a_platform_that_is_gone_is_drift() {
    let world = world().await;
    let promoter = world.promoter();
    pass(&promoter.clone().signing(signing()), "pr:42", "dev-stage").await.unwrap();
    let proof = PromotionProof::new(Notary::of(&["pipeline"]));
    let drift = async || promoter.drift(&name("stage"), Some(&proof), now()).await.unwrap();
    assert!(drift().await.is_none());
    let platform = parts()[1].clone();
    for entry in listed(&world, &platform).await {
        world.stage.delete_manifest(&stage(), &entry.digest).await.unwrap();
    }
    let found = drift().await;
    let [Deviation::EvidenceMissing { what, by, plan: Some(_) }] = found.images[0].deviations.as_slice() else {
        panic!("{found}")
    };
    assert!(what.contains(&format!("on the platform {}", platform.short())) && by == "tester", "{found}");
}

#[tokio::test]
async fn evidence_ends_and_says_what_was_passed_by() {
    let world = world().await;
    let day = Duration::from_secs(86_400);
    let promoter = world.promoter_of(graph(|| Verdict::fail("1 critical")));
    let promoter = promoter.signing(signing().valid_for(day).with_vsa(["SLSA_BUILD_LEVEL_3"]));
    let edge = name("dev-stage");
    let app = promoter.resolve(&name("app"), &select("pr:42"), &edge).await.unwrap();
    let plan = promoter.plan(&app, &edge).await.unwrap();
    let by = Override::because("it burns").gate("scan");
    let cleared = promoter.clear_with_override(plan, &by, now()).await.unwrap();
    promoter.apply(cleared, now()).await.unwrap();
    let Evident::Promoted(found) = evident(&world, &parts()[1], "stage", now() + day / 2).await else { panic!() };
    assert_eq!(found.summary.overridden().collect::<Vec<_>>(), ["scan"]);
    assert_eq!((found.by.identity.as_str(), found.summary.expires), ("pipeline", Some(now() + day)));
    let [vsa] = said_once(&world, &parts()[1], VSA).await;
    assert_eq!(vsa["predicate"]["verificationResult"], "FAILED", "the policy was not met");
    assert_eq!(vsa["predicate"]["verifiedLevels"], json!([]));
    assert!(matches!(evident(&world, &parts()[1], "stage", now() + day).await, Evident::Expired(_)));
    assert!(
        matches!(evident(&world, &parts()[1], "stage", now() - day).await, Evident::Missing { .. }),
        "from the future"
    );
}

#[tokio::test]
async fn a_list_of_referrers_that_cannot_be_read_is_not_an_empty_one() {
    let world = world().await;
    let faulty = Faulty::new(world.stage.clone())
        .script(|_, call| (call.operation == Operation::Referrers).then_some(Fault::Before(ErrorKind::Unavailable)));
    let broken = Promoter::new(World::graph().build().unwrap(), "tester")
        .writes("stage", faulty.clone())
        .reads("dev", world.dev.clone())
        .without_attachments()
        .ledger(world.ledger.clone())
        .signing(signing())
        .registry(world.prod.clone());
    match pass(&broken, "pr:42", "dev-stage").await {
        Err(PromoteError::Evidence(EvidenceError::Registry(error))) => assert_eq!(error.kind(), ErrorKind::Unavailable),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.held("stage", "stage").await, None);
    assert!(world.chronicle().await.entries().is_empty());
    let found =
        evidence::promoted_to(&faulty, &stage(), &parts()[0], &name("stage"), &Notary::of(&["pipeline"]), now()).await;
    assert!(found.is_err());

    // And who cannot tell is no "nobody".
    pass(&world.promoter().signing(signing()), "pr:42", "dev-stage").await.unwrap();
    let blind = Notary { is_blind: true, ..Notary::of(&["pipeline"]) };
    let found = evidence::promoted_to(&world.stage, &stage(), &parts()[0], &name("stage"), &blind, now()).await;
    assert!(matches!(found, Err(EvidenceError::Verifier(_))));
    let blind = EvidenceSigning::new(US, pen("pipeline"), blind);
    let outcome = pass(&world.promoter().signing(blind), "pr:42", "dev-stage").await;
    assert!(matches!(outcome, Err(PromoteError::Evidence(EvidenceError::Verifier(_)))));
}

#[tokio::test]
async fn a_predicate_about_something_else_is_refused_before_anything_is_signed() {
    let world = world().await;
    let stranger = digest(&built(COMMIT, 7));
    let about = stranger.clone();
    let verdict = move || {
        let raw = RawPredicate::new(RawPredicate::VULNS, json!({})).about(about.clone());
        Verdict::Pass(Evidence::new("fine").with_predicate(raw))
    };
    match pass(&world.promoter_of(graph(verdict)).signing(signing()), "pr:42", "dev-stage").await {
        Err(PromoteError::Evidence(EvidenceError::Stranger { subject, .. })) => assert_eq!(subject, stranger),
        other => panic!("{other:?}"),
    }
    assert!(listed(&world, &parts()[0]).await.is_empty());
}

#[test]
fn the_policy_of_an_edge_is_the_same_until_what_its_gates_decide_by_changes() {
    #[derive(Debug)]
    struct Limit(u64);
    #[async_trait::async_trait]
    impl lockage_promote::Gate for Limit {
        fn id(&self) -> &str {
            "limit"
        }
        async fn evaluate(&self, _: &lockage_promote::GateContext<'_>) -> Result<Verdict, lockage_promote::GateError> {
            Ok(clean())
        }
        fn policy(&self) -> Value {
            json!(self.0)
        }
    }
    let of = |edge: EdgeSpec| {
        let graph = Graph::builder()
            .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
            .environment(EnvironmentSpec::new("stage", "stage.example/{image}"))
            .edge(edge)
            .build()
            .unwrap();
        graph.edge(&name("dev-stage")).unwrap().policy().unwrap()
    };
    let edge = || EdgeSpec::new("dev", "stage");
    let all = [
        of(edge()),
        of(edge().gate(Limit(1))),
        of(edge().gate(Limit(2))),
        of(edge().advisory(Limit(1), "later")),
        of(edge().gate(Limit(1)).gate(gate("other", |_| Ok(clean())))),
    ];
    assert_eq!(all[1], of(edge().gate(Limit(1))));
    for (n, one) in all.iter().enumerate() {
        assert!(!all[..n].contains(one), "{n}");
    }
}
