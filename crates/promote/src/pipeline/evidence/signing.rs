//! `EvidenceSigning`: who signs evidence, who knows it again, and for how long it counts.

use std::sync::Arc;
use std::time::Duration;

use crate::pipeline::approval::{StatementSigner, StatementVerifier};

/// Who signs evidence, and how.
#[derive(Clone, Debug)]
#[must_use]
pub struct EvidenceSigning {
    pub(super) id: String,
    pub(super) signer: Arc<dyn StatementSigner>,
    pub(super) verifier: Arc<dyn StatementVerifier>,
    pub(super) max_age: Option<Duration>,
    pub(super) valid_for: Option<Duration>,
    pub(super) levels: Option<Vec<String>>,
}

impl EvidenceSigning {
    /// Signs by `signer`, in the name of the verifier whose URI is `id`; `verifier` knows the signer, and nobody else whose
    /// evidence would be used again.
    pub fn new(
        id: impl Into<String>,
        signer: impl StatementSigner + 'static,
        verifier: impl StatementVerifier + 'static,
    ) -> Self {
        Self {
            id: id.into(),
            signer: Arc::new(signer),
            verifier: Arc::new(verifier),
            max_age: None,
            valid_for: None,
            levels: None,
        }
    }

    /// Uses no evidence again that is older; unless said otherwise it may be as old as it likes, until it ends by itself.
    pub fn max_age(self, max_age: Duration) -> Self {
        Self { max_age: Some(max_age), ..self }
    }

    /// What is signed counts for so long, and says so.
    pub fn valid_for(self, time: Duration) -> Self {
        Self { valid_for: Some(time), ..self }
    }

    /// Signs a SLSA Verification Summary too, with these levels where all gates have passed: `SLSA_BUILD_LEVEL_3`, if a gate
    /// has verified just that.
    pub fn with_vsa<L: Into<String>>(self, levels: impl IntoIterator<Item = L>) -> Self {
        Self { levels: Some(levels.into_iter().map(Into::into).collect()), ..self }
    }
}
