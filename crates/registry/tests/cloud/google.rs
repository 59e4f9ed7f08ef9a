//! Google: an identity token for a federated one, and that for a service account's.

use std::sync::{Arc, Mutex};

use futures::future::join_all;
use lockage_registry::client::{CredentialProvider, Login};
use lockage_registry::cloud::GoogleLogin;
use lockage_registry::{ErrorKind, Host, Repository};
use serde_json::{Value, json};

use crate::mock::{Mock, Reply, Request};
use crate::platform::{HIDDEN, Job, Time, said, web};
use crate::stand_in::reply;

const PROVIDER: &str = "projects/7/locations/global/workloadIdentityPools/ci/providers/github";
const ACCOUNT: &str = "promoter@acme.iam.gserviceaccount.com";

#[derive(Default)]
struct State {
    exchanged: u64,
    impersonated: u64,
    sts: Option<(u16, Value)>,
    iam: Option<(u16, Value)>,
}

struct Google {
    mock: Mock,
    state: Arc<Mutex<State>>,
    time: Time,
    job: Arc<Job>,
    login: GoogleLogin,
    repo: Repository,
}

impl State {
    fn answer(&mut self, request: &Request, time: &Time) -> Reply {
        assert_eq!(request.method, "POST");
        assert_eq!(request.header("content-type"), Some("application/json"));
        let body: Value = serde_json::from_str(&request.body).unwrap();
        if request.path == "/v1/token" {
            return self.sts(&body);
        }
        assert_eq!(request.path, format!("/v1/projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken"));
        let bearer = format!("Bearer {HIDDEN}-federated-{}", self.exchanged);
        assert_eq!(request.header("authorization"), Some(&*bearer));
        assert_eq!(body, json!({ "scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": "3600s" }));
        if let Some((status, body)) = &self.iam {
            return reply(*status, body);
        }
        self.impersonated += 1;
        let end = jiff_text(time.seconds_in(60));
        reply(200, &json!({ "accessToken": format!("{HIDDEN}-account-{}", self.impersonated), "expireTime": end }))
    }

    fn sts(&mut self, body: &Value) -> Reply {
        assert_eq!(body["audience"], format!("//iam.googleapis.com/{PROVIDER}"));
        assert_eq!(body["grantType"], "urn:ietf:params:oauth:grant-type:token-exchange");
        assert_eq!(body["subjectTokenType"], "urn:ietf:params:oauth:token-type:jwt");
        assert_eq!(body["requestedTokenType"], "urn:ietf:params:oauth:token-type:access_token");
        if let Some((status, body)) = &self.sts {
            return reply(*status, body);
        }
        self.exchanged += 1;
        assert_eq!(body["subjectToken"], Job::token_of(self.exchanged));
        reply(
            200,
            &json!({
                "access_token": format!("{HIDDEN}-federated-{}", self.exchanged),
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "token_type": "Bearer",
                "expires_in": 3600,
            }),
        )
    }
}

