//! `StaticCredentials`: logins that are known beforehand.

use std::collections::BTreeMap;

use async_trait::async_trait;
use lockage_tagging::{Host, Repository};

use super::{CredentialProvider, Credentials};
use crate::Result;

/// Credentials known beforehand, by host. Empty, it is "no credentials".
#[derive(Clone, Debug, Default)]
pub struct StaticCredentials(BTreeMap<Host, Credentials>);

impl StaticCredentials {
    /// No credentials.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses `credentials` for `host`.
    #[must_use]
    pub fn with(mut self, host: Host, credentials: Credentials) -> Self {
        self.0.insert(host, credentials);
        self
    }
}

#[async_trait]
impl CredentialProvider for StaticCredentials {
    async fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>> {
        Ok(self.0.get(repository.host()).cloned())
    }
}
