//! GitHub Actions: a workflow with the permission `id-token: write` is given an identity token.

use std::time::Duration;

use serde::Deserialize;
use sigstore_sign::reqwest::Response;

use super::endpoint::{self, Endpoint};
use super::{Failure, IdentityToken, KeylessError, Service};

/// For whom the token is: what Fulcio wants.
const AUDIENCE: &str = "sigstore";

/// The largest answer that is read, in bytes.
const MOST: usize = 64 * 1024;

/// How long GitHub may take.
const LIMIT: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Answer {
    value: String,
}

impl IdentityToken {
    /// Asks GitHub for the token of the workflow that this runs in. One GET.
    ///
    /// `environment` looks up a variable: `|name| std::env::var(name).ok()`.
    ///
    /// # Errors
    /// [`NoWorkflow`](KeylessError::NoWorkflow) where the variables of a workflow are missing,
    /// [`NoPermission`](KeylessError::NoPermission) where those of the permission are, and whatever keeps GitHub from
    /// answering.
    pub async fn from_actions(environment: impl Fn(&str) -> Option<String>) -> Result<Self, KeylessError> {
        let variable = |name| environment(name).filter(|value| !value.is_empty());
        let asked = (variable("ACTIONS_ID_TOKEN_REQUEST_URL"), variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
        let (url, secret) = match asked {
            (Some(url), Some(secret)) => (url, secret),
            _ if variable("GITHUB_ACTIONS").as_deref() == Some("true") => return Err(KeylessError::NoPermission),
            _ => return Err(KeylessError::NoWorkflow),
        };
        let endpoint = Endpoint::new(Service::Actions, &url)?;
        let request = endpoint::client()?.get(endpoint.with("audience", AUDIENCE)).bearer_auth(&secret);
        let body = endpoint
            .within(LIMIT, async {
                let response = request.header("accept", "application/json").send().await;
                let response = response.map_err(|_| endpoint.failed(Failure::Unreachable))?;
                let status = response.status();
                if !status.is_success() {
                    // A body that cannot be read says no more than the status.
                    let said = read(&endpoint, response).await.unwrap_or_default();
                    let said = String::from_utf8_lossy(&said).replace(&secret, "<token>");
                    return Err(endpoint.refused(status.as_u16(), &said));
                }
                read(&endpoint, response).await
            })
            .await??;
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| endpoint.nonsense("there is no token in it"))?;
        Self::parse(&answer.value).map_err(|error| endpoint.nonsense(error))
    }
}

async fn read(endpoint: &Endpoint, mut response: Response) -> Result<Vec<u8>, KeylessError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| endpoint.failed(Failure::Unreachable))? {
        if body.len() + chunk.len() > MOST {
            return Err(endpoint.nonsense(format_args!("it is larger than {MOST} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
