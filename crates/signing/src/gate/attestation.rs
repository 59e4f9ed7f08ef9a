//! `AttestationGate`: somebody whom the policy takes has attested the image, and the predicate will do.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use lockage_promote::{Gate, GateContext, GateError, Verdict};
use lockage_registry::Digest;
use serde::Serialize;

use super::{evidence, verdict};
use crate::Policy;
use crate::format::{PredicateType, TypedPredicate};
use crate::verify::{Attestation, Check, Place, Rejection, SignedBy, VerifiedAttestations};

/// Passes where the source has an attestation of one type that meets a policy, and whose predicate a function is content with.
///
/// ```
/// # fn gate(policy: lockage_signing::Policy) -> Result<(), lockage_signing::format::FormatError> {
/// use lockage_signing::format::TypedPredicate;
/// use lockage_signing::gate::AttestationGate;
///
/// let built_by_us = AttestationGate::new(policy, "slsaprovenance1".parse()?).judge(|predicate| match predicate {
///     TypedPredicate::Provenance(provenance) if provenance.builder == "https://ci.acme.example" => Ok(()),
///     other => Err(format!("it was built elsewhere: {other:?}")),
/// });
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct AttestationGate {
    id: String,
    policy: Policy,
    kind: PredicateType,
    judge: Option<Arc<Judge>>,
}

type Judge = dyn Fn(&TypedPredicate, &Attestation, SystemTime) -> Result<(), String> + Send + Sync;

impl AttestationGate {
    /// Asks for an attestation of this type. The gate's name is `attestation` and the type.
    ///
    /// A predicate that cannot be read as its type does not count, whether it is judged or not.
    pub fn new(policy: Policy, predicate_type: PredicateType) -> Self {
        Self { id: format!("attestation {predicate_type}"), policy, kind: predicate_type, judge: None }
    }

    /// Asks this about the predicate too: nothing, or why it will not do.
    pub fn judge(self, judge: impl Fn(&TypedPredicate) -> Result<(), String> + Send + Sync + 'static) -> Self {
        self.judge_at(move |predicate, _, _| judge(predicate))
    }

    /// The same with the attestation, which has the times that are proven, and with the time at which the gate is asked.
    pub fn judge_at(
        mut self,
        judge: impl Fn(&TypedPredicate, &Attestation, SystemTime) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.judge = Some(Arc::new(judge));
        self
    }

    /// Calls the gate something else.
    pub fn named(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }
}

impl fmt::Debug for AttestationGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("AttestationGate");
        shown.field("id", &self.id).field("policy", &self.policy).field("kind", &self.kind);
        shown.field("judges", &self.judge.is_some()).finish()
    }
}

#[async_trait]
impl Gate for AttestationGate {
    fn id(&self) -> &str {
        &self.id
    }

    /// Costs as [`Policy::verify_attestation`]. The evidence has who attested, what was checked, and the digest; predicates,
    /// which may be large, stay where they are.
    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let repo = context.plan.source().repository();
        let judge = |attestation: &Attestation| {
            let predicate = attestation.statement.typed_predicate().map_err(|error| error.to_string())?;
            self.judge.as_ref().map_or(Ok(()), |judge| judge(&predicate, attestation, context.now))
        };
        let digest = context.digest();
        let outcome =
            self.policy.verify_attestation(context.source, repo, digest, &self.kind, &judge, context.now).await;
        verdict(context, outcome, "has no attestation", |verified| {
            let signers = verified.attestations.iter().map(|attestation| &attestation.signer);
            evidence("attested by", signers, &Kept::new(&self.kind, &verified))
        })
    }
}

/// What is kept of a verification.
#[derive(Serialize)]
struct Kept<'v> {
    digest: &'v Digest,
    predicate_type: &'v PredicateType,
    attestations: Vec<KeptOne<'v>>,
    rejected: &'v [Rejection],
    undecided: &'v [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<Kept<'v>>,
}

#[derive(Serialize)]
struct KeptOne<'v> {
    signer: &'v SignedBy,
    place: &'v Place,
    checks: &'v [Check],
    #[serde(serialize_with = "times")]
    times: &'v [SystemTime],
    certificate: &'v BTreeMap<String, String>,
}

/// As a verification writes them.
fn times<S: serde::Serializer>(times: &&[SystemTime], serializer: S) -> Result<S::Ok, S::Error> {
    crate::verify::report::times(times, serializer)
}

impl<'v> Kept<'v> {
    fn new(kind: &'v PredicateType, verified: &'v VerifiedAttestations) -> Self {
        let one = |Attestation { signer, place, checks, times, certificate, .. }: &'v Attestation| KeptOne {
            signer,
            place,
            checks,
            times,
            certificate,
        };
        Self {
            digest: &verified.digest,
            predicate_type: kind,
            attestations: verified.attestations.iter().map(one).collect(),
            rejected: &verified.rejected,
            undecided: &verified.undecided,
            children: verified.children.iter().map(|child| Self::new(kind, child)).collect(),
        }
    }
}
