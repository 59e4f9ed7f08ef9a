//! `Keys`: what requests to AWS are signed with.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::client::Secret;
use crate::{Error, ErrorKind, Result};

/// An access key, and the session that it belongs to.
#[derive(Clone, Debug)]
pub struct Keys {
    pub(super) id: String,
    pub(super) secret: Secret,
    pub(super) session: Option<Secret>,
}

impl Keys {
    /// A lasting key.
    pub fn new(id: impl Into<String>, secret: Secret) -> Self {
        Self { id: id.into(), secret, session: None }
    }

    /// The key of a session, such as that of a role, with its token.
    #[must_use]
    pub fn with_session(mut self, token: Secret) -> Self {
        self.session = Some(token);
        self
    }

    /// From `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, as AWS's own tools read them.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] where one of the first two is missing or empty.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let needed = |name: &'static str| {
            variable(name).filter(|value| !value.is_empty()).ok_or_else(|| {
                Error::new(ErrorKind::Credentials, "read", name)
                    .with_message("the variable is not set")
                    .with_remedy("Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN for a role.")
            })
        };
        let keys = Self::new(needed("AWS_ACCESS_KEY_ID")?, Secret::new(needed("AWS_SECRET_ACCESS_KEY")?));
        let session = variable("AWS_SESSION_TOKEN").filter(|token| !token.is_empty());
        Ok(Self { session: session.map(Secret::new), ..keys })
    }
}

/// Gives keys, fresh ones where they expire: it is asked for every request that is sent, and keeps them itself.
#[async_trait]
pub trait KeyProvider: Debug + Send + Sync {
    /// The keys to sign with now.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] where there are none.
    async fn keys(&self) -> Result<Keys>;
}

#[async_trait]
impl KeyProvider for Keys {
    async fn keys(&self) -> Result<Keys> {
        Ok(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_read_and_never_shown() {
        let set = |name: &str| Some(if name == "AWS_ACCESS_KEY_ID" { "AKIDEXAMPLE" } else { "hidden" }.to_owned());
        let keys = Keys::from_variables(set);
        assert!(keys.as_ref().is_ok_and(|keys| keys.session.is_some()));
        assert!(!format!("{keys:?}").contains("hidden"));
        for missing in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            for value in [None, Some(String::new())] {
                let keys = Keys::from_variables(|name| if name == missing { value.clone() } else { set(name) });
                assert!(keys.is_err_and(|error| error.kind() == ErrorKind::Credentials && error.subject() == missing));
            }
        }
        let lasting = Keys::from_variables(|name| if name == "AWS_SESSION_TOKEN" { None } else { set(name) });
        assert!(lasting.is_ok_and(|keys| keys.session.is_none()));
    }
}
