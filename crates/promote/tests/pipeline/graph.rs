//! Graphs: what fits together, and what is refused, with the place.

use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, GraphError, Name, Upstream};
use lockage_promote::{Evidence, Verdict, gate};
use proptest::prelude::*;

fn environment(name: &str) -> EnvironmentSpec {
    EnvironmentSpec::new(name, format!("{name}.example/{{image}}")).pin("sha-{sha}").float("{env}")
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn refused(graph: lockage_promote::pipeline::graph::GraphBuilder) -> String {
    let error = graph.build().unwrap_err();
    assert!(!error.remedy().is_empty());
    error.to_string()
}

#[test]
fn environments_form_chains_fan_outs_fan_ins_and_hotfixes() {
    let graph = Graph::builder()
        .environment(environment("prod").upstream(Upstream::All))
        .environment(environment("qa"))
        .environment(environment("perf"))
        .environment(environment("dev"))
        .edge(EdgeSpec::new("dev", "qa"))
        .edge(EdgeSpec::new("dev", "perf"))
        .edge(EdgeSpec::new("qa", "prod"))
        .edge(EdgeSpec::new("perf", "prod"))
        .edge(EdgeSpec::new("dev", "prod").hotfix("hotfix"))
        .build()
        .unwrap();
    let order: Vec<_> = graph.environments().map(|environment| environment.name().as_str()).collect();
    assert_eq!(order, ["dev", "qa", "perf", "prod"], "upstream first, else as they were given");
    let into: Vec<_> = graph.leading_into(&name("prod")).map(|edge| edge.name().to_string()).collect();
    assert_eq!(into, ["qa-prod", "perf-prod", "hotfix"]);
    assert!(graph.is_source(&name("dev")) && !graph.is_source(&name("qa")));
    assert_eq!(graph.downstream(&name("qa")), [&name("prod")]);
    assert_eq!(graph.downstream(&name("dev")).len(), 3);
    assert!(graph.edge(&name("hotfix")).unwrap().is_hotfix());
}

#[test]
fn repositories_follow_their_templates() {
    for (template, expected) in [
        ("111.dkr.ecr.eu-west-1.amazonaws.com/{image}", "111.dkr.ecr.eu-west-1.amazonaws.com/payment-svc"),
        ("harbor.example/{env}/{image}", "harbor.example/prod/payment-svc"),
        ("docker.io/acme/{env}-{image}", "docker.io/acme/prod-payment-svc"),
        ("ghcr.io/{org}/{image}", "ghcr.io/acme/payment-svc"),
        ("registry.example/app", "registry.example/app"),
    ] {
        let graph = Graph::builder().environment(EnvironmentSpec::new("prod", template)).variable("org", "acme");
        let repository = graph.build().unwrap().repository(&name("payment-svc"), &name("prod")).unwrap();
        assert_eq!(repository.to_string(), expected, "{template}");
    }
}

#[test]
fn a_bad_graph_is_refused_with_its_place() {
    let two = || Graph::builder().environment(environment("dev")).environment(environment("prod"));
    let pass = |id: &'static str| gate(id, |_| Ok(Verdict::Pass(Evidence::new("yes"))));
    for (graph, words) in [
        (two().edge(EdgeSpec::new("dev", "pord")), "edge dev-pord: there is no environment pord"),
        (two().edge(EdgeSpec::new("dev", "dev")), "the edges dev-dev lead in a circle"),
        (
            two().edge(EdgeSpec::new("dev", "prod")).edge(EdgeSpec::new("prod", "dev")),
            "the edges dev-prod, prod-dev lead in a circle",
        ),
        (two().environment(environment("dev")), "there are two environments called dev"),
        (two().edge(EdgeSpec::new("dev", "prod").gate_named("scan")), r#"edge dev-prod: there is no gate "scan""#),
        (two().gate(pass("scan")).gate(pass("scan")), "there are two gates called scan"),
        (
            two().gate(pass("scan")).edge(EdgeSpec::new("dev", "prod").gate_named("scan").gate(pass("scan"))),
            r#"edge dev-prod: the gate "scan" is there twice"#,
        ),
        (
            two().edge(EdgeSpec::new("dev", "prod").advisory(pass("scan"), " ")),
            r#"edge dev-prod: the gate "scan" is advisory, and nobody says why"#,
        ),
        (
            two().edge(EdgeSpec::new("dev", "prod")).edge(EdgeSpec::new("dev", "prod").named("second")),
            "dev-prod and second lead from the same environment to the same",
        ),
        (
            Graph::builder().environment(EnvironmentSpec::new("dev", "{account}.example/{image}")),
            r#"environment dev: the template "{account}.example/{image}" has the variable {account}, which is given nowhere"#,
        ),
        (
            Graph::builder().environment(EnvironmentSpec::new("dev", "dev.example/{image")),
            r#"environment "dev": the template "dev.example/{image" has a brace without its other"#,
        ),
        (Graph::builder().environment(environment("dev").pin("{shaa}")), r#"environment "dev": the tag "{shaa}": "#),
        (Graph::builder().environment(environment("dev").platform("linux")), r#"environment "dev": "#),
        (
            Graph::builder().environment(EnvironmentSpec::new("Dev", "dev.example/a")),
            r#"environment "Dev": "Dev" is no name"#,
        ),
        (
            two().edge(EdgeSpec::new("dev", "prod").gate(pass("upstream"))),
            r#"edge dev-prod: the gate "upstream" has the name of one that every edge asks by itself"#,
        ),
        (
            two().edge(EdgeSpec::new("dev", "prod").advisory(pass("been-here"), "why not")),
            r#"edge dev-prod: the gate "been-here" has the name of one"#,
        ),
        (
            Graph::builder()
                .environment(EnvironmentSpec::new("stage", "one.example/{image}").float("latest"))
                .environment(EnvironmentSpec::new("prod", "one.example/{image}").float("latest")),
            r#"the environments stage and prod both move "latest" of one.example/{image}"#,
        ),
    ] {
        let said = refused(graph);
        assert!(said.starts_with(words), "{said}\n{words}");
    }
}

#[test]
fn one_repository_serves_environments_that_are_tags() {
    let spec = |name: &str| EnvironmentSpec::new(name, "one.example/{image}").pin("sha-{sha}").float("{env}");
    let graph =
        Graph::builder().environment(spec("stage")).environment(spec("prod")).edge(EdgeSpec::new("stage", "prod"));
    assert!(graph.build().is_ok());
}

#[test]
fn a_template_that_no_image_makes_good_is_refused_when_the_graph_is_built() {
    for (template, host) in [("{host}/{image}", "not a host"), ("one.example/Acme/{image}", "")] {
        let environment = EnvironmentSpec::new("dev", template);
        let error = Graph::builder().environment(environment).variable("host", host).build().unwrap_err();
        assert!(matches!(error, GraphError::Template { .. }), "{error}");
        assert!(error.to_string().starts_with("environment dev: the template"), "{error}");
    }
    // Where the image makes the host, none is tried.
    let graph = Graph::builder().environment(EnvironmentSpec::new("dev", "{image}")).build().unwrap();
    assert!(graph.repository(&name("dev.example/app"), &name("dev")).is_ok());
}

proptest! {
    /// A graph whose edges lead from lower to higher numbers is sorted so; one edge back makes a circle, which is named.
    #[test]
    fn the_order_is_that_of_the_edges_and_a_circle_is_found(
        pairs in prop::collection::btree_set((0usize..8, 0usize..8), 0..16),
        back in prop::option::of(any::<prop::sample::Index>()),
        shuffled in Just((0usize..8).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let forwards: Vec<_> = pairs.into_iter().filter(|(a, b)| a < b).collect();
        let back = back.filter(|_| !forwards.is_empty()).map(|index| forwards[index.index(forwards.len())]);
        let mut graph = Graph::builder();
        for n in &shuffled {
            graph = graph.environment(environment(&format!("e{n}")));
        }
        for (a, b) in &forwards {
            graph = graph.edge(EdgeSpec::new(format!("e{a}"), format!("e{b}")));
        }
        if let Some((a, b)) = back {
            graph = graph.edge(EdgeSpec::new(format!("e{b}"), format!("e{a}")));
        }
        match (graph.build(), back) {
            (Ok(graph), None) => {
                let order: Vec<_> = graph.environments().map(|e| e.name().clone()).collect();
                let at = |n: &usize| order.iter().position(|name| name.as_str() == format!("e{n}")).unwrap();
                for (a, b) in &forwards {
                    prop_assert!(at(a) < at(b));
                }
            }
            (Err(GraphError::Cycle { edges }), Some(_)) => {
                prop_assert!(edges.len() >= 2);
                // Every edge of a circle begins where another ends.
                let ends: Vec<_> = edges.iter().map(|e| e.as_str().split_once('-').unwrap()).collect();
                for (from, _) in &ends {
                    prop_assert!(ends.iter().any(|(_, to)| to == from), "{edges:?}");
                }
            }
            (built, back) => prop_assert!(false, "{built:?} {back:?}"),
        }
    }
}
