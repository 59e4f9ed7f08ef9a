//! Amazon: an identity token for a role's keys, those for a login to ECR, and that for what the registry holds.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use futures::future::join_all;
use lockage_registry::client::{Client, CredentialProvider, Login, Profile};
use lockage_registry::cloud::{AssumedRole, EcrLogin};
use lockage_registry::ecr::{Endpoint, KeyProvider};
use lockage_registry::{ErrorKind, Host, Repository, Source, TagOrDigest};
use serde_json::{Value, json};

use crate::mock::{Mock, Reply, Request};
use crate::platform::{HIDDEN, Job, Time, said, web};
use crate::stand_in::{client, count, digest, image, parameter, pulled, refusal, reply};

const ROLE: &str = "arn:aws:iam::123456789012:role/promoter";

/// STS, ECR's API and the registry at one address, told apart by what they are asked. What each gives is numbered, and they
/// take nothing but the last that was given before.
#[derive(Default)]
struct State {
    roles: u64,
    logins: u64,
    /// In place of the keys, or of the login.
    sts: Option<(u16, Value)>,
    ecr: Option<(u16, Value)>,
    /// When a login that the registry still takes was given at the earliest.
    oldest: u64,
}

struct Amazon {
    mock: Mock,
    state: Arc<Mutex<State>>,
    time: Time,
    job: Arc<Job>,
    role: AssumedRole,
    login: EcrLogin,
    repo: Repository,
}

