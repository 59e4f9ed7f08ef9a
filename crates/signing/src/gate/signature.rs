//! `SignatureGate`: the image is signed by whom the policy asks for.

use async_trait::async_trait;
use lockage_promote::{Gate, GateContext, GateError, OnRollback, Verdict};

use super::{evidence, verdict};
use crate::Policy;

/// Passes where the source has signatures of the image that meet a policy.
///
/// ```no_run
/// # use lockage_signing::policy::PolicyError;
/// # fn gated(copy: lockage_promote::ImageCopy<'_>, key: impl lockage_signing::Verifier + 'static) -> Result<(), PolicyError> {
/// use lockage_promote::Promotion;
/// use lockage_signing::Policy;
/// use lockage_signing::gate::SignatureGate;
///
/// let policy = Policy::builder().key(key).claim("env", "staging").build()?;
/// let promotion = Promotion::of(copy).gate(SignatureGate::new(policy));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SignatureGate {
    id: String,
    policy: Policy,
}

impl SignatureGate {
    /// Asks for this. The gate's name is `signature`.
    pub fn new(policy: Policy) -> Self {
        Self { id: "signature".to_owned(), policy }
    }

    /// Calls the gate something else, where a promotion has several.
    pub fn named(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }
}

#[async_trait]
impl Gate for SignatureGate {
    fn id(&self) -> &str {
        &self.id
    }

    /// Costs as [`Policy::verify`]. The evidence has who signed, what was checked of each signature, and the digest.
    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let repo = context.plan.source().repository();
        let outcome = self.policy.verify(context.source, repo, context.digest(), context.now).await;
        verdict(context, outcome, "is not signed", |verified| {
            evidence("signed by", verified.accepted.iter().map(|accepted| &accepted.signer), &verified)
        })
    }

    /// Whatever goes back is signed as whatever comes.
    fn on_rollback(&self) -> OnRollback {
        OnRollback::Always
    }
}
