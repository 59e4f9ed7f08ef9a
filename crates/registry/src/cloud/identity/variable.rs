//! A variable with the token: what GitLab's `id_tokens` give a job.

use async_trait::async_trait;

use super::{IdentityToken, jwt, no_token};
use crate::client::Secret;
use crate::{Error, ErrorKind, Result};

/// The identity in a variable. Its audience is the one that the job's settings name (`id_tokens: NAME: aud:`), and it lasts no
/// longer than the job may.
#[derive(Clone, Debug)]
pub struct VariableIdentity(Secret);

impl VariableIdentity {
    /// The variable that GitLab's own examples name.
    pub const GITLAB: &str = "GITLAB_OIDC_TOKEN";

    /// Reads the token in this variable.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] where it is missing, or no JSON web token.
    pub fn from_variables(name: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let text = variable(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            Error::new(ErrorKind::Credentials, "read", name)
                .with_message("the variable is not set")
                .with_remedy(format!("Name it in the job: id_tokens: {name}: aud: AUDIENCE."))
        })?;
        jwt(&text).map(Self).ok_or_else(|| no_token(name))
    }
}

#[async_trait]
impl IdentityToken for VariableIdentity {
    async fn token(&self, _audience: &str) -> Result<Secret> {
        Ok(self.0.clone())
    }
}
