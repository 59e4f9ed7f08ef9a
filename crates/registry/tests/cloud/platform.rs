//! What runs a job: it gives identity tokens, and the time passes where the test says so.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lockage_registry::Result;
use lockage_registry::client::{Client, Secret};
use lockage_registry::cloud::IdentityToken;
use serde_json::{Value, json};

use crate::mock::{Mock, Reply, Request};
use crate::stand_in::reply;

/// The part of every secret that no error and no `Debug` output may show.
pub(crate) const HIDDEN: &str = "s3cret";

/// A clock that stands still unless it is moved.
#[derive(Clone)]
pub(crate) struct Time(Arc<Mutex<SystemTime>>);

impl Time {
    pub(crate) fn new() -> Self {
        // Whole seconds: services tell no others.
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        Self(Arc::new(Mutex::new(SystemTime::UNIX_EPOCH + Duration::from_secs(since))))
    }

    pub(crate) fn get(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }

    pub(crate) fn pass(&self, minutes: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(60 * minutes);
    }

    /// Seconds of the Unix epoch in so many minutes.
    pub(crate) fn seconds_in(&self, minutes: u64) -> f64 {
        self.get().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64() + 60.0 * minutes as f64
    }

    pub(crate) fn source(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let time = self.clone();
        move || time.get()
    }
}

/// A job with an identity: its tokens are numbered.
#[derive(Debug, Default)]
pub(crate) struct Job {
    given: AtomicU64,
    audiences: Mutex<Vec<String>>,
}

impl Job {
    pub(crate) fn audiences(&self) -> Vec<String> {
        self.audiences.lock().unwrap().clone()
    }

    /// The token of this number.
    pub(crate) fn token_of(number: u64) -> String {
        format!("eyJhbGciOiJub25lIn0.{HIDDEN}-identity-{number}.c2ln")
    }
}

#[async_trait]
impl IdentityToken for Job {
    async fn token(&self, audience: &str) -> Result<Secret> {
        self.audiences.lock().unwrap().push(audience.to_owned());
        Ok(Secret::new(Self::token_of(self.given.fetch_add(1, Ordering::SeqCst) + 1)))
    }
}

/// GitHub as a job sees it: a token for an audience, to whoever shows the job's own.
pub(crate) async fn github(given: Value) -> Mock {
    Mock::start(move |request: &Request, _| {
        let shown = request.header("authorization") == Some(&format!("Bearer {HIDDEN}-of-the-job"));
        match (shown, request.path.starts_with("/idtoken/1?api-version=2.0&audience=")) {
            (true, true) => reply(200, &json!({ "value": given })),
            (false, true) => Reply::new(401).body(format!("<html>{HIDDEN}").as_bytes()),
            _ => Reply::new(404),
        }
    })
    .await
}

/// The variables of a job at GitHub.
pub(crate) fn job(mock: &Mock) -> Vec<(&'static str, String)> {
    vec![
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("http://{}/idtoken/1?api-version=2.0", mock.host())),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", format!("{HIDDEN}-of-the-job")),
    ]
}

/// Looks a variable up among these.
pub(crate) fn among(variables: &[(&'static str, String)]) -> impl Fn(&str) -> Option<String> {
    let variables = variables.to_vec();
    move |name| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| value.clone())
}

/// A client that does not wait between its tries, for whatever host.
pub(crate) fn web() -> Client {
    let retry = lockage_registry::RetryPolicy::default().with_first_delay(Duration::from_millis(1));
    Client::builder().retry(retry).build().unwrap()
}

/// What an error says to people and to logs.
pub(crate) fn said(error: &(dyn std::error::Error + 'static)) -> String {
    let source = error.source().map(said).unwrap_or_default();
    format!("{error}\n{error:?}\n{source}")
}
