//! `FirstOf`: one provider after the other.

use std::sync::Arc;

use async_trait::async_trait;
use lockage_tagging::Repository;

use super::{CredentialProvider, Credentials};
use crate::Result;

/// Asks its providers in order, and takes the first answer that has credentials.
///
/// An error ends the search: credentials that should be there and cannot be had are not made up for by weaker ones.
///
/// ```
/// # fn main() -> lockage_registry::Result<()> {
/// use lockage_registry::client::{Credentials, DockerConfig, FirstOf, StaticCredentials};
///
/// let robot = Credentials::password("the release settings", "robot", "t0ken");
/// let known = StaticCredentials::new().with("registry.example".parse().expect("a host"), robot);
/// // The robot for one registry, and for all others whatever docker or podman are logged in with.
/// let provider = FirstOf::new(known).or(DockerConfig::from_variables(|_| None)?);
/// # drop(provider);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct FirstOf(Vec<Arc<dyn CredentialProvider>>);

impl FirstOf {
    /// Asks `first`.
    #[must_use]
    pub fn new(first: impl CredentialProvider + 'static) -> Self {
        Self(vec![Arc::new(first)])
    }

    /// Asks `next` where those before it have no credentials.
    #[must_use]
    pub fn or(mut self, next: impl CredentialProvider + 'static) -> Self {
        self.0.push(Arc::new(next));
        self
    }
}

#[async_trait]
impl CredentialProvider for FirstOf {
    async fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>> {
        for provider in &self.0 {
            if let Some(found) = provider.credentials(repository).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
