//! Which edges are for what set a build off.

use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, GraphError, Occasion, Trigger};
use lockage_tagging::{BuildFacts, Event};

fn on(branch: &str, event: Event) -> BuildFacts {
    let mut build = BuildFacts::branch(branch);
    build.event = Some(event);
    build
}

fn merged(branch: &str) -> BuildFacts {
    let mut build = on(branch, Event::PullRequest);
    build.merged_pull_request = Some(42);
    build
}

fn pull_request(into: Option<&str>) -> BuildFacts {
    let mut build = BuildFacts::pull_request(42);
    build.base_branch = into.map(str::to_owned);
    build
}

/// As documents have it.
fn trigger(word: &str, pattern: &str) -> Trigger {
    serde_json::from_value(serde_json::json!({ word: pattern })).unwrap()
}

#[test]
fn a_trigger_is_for_its_event_on_its_branches_and_what_is_not_said_is_not_guessed() {
    let pushed = |branch: &str| on(branch, Event::Push);
    for (word, pattern, build, fits) in [
        ("push", "main", pushed("main"), Some(true)),
        ("push", "main", pushed("maintenance"), Some(false)),
        ("push", "main", merged("main"), Some(false)),
        ("push", "main", on("main", Event::Schedule), Some(false)),
        ("push", "main", BuildFacts::branch("main"), None),
        ("push", "main", BuildFacts::branch("develop"), Some(false)),
        ("push", "main", BuildFacts::tag("main"), Some(false)),
        ("push", "release/*", pushed("release/v1.2.0"), Some(true)),
        ("push", "release/*", pushed("release/a/b"), Some(false)),
        ("push", "[ms]*", pushed("support"), Some(true)),
        ("tag", "v*", BuildFacts::tag("v1.2.0"), Some(true)),
        ("tag", "v*", BuildFacts::tag("nightly"), Some(false)),
        ("tag", "v*", pushed("v1"), Some(false)),
        ("pull-request", "main", pull_request(Some("main")), Some(true)),
        ("pull-request", "main", pull_request(Some("develop")), Some(false)),
        ("pull-request", "main", pull_request(None), None),
        ("pull-request", "main", merged("main"), Some(false)),
        ("merged", "main", merged("main"), Some(true)),
        ("merged", "main", merged("develop"), Some(false)),
        ("merged", "main", pushed("main"), Some(false)),
        ("merged", "main", BuildFacts::branch("main"), None),
        ("merged", "main", pull_request(Some("main")), Some(false)),
        ("schedule", "main", on("main", Event::Schedule), Some(true)),
        ("schedule", "main", pushed("main"), Some(false)),
        ("schedule", "main", BuildFacts::branch("main"), None),
        ("manual", "*", on("main", Event::Manual), Some(true)),
        ("manual", "*", BuildFacts::branch("main"), None),
        ("branch", "main", BuildFacts::branch("main"), Some(true)),
        ("branch", "main", on("main", Event::Other("api".to_owned())), Some(true)),
        ("branch", "main", merged("main"), Some(true)),
        ("branch", "main", pull_request(Some("main")), Some(false)),
        ("branch", "main", BuildFacts::tag("main"), Some(false)),
    ] {
        let (trigger, occasion) = (trigger(word, pattern), Occasion::from(&build));
        assert_eq!(trigger.fits(&occasion), fits, "{trigger} on {occasion}");
    }
}

fn graph() -> Graph {
    // The way to prod is written first, and comes last.
    let edge = |from: &str, to: &str, triggers: &[(&str, &str)]| {
        triggers.iter().fold(EdgeSpec::new(from, to), |edge, (word, pattern)| edge.on(trigger(word, pattern)))
    };
    let names = ["prod", "uat", "perf", "stage", "dev"];
    let environment = |name: &&str| EnvironmentSpec::new(*name, format!("{name}.example/{{image}}"));
    let graph = names.iter().map(environment).fold(Graph::builder(), |graph, one| graph.environment(one));
    let graph = graph
        .edge(edge("uat", "prod", &[("push", "main"), ("tag", "v*")]))
        .edge(edge("stage", "uat", &[("push", "release/*"), ("push", "main")]))
        .edge(edge("stage", "perf", &[("push", "release/*"), ("branch", "main")]))
        .edge(edge("dev", "stage", &[("push", "develop"), ("push", "main")]))
        .edge(edge("dev", "prod", &[("push", "hotfix/*")]).hotfix("hotfix"));
    graph.build().unwrap()
}

fn names(graph: &Graph, build: &BuildFacts) -> Result<Vec<String>, GraphError> {
    let edges = graph.edges_on(&Occasion::from(build))?;
    Ok(edges.into_iter().map(|edge| edge.name().to_string()).collect())
}

#[test]
fn branches_lead_along_their_edges_upstream_first_and_not_every_environment_has_one() {
    let graph = graph();
    for (build, expected) in [
        (on("develop", Event::Push), &["dev-stage"][..]),
        (on("release/v1.2.0", Event::Push), &["stage-uat", "stage-perf"]),
        (on("hotfix/login", Event::Push), &["hotfix"]),
        (BuildFacts::tag("v1.2.0"), &["uat-prod"]),
        (on("main", Event::Push), &["dev-stage", "stage-uat", "uat-prod", "stage-perf"]),
        (on("main", Event::Schedule), &["stage-perf"]),
        (on("feature/x", Event::Push), &[]),
        // Of a branch that no edge is for, nobody has to say what set it off.
        (BuildFacts::branch("feature/x"), &[]),
    ] {
        assert_eq!(names(&graph, &build).unwrap(), expected, "{build:?}");
    }
}

#[test]
fn an_edge_that_may_be_meant_is_neither_taken_nor_left_out() {
    let error = names(&graph(), &BuildFacts::branch("main")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "edge dev-stage is for push = \"main\", and nobody says whether a build of main is that"
    );
    assert!(error.remedy().contains("branch"), "{}", error.remedy());
}

#[test]
fn occasions_are_told_in_words() {
    for (build, words) in [
        (on("main", Event::Push), "a push to main"),
        (on("main", Event::Schedule), "a schedule on main"),
        (on("main", Event::Manual), "a run by hand on main"),
        (on("main", Event::Other("api".to_owned())), "api on main"),
        (BuildFacts::branch("main"), "a build of main"),
        (BuildFacts::tag("v1.2.0"), "the tag v1.2.0"),
        (merged("main"), "pull request 42 merged into main"),
        (pull_request(Some("main")), "pull request 42 into main"),
        (pull_request(None), "pull request 42"),
    ] {
        assert_eq!(Occasion::from(&build).to_string(), words);
    }
}