/// RFC 3339, as Google writes it.
fn jiff_text(seconds: f64) -> String {
    let system = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs_f64(seconds);
    jiff::Timestamp::try_from(system).unwrap().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Google {
    async fn start(account: Option<&str>) -> Self {
        let (state, time) = (Arc::new(Mutex::new(State::default())), Time::new());
        let (shared, clock) = (Arc::clone(&state), time.clone());
        let mock = Mock::start(move |request, _| shared.lock().unwrap().answer(request, &clock)).await;
        let (host, job) = (mock.host().parse::<Host>().unwrap(), Arc::new(Job::default()));
        let login = GoogleLogin::at(&web(), Arc::clone(&job), PROVIDER, &host, &host).unwrap();
        let login = account.map_or(login.clone(), |account| login.impersonate(account).unwrap());
        let login = login.with_now(time.source());
        let repo = "europe-docker.pkg.dev/acme/apps/app".parse().unwrap();
        Self { mock, state, time, job, login, repo }
    }

    async fn password(&self) -> String {
        match self.login.credentials(&self.repo).await.unwrap().unwrap().login {
            Login::Password { username, password } => format!("{username}:{}", password.expose()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_federated_token_and_one_of_a_service_account_are_got_once_and_anew_before_they_expire() {
    for (account, name) in [(None, "federated"), (Some(ACCOUNT), "account")] {
        let google = Google::start(account).await;
        for (minutes, number) in [(0, 1), (49, 1), (2, 2), (45, 2), (600, 3)] {
            google.time.pass(minutes);
            let all = join_all((0..16).map(|_| google.password())).await;
            assert!(all.iter().all(|one| *one == format!("oauth2accesstoken:{HIDDEN}-{name}-{number}")), "{all:?}");
            assert_eq!(google.state.lock().unwrap().exchanged, number);
        }
        assert_eq!(google.job.audiences(), vec![format!("https://iam.googleapis.com/{PROVIDER}"); 3]);
        assert_eq!(google.mock.requests().len(), if account.is_some() { 6 } else { 3 });
        assert!(!format!("{:?}", google.login).contains(HIDDEN));
    }
}

#[tokio::test]
async fn other_registries_are_none_of_googles() {
    let google = Google::start(None).await;
    for (name, ours) in [
        ("eu.gcr.io/acme/app", true),
        ("gcr.io/acme/app", true),
        ("ghcr.io/acme/app", false),
        ("pkg.dev.evil.example/acme/app", false),
        ("evilgcr.io/acme/app", false),
        ("eu.gcr.io:8443/acme/app", false),
    ] {
        let found = google.login.credentials(&name.parse().unwrap()).await.unwrap();
        assert_eq!(found.is_some(), ours, "{name}");
    }
}

#[tokio::test]
async fn refusals_name_the_missing_right_and_no_token() {
    let token = Job::token_of(1);
    let google = Google::start(Some(ACCOUNT)).await;
    for (code, kind, word) in [
        ("unauthorized_client", ErrorKind::Denied, "attribute condition"),
        ("invalid_grant", ErrorKind::Unauthorized, "audiences"),
        ("invalid_target", ErrorKind::Invalid, "project's number"),
    ] {
        let body = json!({ "error": code, "error_description": format!("The credential {token} is rejected") });
        google.state.lock().unwrap().sts = Some((400, body));
        let error = google.login.credentials(&google.repo).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{code}");
        assert!(error.remedy().unwrap().contains(word), "{code}");
        assert!(!said(&error).contains(HIDDEN), "{}", said(&error));
    }
    let google = Google::start(Some(ACCOUNT)).await;
    let message = format!("Permission 'iam.serviceAccounts.getAccessToken' denied to {HIDDEN}-federated-1");
    let body = json!({ "error": { "code": 403, "status": "PERMISSION_DENIED", "message": message } });
    google.state.lock().unwrap().iam = Some((403, body));
    let error = google.login.credentials(&google.repo).await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::Denied, ACCOUNT));
    assert!(error.remedy().unwrap().contains("roles/iam.workloadIdentityUser"));
    assert!(!said(&error).contains(HIDDEN), "{}", said(&error));
}

#[tokio::test]
async fn an_answer_that_is_none_is_an_error_that_repeats_nothing_of_it() {
    for (status, body) in [
        (200, json!({ "access_token": ["s3cret"], "expires_in": 3600 })),
        (200, json!({ "access_token": "s3cret" })),
        (200, json!({ "access_token": "s3cret", "expires_in": -1 })),
        (404, json!({ "error": "s3cret" })),
    ] {
        let google = Google::start(None).await;
        google.state.lock().unwrap().sts = Some((status, body));
        let error = google.login.credentials(&google.repo).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(status != 200 || !said(&error).contains(HIDDEN), "{}", said(&error));
    }
    let google = Google::start(Some(ACCOUNT)).await;
    google.state.lock().unwrap().iam = Some((200, json!({ "accessToken": "s3cret", "expireTime": "s3cret" })));
    let error = google.login.credentials(&google.repo).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Protocol && !said(&error).contains(HIDDEN));
}

#[test]
fn what_is_no_provider_and_no_account_is_refused_at_once() {
    let login = |provider: &str| GoogleLogin::new(&web(), Arc::new(Job::default()), provider);
    for provider in
        ["", "github", "projects//locations/global/workloadIdentityPools/ci/providers/github", "https://x/y"]
    {
        assert_eq!(login(provider).unwrap_err().kind(), ErrorKind::Configuration, "{provider}");
    }
    for account in ["", "promoter", "a@b/../../x", "a@b?x"] {
        assert!(login(PROVIDER).unwrap().impersonate(account).is_err(), "{account}");
    }
}
