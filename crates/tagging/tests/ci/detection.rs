//! Which CI system it is.

use lockage_tagging::ci::{CiError, Provider, Variables, detect};

use super::variables;

#[test]
fn each_system_is_known_by_its_mark() {
    for (lines, provider) in [
        ("GITHUB_ACTIONS=true", Provider::GitHub),
        ("GITHUB_ACTIONS=true\nGITEA_ACTIONS=true", Provider::Forgejo),
        ("GITHUB_ACTIONS=true\nGITEA_ACTIONS=true\nFORGEJO_ACTIONS=true", Provider::Forgejo),
        ("CI=true\nGITLAB_CI=true", Provider::GitLab),
        ("JENKINS_URL=https://ci.example/\nBUILD_NUMBER=3", Provider::Jenkins),
        ("CI=true\nCIRCLECI=true", Provider::Circle),
        ("TF_BUILD=True", Provider::Azure),
        ("CI=true\nBITBUCKET_BUILD_NUMBER=7", Provider::Bitbucket),
    ] {
        assert_eq!(detect(&variables(lines)).unwrap(), provider, "{lines}");
        assert_eq!(provider.name().parse::<Provider>().unwrap(), provider);
    }
}

#[test]
fn two_systems_at_once_are_refused_by_name() {
    let error = detect(&variables("GITHUB_ACTIONS=true\nJENKINS_URL=https://ci.example/")).unwrap_err();
    assert_eq!(error, CiError::SeveralProviders { marks: vec!["GITHUB_ACTIONS", "JENKINS_URL"] });
    assert_eq!(error.to_string(), "variables of several CI systems are set: GITHUB_ACTIONS, JENKINS_URL");
    assert_eq!(error.remedy(), "name the CI system that runs this build");
}

#[test]
fn no_mark_is_an_error_and_so_is_one_that_says_no() {
    for lines in ["", "CI=true", "GITHUB_ACTIONS=false", "GITLAB_CI=", "JENKINS_URL="] {
        assert_eq!(detect(&variables(lines)).unwrap_err(), CiError::NoProvider, "{lines}");
    }
    let error = CiError::NoProvider.remedy();
    assert!(error.contains("github, forgejo, gitlab, jenkins, circleci, azure, bitbucket"), "{error}");
    let error = "travis".parse::<Provider>().unwrap_err();
    assert_eq!(error.to_string(), r#""travis" is no CI system that is known"#);
}

#[test]
fn the_values_of_variables_are_not_shown() {
    let variables = Variables::from_iter([("GITHUB_TOKEN", "ghs_secret"), ("CI", "true")]);
    assert_eq!(format!("{variables:?}"), r#"Variables {"CI", "GITHUB_TOKEN"}"#);
}
