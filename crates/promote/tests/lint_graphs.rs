//! What a graph allows that few people mean, and credentials that can do more than they have to.
#![cfg(feature = "pipeline")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use lockage_promote::pipeline::lint::{can_write, concerns, unused};
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph};
use lockage_promote::{Evidence, Verdict, gate};
use lockage_registry::testing::fixtures;
use lockage_registry::{Memory, Repository};

fn told(graph: &Graph) -> Vec<String> {
    concerns(graph).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn a_graph_says_what_few_people_mean() {
    let passes = |name: &str| gate(name.to_owned(), |_| Ok(Verdict::Pass(Evidence::new("fine"))));
    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("stage", "a.example/{image}").pin("sha-{sha}").float("current"))
        .environment(EnvironmentSpec::new("prod", "a.example/app").float("current"))
        .environment(EnvironmentSpec::new("edge", "edge.example/{image}").pin("sha-{sha}"))
        .edge(EdgeSpec::new("dev", "stage"))
        .edge(EdgeSpec::new("stage", "prod").advisory(passes("scan"), "on trial"))
        .edge(EdgeSpec::new("prod", "edge").gate(passes("soak")))
        .build()
        .unwrap();
    assert_eq!(
        told(&graph),
        [
            "edge stage-prod: nothing has to hold to get into prod: no gate of it blocks",
            "edge stage-prod: scan does not block: on trial",
            "environments stage and prod both move \"current\" of one repository",
            "environment prod: all its tags move, so that nothing there has a name that stays",
        ]
    );
    let left: Vec<_> = unused(&graph, ["scan", "soak", "cat"], ["deploy"]).iter().map(ToString::to_string).collect();
    assert_eq!(left, ["gates.cat: no edge asks it", "steps.deploy: no edge has it"]);
    let quiet = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("prod", "prod.example/{image}").pin("sha-{sha}").float("prod"))
        .edge(EdgeSpec::new("dev", "prod").gate(passes("scan")));
    assert_eq!(told(&quiet.build().unwrap()), [""; 0]);
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_not_made_by_asking() {
    let registry = Memory::new("dev.example".parse().unwrap());
    let (there, not): (Repository, Repository) =
        ("dev.example/app".parse().unwrap(), "dev.example/none".parse().unwrap());
    fixtures::push(&registry, &there, &fixtures::image(1), &"v1".parse().unwrap()).await.unwrap();
    assert!(can_write(&registry, &there, b"asked once").await.unwrap());
    assert!(can_write(&registry, &not, b"asked once").await.unwrap_err().is_not_found());
}
