//! Hosts that say whose they are, what they need, and what cannot be planned together.

use crate::place::Place;

fn refused(place: &Place, arguments: &[&str]) -> String {
    let output = place.run(&[&["plan", "--policy", "policy.yaml"], arguments].concat());
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_hosted_registry_says_what_it_needs() {
    for (repository, words) in [
        ("ghcr.io/acme/app", "GITHUB_TOKEN"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", "AWS_ACCESS_KEY_ID"),
        ("registry.gitlab.com/acme/app", "GITLAB_TOKEN"),
    ] {
        let said = refused(&Place::new(""), &[repository]);
        assert!(said.contains(words), "{repository}: {said}");
    }
    let said = refused(&Place::new("gitlab"), &["registry.example/acme/app"]);
    assert!(said.contains("CI_API_V4_URL"), "{said}");
    let said = refused(&Place::new("harbor"), &["r.example/a/b", "--provider-api", "https://r.example/harbor"]);
    assert!(said.contains("write no path"), "{said}");
    let said = refused(&Place::new("ecr"), &["registry.example/acme/app"]);
    assert!(said.contains("it is not the name of a private registry at Amazon ECR"), "{said}");
}

#[test]
fn whoever_wants_the_clouds_credentials_is_told_what_is_missing() {
    let arguments = ["registry.example/acme/app", "--cloud-credentials"];
    let said = refused(&Place::new(""), &arguments);
    assert!(said.contains("the environment names none") && said.contains("AWS_ROLE_ARN"), "{said}");
    let role = Place::new("").with("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/promoter");
    assert!(refused(&role, &arguments).contains("AWS_REGION"));
    let job = role.with("AWS_REGION", "eu-west-1").with("GITHUB_ACTIONS", "true");
    let said = refused(&job, &arguments);
    assert!(said.contains("id-token: write"), "{said}");
}

#[test]
fn registries_of_different_kinds_are_planned_one_at_a_time() {
    let said = refused(&Place::new(""), &["ghcr.io/acme/app", "docker.io/acme/app"]);
    assert!(said.contains("docker.io is docker-hub, ghcr.io is ghcr"), "{said}");
}

#[test]
fn an_address_that_makes_no_sense_is_refused_and_not_repeated_with_its_password() {
    let place = Place::new("").with("GITHUB_TOKEN", "hidden").with("GITHUB_API_URL", "https://me:hidden@api.example");
    let said = refused(&place, &["ghcr.io/acme/app"]);
    assert!(
        said.contains("GITHUB_API_URL: it has a query, a fragment or a user") && !said.contains("hidden"),
        "{said}"
    );
}
