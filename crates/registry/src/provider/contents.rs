//! `Contents`: what manifests say, each read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lockage_tagging::{Digest, Repository};

use crate::inventory::{ListedManifest, row};
use crate::{Result, Source};

/// What manifests say. That never changes, and registries count reading them as pulls: once is enough.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contents(Arc<Mutex<HashMap<Digest, ListedManifest>>>);

impl Contents {
    /// What this one says: one GET where it was never read.
    pub(crate) async fn of(
        &self,
        registry: &impl Source,
        repo: &Repository,
        digest: &Digest,
    ) -> Result<ListedManifest> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let manifest = registry.manifest(repo, &digest.clone().into()).await?;
        let content = row(&manifest, &manifest.view()?);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(digest.clone(), content.clone());
        Ok(content)
    }
}
