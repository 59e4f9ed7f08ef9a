//! `SbomGate`: there is a bill of materials for every platform.

use async_trait::async_trait;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::json;

use super::sbom_found::Search;
use super::{judged, platforms};
use crate::{Evidence, Gate, GateContext, GateError, Verdict};

const AT_ONCE: usize = 8;

/// Fails where a platform has no bill of materials, and says which.
///
/// It looks at what is attached to the platform's manifest (SPDX or CycloneDX, plain or as an in-toto statement, signed or
/// not), at `BuildKit`'s attestations within the index, and at cosign's `.sbom` and `.att` tags. What says of itself what it
/// is about has to be about this platform. One that is attached to the index alone says nothing of a platform.
///
/// That it is there is all that is asked: who made it is for a signature gate.
#[derive(Clone, Debug)]
#[must_use]
pub struct SbomGate {
    id: String,
}

impl Default for SbomGate {
    fn default() -> Self {
        Self::new()
    }
}

impl SbomGate {
    /// The gate `sbom`.
    pub fn new() -> Self {
        Self { id: "sbom".to_owned() }
    }

    /// Gives the gate another name than `sbom`.
    pub fn named(self, id: impl Into<String>) -> Self {
        Self { id: id.into() }
    }
}

#[async_trait]
impl Gate for SbomGate {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let (repo, platforms) = platforms(context)?;
        // A platform that is promoted alone leaves its index behind, and may still be described there.
        let root = super::along(context)?.passage.pinned.digest();
        let search = Search::of(context.source, repo, root).await?;
        let found = platforms.iter().cloned().map(|one| {
            let search = &search;
            async move {
                let found = search.find(&one.manifest).await?;
                Ok::<_, GateError>((one, found))
            }
        });
        let found: Vec<_> = stream::iter(found).buffered(AT_ONCE).try_collect().await?;
        let (mut reasons, mut details) = (Vec::new(), Vec::new());
        for (one, sbom) in found {
            match sbom {
                Some(sbom) => details.push(json!({
                    "platform": one.platform.to_string(),
                    "manifest": one.manifest,
                    "sbom": sbom.digest,
                    "found": sbom.by,
                })),
                None => reasons.push(format!("{}: no SBOM was found for {}", one.platform, one.manifest)),
            }
        }
        Ok(judged(reasons, || {
            let summary = format!("an SBOM for {}", crate::human::Many(details.len(), "platform"));
            Evidence::new(summary).with_details(json!({ "sboms": details }))
        }))
    }
}
