//! `PromotionProof`: whether what is in an environment has the evidence that its promotion left.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use lockage_registry::{Repository, Source};

use super::{Evident, promoted_to};
use crate::GateError;
use crate::pipeline::approval::StatementVerifier;
use crate::pipeline::memory::{Lapse, Proof, Resident};

/// Asks for the evidence of every image that was promoted to where it is, as [`promoted_to`] does. Of an image that was only
/// found there no promotion can have left any.
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
        Ok(match promoted_to(source, repository, digest, environment, &*self.verifier, now).await? {
            Evident::Promoted(_) => Vec::new(),
            Evident::Expired(found) => vec![Lapse::Expired {
                what: format!("the result that {} has signed", found.by.identity),
                since: found.summary.expires.unwrap_or(found.summary.at),
            }],
            Evident::Missing { reasons } if reasons.is_empty() => {
                vec![Lapse::Missing { what: "the signed result of its promotion".to_owned() }]
            }
            Evident::Missing { reasons } => {
                vec![Lapse::Missing { what: format!("a result of its promotion that counts ({})", reasons.join("; ")) }]
            }
        })
    }
}
