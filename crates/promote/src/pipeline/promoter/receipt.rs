//! `PassageReceipt`: what was done.

use std::fmt;

use lockage_registry::{Digest, Reference, Tag};
use serde::Serialize;

use crate::pipeline::evidence::EvidenceReceipt;
use crate::pipeline::{Name, Passage};
use crate::{Clearance, Receipt};
use lockage_tagging::OneLine;

/// What was done so that an image passed along an edge.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct PassageReceipt {
    /// The digest that is there now.
    pub digest: Digest,
    /// The environment.
    pub environment: Name,
    /// What was planned.
    pub passage: Passage,
    /// The digest of the plan.
    pub plan: Digest,
    /// The copy.
    pub copy: Receipt,
    /// The tags that were created once, or were there.
    pub pins: Vec<WrittenTag>,
    /// The tags that moved, or were there.
    pub floats: Vec<WrittenTag>,
    /// What the gates found.
    pub evidence: Vec<Clearance>,
    /// What is signed and attached to the image; none where nobody was given to sign it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attached: Option<EvidenceReceipt>,
    /// The steps before and after, those included that a run before this one has done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Clearance>,
    /// The entry of the ledger; none where it said so already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<Digest>,
    /// What went wrong beside the promotion, which is done: a lease that could not be given back, somebody who could not be
    /// told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
}

/// What went wrong beside a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Trouble {
    /// With what: the lease, or a sink.
    pub with: String,
    /// What.
    pub why: String,
}

impl Trouble {
    pub(crate) fn new(with: impl Into<String>, why: impl Into<String>) -> Self {
        Self { with: with.into(), why: why.into() }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", OneLine(&self.with), OneLine(&self.why))
    }
}

/// A tag, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct WrittenTag {
    /// The tag.
    pub tag: Tag,
    /// Whether it was written; false where it held the image already.
    pub written: bool,
    /// What it held before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former: Option<Digest>,
}

impl PassageReceipt {
    /// Every name that the image has there now: `repository:tag@digest`, which is what to deploy.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        let repository = Reference::new(self.copy.target().repository().clone()).with_digest(self.digest.clone());
        let tags = self.pins.iter().chain(&self.floats);
        tags.map(|written| repository.clone().with_tag(written.tag.clone())).collect()
    }
}

impl fmt::Display for PassageReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.copy)?;
        for (word, written) in
            self.pins.iter().map(|tag| ("pin", tag)).chain(self.floats.iter().map(|tag| ("float", tag)))
        {
            let former = written.former.as_ref().map_or("none".to_owned(), |digest| digest.short().to_owned());
            let outcome = match written.written {
                true => format!("{former} → {}", self.digest.short()),
                false => "holds it".to_owned(),
            };
            write!(f, "\n  {word:<5}  {}  {outcome}", written.tag)?;
        }
        match &self.attached {
            Some(attached) => write!(f, "\n  {attached}")?,
            None => write!(f, "\n  nothing is signed: nobody was given to sign it")?,
        }
        self.steps.iter().try_for_each(|step| write!(f, "\n  {step}"))?;
        self.troubles.iter().try_for_each(|trouble| write!(f, "\n  trouble  {trouble}"))
    }
}
