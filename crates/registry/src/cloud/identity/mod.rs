//! Identity tokens: who this process is, as the platform that runs it says it, and for a few minutes.

mod actions;
mod file;
mod variable;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

pub use actions::ActionsIdentity;
pub use file::FileIdentity;
pub use variable::VariableIdentity;

use crate::client::{Client, Secret};
use crate::{Error, ErrorKind, Result};

/// Gives identity tokens (OpenID Connect): JSON web tokens that a cloud exchanges for credentials of its own.
///
/// It is asked once for each exchange, in a long copy again and again, and keeps nothing.
#[async_trait]
pub trait IdentityToken: fmt::Debug + Send + Sync {
    /// A token for this audience: for whom it is to be valid. Where the platform has settled that, it is what it is.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] where there is none.
    async fn token(&self, audience: &str) -> Result<Secret>;
}

#[async_trait]
impl<T: IdentityToken + ?Sized> IdentityToken for Arc<T> {
    async fn token(&self, audience: &str) -> Result<Secret> {
        (**self).token(audience).await
    }
}

/// The identity that the environment has: the file that one of these variables names, else GitHub's, else GitLab's.
pub(super) fn of_environment(
    client: &Client,
    files: &[&'static str],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Arc<dyn IdentityToken>> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(path) = files.iter().find_map(|name| set(name)) {
        return Ok(Arc::new(FileIdentity::new(path)));
    }
    if set("GITHUB_ACTIONS").is_some() || set("ACTIONS_ID_TOKEN_REQUEST_URL").is_some() {
        return Ok(Arc::new(ActionsIdentity::from_variables(client, variable)?));
    }
    if set(VariableIdentity::GITLAB).is_some() {
        return Ok(Arc::new(VariableIdentity::from_variables(VariableIdentity::GITLAB, variable)?));
    }
    Err(Error::new(ErrorKind::Credentials, "find", "an identity token")
        .with_message("neither GitHub nor GitLab nor a file gives one")
        .with_remedy(format!(
            "Give the job `permissions: id-token: write` (GitHub), or id_tokens with the name {} (GitLab){}.",
            VariableIdentity::GITLAB,
            files.iter().map(|name| format!(", or name a file in {name}")).collect::<String>(),
        )))
}

/// A token in some text: three parts with dots between.
fn jwt(text: &str) -> Option<Secret> {
    let text = text.trim();
    let of_base64 =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let parts: Vec<&str> = text.split('.').collect();
    (parts.len() == 3 && parts.iter().all(|part| of_base64(part))).then(|| Secret::new(text))
}

/// What was there and is no token.
fn no_token(origin: &str) -> Error {
    Error::new(ErrorKind::Credentials, "read the identity token of", origin).with_message("it is no JSON web token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_three_parts_and_nothing_else_is_one() {
        for text in ["a.b.c", " eyJh.eyJp.c2ln-_\n"] {
            assert_eq!(jwt(text).map(|token| token.expose().to_owned()).as_deref(), Some(text.trim()));
        }
        for text in ["", "a.b", "a.b.c.d", "a..c", "a.b.c d", "a.b.c\nx: y", "<html>"] {
            assert!(jwt(text).is_none(), "{text}");
        }
    }
}
