//! `PromotionProof`: whether what is in an environment has the evidence that its promotion left.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use lockage_registry::{Digest, Repository, Source};

use super::{Evident, promoted_to};
use crate::GateError;
use crate::pipeline::approval::StatementVerifier;
use crate::pipeline::memory::{Lapse, Proof, Resident};

/// Asks for the evidence of every image that was promoted to where it is, as [`promoted_to`] does; and for that of each of its
/// platforms, which the image's own result names, as what runs in a cluster is a platform's. Of an image that was only found
/// there no promotion can have left any.
///
/// A request for the list of referrers of the image and of each platform, and two for each result on it.
#[derive(Clone, Debug)]
pub struct PromotionProof {
    verifier: Arc<dyn StatementVerifier>,
}

impl PromotionProof {
    /// Takes the word of those whom `verifier` knows.
    pub fn new(verifier: impl StatementVerifier + 'static) -> Self {
        Self { verifier: Arc::new(verifier) }
    }
}

#[async_trait]
impl Proof for PromotionProof {
    async fn lapses(
        &self,
        resident: &Resident,
        source: &dyn Source,
        repository: &Repository,
        now: SystemTime,
    ) -> Result<Vec<Lapse>, GateError> {
        if resident.passed.is_none() {
            return Ok(Vec::new());
        }
        let Resident { digest, environment, .. } = resident;
        let ask =
            async |digest: &Digest| promoted_to(source, repository, digest, environment, &*self.verifier, now).await;
        let found = match ask(digest).await? {
            Evident::Promoted(found) => found,
            other => return Ok(lapse(other, "").into_iter().collect()),
        };
        let mut lapses = Vec::new();
        for platform in found.subjects.iter().filter(|subject| *subject != digest) {
            lapses.extend(lapse(ask(platform).await?, &format!(" on the platform {}", platform.short())));
        }
        Ok(lapses)
    }
}

/// What is missing, or has ended, of what was found on the image, or `on` a part of it.
fn lapse(found: Evident, on: &str) -> Option<Lapse> {
    Some(match found {
        Evident::Promoted(_) => return None,
        Evident::Expired(found) => Lapse::Expired {
            what: format!("the result that {} has signed{on}", found.by.identity),
            since: found.summary.expires.unwrap_or(found.summary.at),
        },
        Evident::Missing { reasons } if reasons.is_empty() => {
            Lapse::Missing { what: format!("the signed result of its promotion{on}") }
        }
        Evident::Missing { reasons } => {
            Lapse::Missing { what: format!("a result of its promotion that counts{on} ({})", reasons.join("; ")) }
        }
    })
}
