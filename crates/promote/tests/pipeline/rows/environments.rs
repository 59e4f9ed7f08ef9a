//! Environments and registries.

use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, PromoteError, Promoter, ResolveError, Upstream};
use lockage_promote::{Outcome, Route};
use lockage_registry::testing::fixtures;
use lockage_registry::{Memory, Source as _, TagOrDigest};

use crate::world::{COMMIT, World, built, digest, name, pass, tag};

#[tokio::test]
async fn shared_non_production_registries_mount_and_a_dedicated_one_gets_the_bytes() {
    let (shared, own) = (Memory::new("harbor.example".parse().unwrap()), Memory::new("333.example".parse().unwrap()));
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "harbor.example/{env}/{image}"))
        .environment(EnvironmentSpec::new("stage", "harbor.example/{env}/{image}").float("stage"))
        .environment(EnvironmentSpec::new("prod", "333.example/{image}").float("prod"))
        .edge(EdgeSpec::new("dev", "stage"))
        .edge(EdgeSpec::new("stage", "prod"));
    let image = built(COMMIT, 1);
    fixtures::push(&shared, &"harbor.example/dev/app".parse().unwrap(), &image, &tag("pr-42")).await.unwrap();
    let promoter = Promoter::new(graph.build().unwrap(), "tester").writes("prod", own).registry(shared);
    let to_stage = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    assert_eq!(to_stage.copy.route(), Route::Mount);
    assert!(to_stage.copy.steps().iter().all(|step| step.outcome != Outcome::Uploaded), "no byte moved");
    let to_prod = pass(&promoter, "env:stage", "stage-prod").await.unwrap();
    assert_eq!(to_prod.copy.route(), Route::Stream);
    assert_eq!(to_prod.digest, digest(&image));
}

#[tokio::test]
async fn each_side_is_reached_by_what_was_given_for_it_and_a_source_is_never_written() {
    let world = World::new();
    let image = built(COMMIT, 1);
    world.push(&image, &["pr-42"]).await;
    let graph = || World::graph().build().unwrap();
    let promoter =
        Promoter::new(graph(), "tester").reads("dev", world.dev.clone()).writes("stage", world.stage.clone());
    pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    let only_reads =
        Promoter::new(graph(), "tester").reads("dev", world.dev.clone()).reads("stage", world.stage.clone());
    let refused = pass(&only_reads, "pr:42", "dev-stage").await.unwrap_err();
    assert!(matches!(refused, PromoteError::NoRegistry { .. }), "{refused}");
    let by_nothing = Promoter::new(graph(), "tester").writes("stage", world.stage.clone());
    assert!(matches!(pass(&by_nothing, "pr:42", "dev-stage").await, Err(PromoteError::NoRegistry { .. })));
}

#[tokio::test]
async fn one_digest_fans_out_without_a_branch_and_prod_waits_for_all() {
    let world = World::new();
    let image = built(COMMIT, 1);
    let registry = Memory::new("one.example".parse().unwrap());
    let spec = |name: &str| EnvironmentSpec::new(name, "one.example/{env}/{image}").float("{env}");
    let mut graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "one.example/{env}/{image}"))
        .environment(spec("prod").upstream(Upstream::All));
    for between in ["perf", "uat", "pre-prod"] {
        graph =
            graph.environment(spec(between)).edge(EdgeSpec::new("dev", between)).edge(EdgeSpec::new(between, "prod"));
    }
    fixtures::push(&registry, &"one.example/dev/app".parse().unwrap(), &image, &tag("pr-42")).await.unwrap();
    let promoter =
        Promoter::new(graph.build().unwrap(), "tester").registry(registry.clone()).ledger(world.ledger.clone());
    for between in ["perf", "uat"] {
        pass(&promoter, "pr:42", &format!("dev-{between}")).await.unwrap();
    }
    let refused = pass(&promoter, "env:perf", "perf-prod").await.unwrap_err().to_string();
    assert!(refused.contains("has never been in pre-prod"), "{refused}");
    pass(&promoter, "pr:42", "dev-pre-prod").await.unwrap();
    let receipt = pass(&promoter, "env:perf", "perf-prod").await.unwrap();
    assert_eq!(receipt.digest, digest(&image));
    let repo = "one.example/prod/app".parse().unwrap();
    assert_eq!(registry.resolve(&repo, &TagOrDigest::Tag(tag("prod"))).await.unwrap().digest, digest(&image));
}

#[tokio::test]
async fn steps_are_added_in_between_as_data_whatever_they_are_called() {
    let registry = Memory::new("one.example".parse().unwrap());
    let names = ["dev", "qa", "sit", "uat", "pre-prod", "production.eu"];
    let mut graph = Graph::builder();
    for name in names {
        graph = graph.environment(EnvironmentSpec::new(name, "one.example/{env}/{image}").float("{env}"));
    }
    for pair in names.windows(2) {
        graph = graph.edge(EdgeSpec::new(pair[0], pair[1]).named(format!("to-{}", pair[1])));
    }
    let image = built(COMMIT, 1);
    fixtures::push(&registry, &"one.example/dev/app".parse().unwrap(), &image, &tag("pr-42")).await.unwrap();
    let promoter = Promoter::new(graph.build().unwrap(), "tester").registry(registry);
    pass(&promoter, "pr:42", "to-qa").await.unwrap();
    // It is not in sit, where the way to uat begins.
    let skipped = pass(&promoter, "env:qa", "to-uat").await.unwrap_err();
    assert!(matches!(skipped, PromoteError::Resolve(ResolveError::None { .. })), "{skipped}");
    for pair in names.windows(2).skip(1) {
        let receipt = pass(&promoter, &format!("env:{}", pair[0]), &format!("to-{}", pair[1])).await.unwrap();
        assert_eq!((receipt.digest, receipt.environment), (digest(&image), name(pair[1])));
    }
}