impl State {
    fn answer(&mut self, request: &Request, time: &Time) -> Reply {
        if request.path.starts_with("/v2/") {
            return self.registry(request);
        }
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/"));
        match request.header("x-amz-target") {
            None => self.sts(request, time),
            Some(target) => {
                assert_eq!(target, "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
                self.ecr(request, time)
            }
        }
    }

    fn sts(&mut self, request: &Request, time: &Time) -> Reply {
        assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(request.header("accept"), Some("application/json"), "else it answers XML");
        assert_eq!(request.header("authorization"), None, "it is asked without keys");
        for (name, value) in [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpromoter"),
            ("RoleSessionName", "run-7"),
            ("DurationSeconds", "3600"),
        ] {
            assert_eq!(parameter(&request.body, name), Some(value));
        }
        if let Some((status, body)) = &self.sts {
            return reply(*status, body);
        }
        self.roles += 1;
        assert_eq!(parameter(&request.body, "WebIdentityToken"), Some(&*Job::token_of(self.roles)), "one each");
        reply(
            200,
            &json!({ "AssumeRoleWithWebIdentityResponse": {
                "AssumeRoleWithWebIdentityResult": {
                    "AssumedRoleUser": { "Arn": "arn:aws:sts::123456789012:assumed-role/promoter/run-7" },
                    "Audience": "sts.amazonaws.com",
                    "Credentials": {
                        "AccessKeyId": format!("ASIA{}", self.roles),
                        "SecretAccessKey": format!("{HIDDEN}-key"),
                        "SessionToken": format!("{HIDDEN}-session-{}", self.roles),
                        "Expiration": time.seconds_in(60),
                    },
                },
                "ResponseMetadata": { "RequestId": "1" },
            } }),
        )
    }

    fn ecr(&mut self, request: &Request, time: &Time) -> Reply {
        let authorization = request.header("authorization").unwrap();
        let key = format!("AWS4-HMAC-SHA256 Credential=ASIA{}/", self.roles);
        assert!(authorization.starts_with(&key) && authorization.contains("/eu-west-1/ecr/aws4_request"));
        assert_eq!(request.header("x-amz-security-token"), Some(&*format!("{HIDDEN}-session-{}", self.roles)));
        assert_eq!(request.body, "{}");
        if let Some((status, body)) = &self.ecr {
            return reply(*status, body);
        }
        self.logins += 1;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{HIDDEN}-login-{}", self.logins));
        reply(
            200,
            &json!({ "authorizationData": [{
                "authorizationToken": pair,
                "expiresAt": time.seconds_in(12 * 60),
                "proxyEndpoint": "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            }] }),
        )
    }

    fn registry(&self, request: &Request) -> Reply {
        let taken = (self.oldest.max(1)..=self.logins).any(|number| {
            let pair = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{HIDDEN}-login-{number}"));
            request.header("authorization") == Some(&format!("Basic {pair}"))
        });
        if !taken {
            let challenge =
                r#"Basic realm="https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com""#;
            return refusal(401, "DENIED", "Not Authorized").header("Www-Authenticate", challenge);
        }
        let content = image("app");
        pulled(Some((&digest(&content), &*content)))
    }
}

impl Amazon {
    async fn start() -> Self {
        let (state, time) = (Arc::new(Mutex::new(State::default())), Time::new());
        let (shared, clock) = (Arc::clone(&state), time.clone());
        let mock = Mock::start(move |request, _| shared.lock().unwrap().answer(request, &clock)).await;
        let (host, job) = (mock.host().parse::<Host>().unwrap(), Arc::new(Job::default()));
        let role = AssumedRole::at(&web(), Arc::clone(&job), ROLE, &host).unwrap();
        let role = role.with_session("run-7").with_now(time.source());
        let endpoint = Endpoint::new(host.clone(), "eu-west-1");
        let login = EcrLogin::new(&web(), role.clone()).at(host.clone(), endpoint).with_now(time.source());
        let repo = format!("{host}/team/app").parse().unwrap();
        Self { mock, state, time, job, role, login, repo }
    }

    fn client(&self) -> Client {
        client(self.repo.host(), Profile::ECR).credentials(self.login.clone()).build().unwrap()
    }

    fn given(&self) -> (u64, u64) {
        let state = self.state.lock().unwrap();
        (state.roles, state.logins)
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    async fn password(&self) -> String {
        match self.login.credentials(&self.repo).await.unwrap().unwrap().login {
            Login::Password { username, password } => format!("{username}:{}", password.expose()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn no_static_credentials_short_lived_ones_are_exchanged_and_refreshed_during_long_copies() {
    let amazon = Amazon::start().await;
    let tag = TagOrDigest::Tag("v1".parse().unwrap());
    let (client, expected) = (amazon.client(), digest(&image("app")));
    // A copy that takes two days: many requests under way at any time, and each login is taken for twelve hours.
    for (hours, logins) in [(0, 1), (11, 1), (1, 2), (11, 2), (1, 3), (12, 4), (12, 5)] {
        amazon.time.pass(60 * hours);
        amazon.set(|state| state.oldest = logins);
        let all = join_all((0..16).map(|_| client.resolve(&amazon.repo, &tag))).await;
        assert!(all.into_iter().all(|found| found.unwrap().digest == expected));
        assert_eq!(amazon.given(), (logins, logins), "one exchange for sixteen requests, and none while one lasts");
    }
    assert_eq!(amazon.job.audiences(), vec!["sts.amazonaws.com"; 5]);
    assert_eq!(count(&amazon.mock, "POST", "/"), 10);
}

#[tokio::test]
async fn sixteen_who_ask_at_once_share_the_keys_of_a_role() {
    let amazon = Amazon::start().await;
    for (minutes, roles) in [(0, 1), (49, 1), (1, 2), (49, 2), (120, 3)] {
        amazon.time.pass(minutes);
        let all = join_all((0..16).map(|_| amazon.role.keys())).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(amazon.given().0, roles, "after {minutes} minutes");
        assert!(!format!("{all:?}").contains(HIDDEN));
    }
}

#[tokio::test]
async fn a_role_that_does_not_trust_the_job_is_refused_once_for_all_who_ask() {
    let amazon = Amazon::start().await;
    let message = format!("Not authorized to perform sts:AssumeRoleWithWebIdentity with {}", Job::token_of(1));
    let body = json!({ "Error": { "Code": "AccessDenied", "Message": message, "Type": "Sender" }, "RequestId": "1" });
    amazon.set(|state| state.sts = Some((403, body)));
    let all = join_all((0..16).map(|_| amazon.login.credentials(&amazon.repo))).await;
    for refused in all {
        let error = refused.unwrap_err();
        assert_eq!((error.kind(), error.subject()), (ErrorKind::Denied, ROLE));
        let remedy = error.remedy().unwrap();
        assert!(remedy.contains("trust policy") && remedy.contains("repository and branch"), "{remedy}");
        assert!(error.to_string().contains("sts:AssumeRoleWithWebIdentity"), "{error}");
        assert!(!said(&error).contains(HIDDEN), "{}", said(&error));
    }
    assert_eq!(amazon.mock.requests().len(), 1);
    // Once the role trusts it, the next to come is given a login; the refused token is not shown again.
    amazon.set(|state| (state.sts, state.roles) = (None, 1));
    assert_eq!(amazon.password().await, format!("AWS:{HIDDEN}-login-1"));
}

#[tokio::test]
async fn keys_that_may_not_log_in_are_told_the_right_that_they_lack() {
    let amazon = Amazon::start().await;
    let message =
        "User: arn:aws:sts::1:assumed-role/promoter/run-7 is not authorized to perform: ecr:GetAuthorizationToken";
    amazon.set(|state| state.ecr = Some((400, json!({ "__type": "AccessDeniedException", "message": message }))));
    let error = amazon.client().resolve(&amazon.repo, &TagOrDigest::Tag("v1".parse().unwrap())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.remedy().unwrap().contains("ecr:GetAuthorizationToken on \"*\""), "{:?}", error.remedy());
    assert!(!said(&error).contains(HIDDEN));
}

#[tokio::test]
async fn what_is_held_serves_while_it_lasts_where_sts_is_out_of_order() {
    let amazon = Amazon::start().await;
    assert!(amazon.role.keys().await.is_ok());
    amazon.set(|state| state.sts = Some((503, json!({ "Error": { "Code": "ServiceUnavailable" } }))));
    amazon.time.pass(55);
    assert!(amazon.role.keys().await.is_ok());
    amazon.time.pass(6);
    let error = amazon.role.keys().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(!error.is_temporary(), "it has been retried already: nobody multiplies that");
}

#[tokio::test]
async fn an_answer_that_is_none_is_an_error_that_repeats_nothing_of_it() {
    let result = |credentials: Value| json!({ "AssumeRoleWithWebIdentityResponse": { "AssumeRoleWithWebIdentityResult": { "Credentials": credentials } } });
    for body in [
        json!([]),
        json!({}),
        json!({ "AssumeRoleWithWebIdentityResponse": "s3cret" }),
        result(
            json!({ "AccessKeyId": "s3cret", "SecretAccessKey": ["s3cret"], "SessionToken": "s3cret", "Expiration": 1 }),
        ),
        result(
            json!({ "AccessKeyId": "A", "SecretAccessKey": "s3cret", "SessionToken": "s3cret", "Expiration": "s3cret" }),
        ),
        result(json!({ "AccessKeyId": "A", "SecretAccessKey": "s3cret", "Expiration": 1 })),
    ] {
        let amazon = Amazon::start().await;
        amazon.set(|state| state.sts = Some((200, body.clone())));
        let error = amazon.role.keys().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
        assert!(!said(&error).contains(HIDDEN), "{}", said(&error));
    }
    for given in [
        json!([]),
        json!([{ "authorizationToken": "czNjcmV0", "expiresAt": 1 }]),
        json!([{ "authorizationToken": "s3cret!", "expiresAt": 1 }]),
        json!([{ "authorizationToken": "QVdTOnMzY3JldA==", "expiresAt": -1 }]),
        json!([{ "authorizationToken": "QVdTOnMzY3JldA==", "expiresAt": "s3cret" }]),
        json!([{ "authorizationToken": "QVdTOnMzY3JldA==", "expiresAt": 1, "more": "x".repeat(70_000) }]),
    ] {
        let amazon = Amazon::start().await;
        amazon.set(|state| state.ecr = Some((200, json!({ "authorizationData": given }))));
        let error = amazon.login.credentials(&amazon.repo).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Protocol | ErrorKind::TooLarge), "{error}");
        assert!(!said(&error).contains(HIDDEN), "{}", said(&error));
    }
}

#[tokio::test]
async fn other_registries_are_none_of_amazons_and_no_secret_is_shown() {
    let amazon = Amazon::start().await;
    for other in
        ["ghcr.io/team/app", "public.ecr.aws/team/app", "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example/a"]
    {
        assert!(amazon.login.credentials(&other.parse().unwrap()).await.unwrap().is_none());
    }
    assert!(amazon.mock.requests().is_empty());
    amazon.password().await;
    assert!(!format!("{:?} {:?} {:?}", amazon.login, amazon.role, amazon.client()).contains(HIDDEN));
}

#[test]
fn what_is_no_role_and_no_region_is_refused_at_once() {
    let job = || Arc::new(Job::default());
    let kind =
        |role: &str, region: &str| AssumedRole::new(&web(), job(), role, region).map_err(|error| error.kind()).err();
    assert_eq!(kind(ROLE, "eu-west-1"), None);
    for (role, region) in [("promoter", "eu-west-1"), (ROLE, ""), (ROLE, "evil.example/"), (ROLE, "eu-west-1.evil")] {
        assert_eq!(kind(role, region), Some(ErrorKind::Configuration), "{role} {region}");
    }
    let plain = "sts.example".parse::<Host>().unwrap();
    let client = Client::builder().plain_http(plain.clone()).build().unwrap();
    assert!(AssumedRole::at(&client, job(), ROLE, &plain).is_err(), "a token goes to nobody over plain http");
}
