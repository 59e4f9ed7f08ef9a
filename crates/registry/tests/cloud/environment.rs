//! Which clouds the environment names.

use lockage_registry::ErrorKind;
use lockage_registry::client::CredentialProvider;
use lockage_registry::cloud::Clouds;
use lockage_registry::ecr::KeyProvider;
use serde_json::json;

use crate::mock::{Mock, Reply};
use crate::platform::{HIDDEN, Job, among, github, job, said, web};
use crate::stand_in::{parameter, reply};

type Variables = Vec<(&'static str, String)>;

fn set(variables: &[(&'static str, &str)]) -> Variables {
    variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

fn clouds(variables: &Variables) -> lockage_registry::Result<Clouds> {
    Clouds::from_variables(&web(), among(variables))
}

const AWS: [(&str, &str); 2] =
    [("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/promoter"), ("AWS_REGION", "eu-west-1")];
const GOOGLE: [(&str, &str); 1] =
    [("GOOGLE_WORKLOAD_IDENTITY_PROVIDER", "projects/7/locations/global/workloadIdentityPools/ci/providers/github")];
const AZURE: [(&str, &str); 2] = [("AZURE_CLIENT_ID", "6666-7777"), ("AZURE_TENANT_ID", "1111-2222")];

#[tokio::test]
async fn a_job_at_github_gets_the_keys_of_the_role_that_the_environment_names() {
    let sts = Mock::start(|request, _| {
        assert_eq!(parameter(&request.body, "WebIdentityToken"), Some(&*Job::token_of(1)));
        assert_eq!(parameter(&request.body, "RoleSessionName"), Some("run-7"));
        let keys =
            json!({ "AccessKeyId": "ASIA", "SecretAccessKey": "s3cret", "SessionToken": "s3cret", "Expiration": 9e9 });
        let result = json!({ "AssumeRoleWithWebIdentityResult": { "Credentials": keys } });
        reply(200, &json!({ "AssumeRoleWithWebIdentityResponse": result }))
    })
    .await;
    let platform = github(json!(Job::token_of(1))).await;
    let mut variables = set(&AWS);
    variables.extend(set(&[("AWS_ROLE_SESSION_NAME", "run-7")]));
    variables.push(("AWS_ENDPOINT_URL_STS", format!("http://{}", sts.host())));
    variables.extend(job(&platform));
    let clouds = clouds(&variables).unwrap();
    clouds.role().unwrap().keys().await.unwrap();
    assert!(platform.requests()[0].path.ends_with("&audience=sts.amazonaws.com"));
    assert_eq!((platform.requests().len(), sts.requests().len()), (1, 1));
    assert!(!format!("{clouds:?}").contains(HIDDEN));
    for other in ["ghcr.io/a/b", "acme.azurecr.io/a", "eu.gcr.io/a/b", "127.0.0.1:5000/a"] {
        assert!(clouds.credentials(&other.parse().unwrap()).await.unwrap().is_none(), "{other}");
    }
    assert_eq!(platform.requests().len(), 1, "nothing is asked for those");
}

#[tokio::test]
async fn each_cloud_is_found_by_its_variables_and_reads_its_own_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none").display().to_string();
    for (named, file, registry) in [
        (&AWS[..], "AWS_WEB_IDENTITY_TOKEN_FILE", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a"),
        (&AZURE[..], "AZURE_FEDERATED_TOKEN_FILE", "acme.azurecr.io/a"),
    ] {
        let mut variables = set(named);
        variables.push((file, path.clone()));
        // The file is not there: nothing is sent to the cloud, and nobody else is asked.
        let error = clouds(&variables).unwrap().credentials(&registry.parse().unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), error.subject()), (ErrorKind::Credentials, path.as_str()), "{registry}");
    }
    let platform = Mock::start(|_, _| Reply::new(403)).await;
    let mut variables = set(&GOOGLE);
    variables.extend(job(&platform));
    let error = clouds(&variables).unwrap().credentials(&"eu.gcr.io/a/b".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.remedy().unwrap().contains("id-token: write"));
    assert!(clouds(&variables).unwrap().role().is_none());
}

#[test]
fn an_environment_that_names_no_cloud_or_half_of_one_or_no_identity_is_an_error() {
    let gitlab = ("GITLAB_OIDC_TOKEN", "a.b.c");
    for (variables, kind, subject) in [
        (vec![], ErrorKind::Configuration, "a cloud"),
        (vec![gitlab, AWS[1]], ErrorKind::Configuration, "a cloud"),
        (vec![gitlab, AWS[0]], ErrorKind::Configuration, "AWS_REGION"),
        (vec![gitlab, AWS[0], ("AWS_REGION", "")], ErrorKind::Configuration, "AWS_REGION"),
        (vec![gitlab, AZURE[0]], ErrorKind::Configuration, "AZURE_TENANT_ID"),
        (vec![gitlab, AZURE[1]], ErrorKind::Configuration, "AZURE_CLIENT_ID"),
        (AWS.to_vec(), ErrorKind::Credentials, "an identity token"),
        (GOOGLE.to_vec(), ErrorKind::Credentials, "an identity token"),
        (AZURE.to_vec(), ErrorKind::Credentials, "an identity token"),
        ([AWS[0], AWS[1], ("GITHUB_ACTIONS", "true")].to_vec(), ErrorKind::Credentials, "ACTIONS_ID_TOKEN_REQUEST_URL"),
        ([AWS[0], AWS[1], ("GITLAB_OIDC_TOKEN", "s3cret")].to_vec(), ErrorKind::Credentials, "GITLAB_OIDC_TOKEN"),
    ] {
        let error = clouds(&set(&variables)).unwrap_err();
        assert_eq!((error.kind(), error.subject()), (kind, subject), "{variables:?}");
        assert!(!said(&error).contains(HIDDEN));
    }
    for named in [&AWS[..], &GOOGLE[..], &AZURE[..]] {
        let mut variables = set(named);
        variables.extend(set(&[gitlab]));
        assert!(clouds(&variables).is_ok(), "{named:?}");
    }
}
