//! `SupersededGate`: nothing older replaces what is newer.

use async_trait::async_trait;
use semver::Version;
use serde_json::json;

use super::along;
use crate::ledger::ImageFacts;
use crate::{Evidence, Gate, GateContext, GateError, Promoted, Verdict};

/// Refuses an image that is older than what is current where it goes: by its version where both have one, else by the
/// ledger, where it was there and was replaced, else by when both were built. On a rollback it is not asked. Placed as
/// advisory, it notes and does not refuse.
///
/// Whatever is not known of the two is not held against the image, and said.
#[derive(Clone, Debug)]
#[must_use]
pub struct SupersededGate {
    id: String,
}

impl Default for SupersededGate {
    fn default() -> Self {
        Self::new()
    }
}

impl SupersededGate {
    /// The gate `superseded`.
    pub fn new() -> Self {
        Self { id: "superseded".to_owned() }
    }

    /// Gives the gate another name than `superseded`.
    pub fn named(self, id: impl Into<String>) -> Self {
        Self { id: id.into() }
    }
}

fn version(facts: &ImageFacts) -> Option<Version> {
    let text = facts.version.as_ref()?;
    Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()
}

#[async_trait]
impl Gate for SupersededGate {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let Promoted { passage, chronicle, .. } = along(context)?;
        let (image, to, digest) = (&passage.pinned.image, &passage.to, passage.digest());
        let pass = |summary: String| Ok(Verdict::Pass(Evidence::new(summary)));
        let Some(current) = chronicle.current(image, to).map(|recorded| &recorded.entry) else {
            return pass(format!("nothing is in {to}"));
        };
        if current.digest == *digest {
            return pass(format!("it is in {to}"));
        }
        let there = format!("{} in {to}", current.digest.short());
        let (facts, theirs) = (&passage.pinned.facts, &current.facts);
        if let (Some(own), Some(other)) = (version(facts), version(theirs)) {
            return match own < other {
                true => Ok(Verdict::fail(format!("version {own} is older than {other}, {there}"))),
                false => pass(format!("version {own} is not older than {other}, {there}")),
            };
        }
        if chronicle.was_in(image, to, digest) {
            return Ok(Verdict::fail(format!("it was in {to} and was replaced since by {there}")));
        }
        match (facts.created, theirs.created) {
            (Some(own), Some(other)) if own < other => {
                Ok(Verdict::fail(format!("it was built before what is there, {there}")))
            }
            (Some(_), Some(_)) => {
                let details = json!({ "current": current.digest });
                let summary = format!("it was not built before {there}");
                Ok(Verdict::Pass(Evidence::new(summary).with_details(details)))
            }
            _ => pass(format!("nobody knows which of the two is older, it or {there}")),
        }
    }
}
