//! A file with the token, which the platform keeps fresh: Kubernetes' projected tokens, and those for Amazon and Azure.

use std::path::PathBuf;

use async_trait::async_trait;
use tokio::io::AsyncReadExt as _;

use super::{IdentityToken, jwt, no_token};
use crate::client::Secret;
use crate::cloud::service::LIMIT;
use crate::{Error, ErrorKind, Result};

/// The identity in a file, such as `AWS_WEB_IDENTITY_TOKEN_FILE` and `AZURE_FEDERATED_TOKEN_FILE` name. It is read for each
/// token, as it is replaced before it expires. Its audience is whatever it was made for.
#[derive(Clone, Debug)]
pub struct FileIdentity(PathBuf);

impl FileIdentity {
    /// Reads this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

#[async_trait]
impl IdentityToken for FileIdentity {
    async fn token(&self, _audience: &str) -> Result<Secret> {
        let path = self.0.display();
        let failed = |error: std::io::Error| {
            Error::new(ErrorKind::Credentials, "read the identity token of", &path)
                .with_message("the file cannot be read")
                .with_remedy("Mount a token for the cloud's audience there: a projected service account token, say.")
                .with_source(error)
        };
        let mut text = Vec::new();
        let file = tokio::fs::File::open(&self.0).await.map_err(failed)?;
        file.take(LIMIT + 1).read_to_end(&mut text).await.map_err(failed)?;
        let small = text.len() as u64 <= LIMIT;
        let text = String::from_utf8(text).ok().filter(|_| small);
        text.as_deref().and_then(jwt).ok_or_else(|| no_token(&path.to_string()))
    }
}
