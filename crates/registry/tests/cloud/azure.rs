//! Azure: an identity token for an application's, and that for a login to a registry.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use futures::future::join_all;
use lockage_registry::client::{CredentialProvider, Login};
use lockage_registry::cloud::AzureLogin;
use lockage_registry::{ErrorKind, Host, Repository};
use serde_json::{Value, json};

use crate::mock::{Mock, Reply, Request};
use crate::platform::{HIDDEN, Job, Time, said, web};
use crate::stand_in::{parameter, reply};

const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const APPLICATION: &str = "66666666-7777-8888-9999-000000000000";

#[derive(Default)]
struct State {
    applications: u64,
    logins: u64,
    entra: Option<(u16, Value)>,
    registry: Option<(u16, Value)>,
}

struct Azure {
    mock: Mock,
    state: Arc<Mutex<State>>,
    time: Time,
    job: Arc<Job>,
    login: AzureLogin,
    repo: Repository,
}

impl State {
    fn answer(&mut self, request: &Request, host: &str, time: &Time) -> Reply {
        assert_eq!(request.method, "POST");
        assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
        let field = |name| parameter(&request.body, name);
        if request.path == format!("/{TENANT}/oauth2/v2.0/token") {
            assert_eq!(field("grant_type"), Some("client_credentials"));
            assert_eq!(field("client_id"), Some(APPLICATION));
            assert_eq!(field("scope"), Some("https%3A%2F%2Fcontainerregistry.azure.net%2F.default"));
            let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
            assert_eq!(field("client_assertion_type"), Some(kind));
            if let Some((status, body)) = &self.entra {
                return reply(*status, body);
            }
            self.applications += 1;
            assert_eq!(field("client_assertion"), Some(&*Job::token_of(self.applications)));
            let token = format!("{HIDDEN}-application-{}", self.applications);
            return reply(200, &json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": token }));
        }
        assert_eq!(request.path, "/oauth2/exchange");
        assert_eq!(field("grant_type"), Some("access_token"));
        assert_eq!(field("tenant"), Some(TENANT));
        assert_eq!(field("service"), host.split(':').next());
        assert_eq!(field("access_token"), Some(&*format!("{HIDDEN}-application-{}", self.applications)));
        if let Some((status, body)) = &self.registry {
            return reply(*status, body);
        }
        self.logins += 1;
        let claims = json!({ "jti": self.logins, "exp": time.seconds_in(180) as u64 }).to_string();
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
        reply(200, &json!({ "refresh_token": format!("eyJ9.{claims}.{HIDDEN}-login-{}", self.logins) }))
    }
}

impl Azure {
    async fn start() -> Self {
        let (state, time) = (Arc::new(Mutex::new(State::default())), Time::new());
        let (shared, clock) = (Arc::clone(&state), time.clone());
        let mock = Mock::start(move |request, host| shared.lock().unwrap().answer(request, host, &clock)).await;
        let (host, job) = (mock.host().parse::<Host>().unwrap(), Arc::new(Job::default()));
        let login = AzureLogin::at(&web(), Arc::clone(&job), TENANT, APPLICATION, &format!("http://{host}/")).unwrap();
        let login = login.with_registry(host.clone()).with_now(time.source());
        let repo = format!("{host}/team/app").parse().unwrap();
        Self { mock, state, time, job, login, repo }
    }

    async fn token(&self) -> String {
        match self.login.credentials(&self.repo).await.unwrap().unwrap().login {
            Login::IdentityToken(token) => token.expose().to_owned(),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_login_is_got_once_and_anew_before_its_token_expires() {
    let azure = Azure::start().await;
    for (minutes, number) in [(0, 1), (169, 1), (2, 2), (165, 2), (600, 3)] {
        azure.time.pass(minutes);
        let all = join_all((0..16).map(|_| azure.token())).await;
        assert!(all.iter().all(|one| one.ends_with(&format!("{HIDDEN}-login-{number}"))), "{all:?}");
        assert_eq!(azure.state.lock().unwrap().applications, number);
    }
    assert_eq!(azure.job.audiences(), vec!["api://AzureADTokenExchange"; 3]);
    assert_eq!(azure.mock.requests().len(), 6);
    assert!(!format!("{:?}", azure.login).contains(HIDDEN));
}

#[tokio::test]
async fn other_registries_are_none_of_azures() {
    let azure = Azure::start().await;
    for name in ["ghcr.io/acme/app", "azurecr.io.evil.example/a", "evilazurecr.io/a", "acme.azurecr.io:8443/a"] {
        assert!(azure.login.credentials(&name.parse().unwrap()).await.unwrap().is_none(), "{name}");
    }
    assert!(azure.mock.requests().is_empty());
}

#[tokio::test]
async fn refusals_name_the_missing_right_and_no_token() {
    let azure = Azure::start().await;
    let words = format!("AADSTS70021: No matching federated identity record found for {}", Job::token_of(1));
    azure.state.lock().unwrap().entra = Some((401, json!({ "error": "invalid_client", "error_description": words })));
    let error = azure.login.credentials(&azure.repo).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("AADSTS70021"), "{error}");
    assert!(error.remedy().unwrap().contains("this repository and branch"));
    assert!(!said(&error).contains(HIDDEN), "{}", said(&error));

    let azure = Azure::start().await;
    let words = json!({ "errors": [{ "code": "UNAUTHORIZED", "message": format!("{HIDDEN}-application-1") }] });
    azure.state.lock().unwrap().registry = Some((401, words));
    let error = azure.login.credentials(&azure.repo).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.remedy().unwrap().contains("AcrPush"));
    assert!(!said(&error).contains(HIDDEN), "{}", said(&error));
}

#[tokio::test]
async fn an_answer_that_is_none_is_an_error_that_repeats_nothing_of_it() {
    for body in [json!({ "access_token": ["s3cret"] }), json!({ "error": "s3cret" }), json!("s3cret")] {
        let azure = Azure::start().await;
        azure.state.lock().unwrap().entra = Some((200, body.clone()));
        let error = azure.login.credentials(&azure.repo).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Protocol && !said(&error).contains(HIDDEN));
        let azure = Azure::start().await;
        azure.state.lock().unwrap().registry = Some((200, body));
        let error = azure.login.credentials(&azure.repo).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Protocol && !said(&error).contains(HIDDEN));
    }
}

#[test]
fn what_is_no_tenant_and_no_application_is_refused_at_once() {
    let kind = |tenant: &str, application: &str, authority: &str| {
        AzureLogin::at(&web(), Arc::new(Job::default()), tenant, application, authority)
            .map_err(|error| error.kind())
            .err()
    };
    assert_eq!(kind("acme.onmicrosoft.com", APPLICATION, "https://login.microsoftonline.us/"), None);
    for (tenant, application, authority) in [
        ("", APPLICATION, "https://login.example"),
        ("..", APPLICATION, "https://login.example"),
        ("a/b", APPLICATION, "https://login.example"),
        (TENANT, "a?b", "https://login.example"),
        (TENANT, APPLICATION, "http://login.example"),
        (TENANT, APPLICATION, "login.example"),
    ] {
        assert_eq!(
            kind(tenant, application, authority),
            Some(ErrorKind::Configuration),
            "{tenant} {application} {authority}"
        );
    }
}
