//! `Entry`: one line of the ledger.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use lockage_registry::{Algorithm, Digest, Tag, digest_of};
use serde::{Deserialize, Serialize};

use super::{LedgerError, rfc3339};
use crate::Clearance;
use crate::pipeline::Name;

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Entry {
    /// What was done.
    #[serde(flatten)]
    pub kind: Kind,
    /// The image that it was done to.
    pub image: Name,
    /// Where; nowhere in particular for what holds everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Name>,
    /// The digest.
    pub digest: Digest,
    /// What the image is known by.
    #[serde(default)]
    pub facts: ImageFacts,
    /// Who did it.
    pub actor: String,
    /// When.
    #[serde(with = "rfc3339")]
    pub at: SystemTime,
    /// The set that it is part of, where several images move together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Arc<SetRecord>>,
    /// The entries that were there and had none behind them.
    #[serde(default)]
    pub parents: Vec<Digest>,
}

/// Images that move together: every entry about one of them names all, so that a set can be gone on with, or taken back, from
/// any of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SetRecord {
    /// The digest of the set.
    pub id: Digest,
    /// Its members.
    pub members: Vec<SetMember>,
}

/// An image of a set, and its way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SetMember {
    /// The image.
    pub image: Name,
    /// The edge.
    pub edge: Name,
    /// The digest that was selected where the edge begins.
    pub digest: Digest,
    /// The release that it is, by its labels or by whoever promotes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
#[non_exhaustive]
pub enum Kind {
    /// An image was moved along an edge, or is about to be.
    Promote {
        /// Whether it is about to, or has.
        phase: Phase,
        /// Where it came from.
        from: Name,
        /// The edge.
        edge: Name,
        /// The digest of the plan.
        plan: Digest,
        /// The tags.
        tags: Vec<TagRecord>,
        /// What the gates found.
        evidence: Arc<[Clearance]>,
        /// The index that the promoted child is of, where a platform was taken alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<Digest>,
    },
    /// An image that had been there was put back.
    Rollback {
        /// Whether it is about to, or has.
        phase: Phase,
        /// Why.
        reason: String,
        /// The edge whose gates were asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edge: Option<Name>,
        /// The digest of the plan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<Digest>,
        /// What was there before, and is denied for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bad: Option<Digest>,
        /// The tags.
        tags: Vec<TagRecord>,
        /// What the gates found.
        #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
        evidence: Arc<[Clearance]>,
    },
    /// An image that is there was found to be, without having been promoted here.
    Observe {
        /// The tags that hold it.
        tags: Vec<TagRecord>,
    },
    /// The digest may move nowhere, or not into this environment, under whatever name, until the image is released.
    Deny {
        /// Why.
        reason: String,
    },
    /// The environment keeps what it has until it is released.
    Hold {
        /// Why.
        reason: String,
        /// Until when, where it ends by itself.
        #[serde(default, with = "rfc3339::option", skip_serializing_if = "Option::is_none")]
        until: Option<SystemTime>,
    },
    /// A denial or a hold ends.
    Release {
        /// Which of the two.
        of: Standing,
        /// Why.
        reason: String,
    },
    /// What was about to arrive was taken back: its tags hold what they held before. A set that was reverted, or a promotion
    /// that was stopped before its first tag moved.
    Revert {
        /// The digest of the set, or of the plan.
        plan: Digest,
        /// Why.
        reason: String,
        /// The tags.
        tags: Vec<TagRecord>,
    },
    /// What follows a promotion was done, a step after it; or a watch after it has found the image to be bad.
    Finish {
        /// The edge that the image came along.
        edge: Name,
        /// The digest of the plan.
        plan: Digest,
        /// The steps, and what they found; [`against`](Clearance::against) the image where it is bad.
        evidence: Arc<[Clearance]>,
    },
    /// The image was deleted from a repository, or archived there, or a tag of it was deleted, by a plan of what a registry
    /// keeps.
    Remove {
        /// The repository: the host and the path.
        repository: String,
        /// Whether the image is gone there, or has only lost the tags.
        whole: bool,
        /// Whether it is in the registry's archive, with its tags: nobody pulls it, and it can be taken out again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        archived: bool,
        /// The plan.
        plan: Digest,
        /// The policy that it was made by.
        policy: Digest,
        /// The rule of the policy, where one decided.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
        /// The tags that went, or that it has in the archive.
        tags: Vec<Tag>,
    },
    /// What was deleted so was put back, or is taken out of the archive.
    Restore {
        /// The repository: the host and the path.
        repository: String,
        /// The plan that had deleted or archived it.
        plan: Digest,
        /// The tags that it had.
        tags: Vec<Tag>,
    },
    /// Gates that did not pass were passed by.
    Override {
        /// The plan that they belong to.
        plan: Digest,
        /// The gates, and what they said.
        gates: BTreeMap<String, String>,
        /// Why.
        reason: String,
    },
}

/// What stands until it is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there are these two")]
pub enum Standing {
    /// Of a digest.
    Denial,
    /// Of an environment.
    Hold,
}

/// Whether something is about to be done, or has been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "before and after")]
pub enum Phase {
    /// About to: a run that is killed leaves this, and goes on from it.
    Intent,
    /// Has been.
    Done,
}

/// A tag that was written, or is about to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct TagRecord {
    /// The tag.
    pub tag: Tag,
    /// Whether it moves, or is created once.
    pub floats: bool,
    /// What it held before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Digest>,
    /// What it holds now, where that is another image than that of the entry: a rollback puts every tag back to what it
    /// held then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<Digest>,
}

/// What an image is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ImageFacts {
    /// The commit that it was built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The release that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The pull request that it was built for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
    /// When it was built.
    #[serde(default, with = "rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub created: Option<SystemTime>,
}

impl Entry {
    /// The largest entry that a ledger takes, in bytes of its JSON, what stands before it not counted. Readers take twice as
    /// much of an entry, and of its seal, which holds the entry in base64.
    pub const MAX_BYTES: u64 = 2 * 1024 * 1024;

    /// An entry about an image, everywhere, without parents.
    pub fn new(kind: Kind, image: Name, digest: Digest, actor: impl Into<String>, at: SystemTime) -> Self {
        let facts = ImageFacts::default();
        Self { kind, image, environment: None, digest, facts, actor: actor.into(), at, set: None, parents: Vec::new() }
    }

    /// The same about one environment.
    #[must_use]
    pub fn in_environment(mut self, environment: Name) -> Self {
        self.environment = Some(environment);
        self
    }

    /// The same with what the image is known by.
    #[must_use]
    pub fn with_facts(mut self, facts: ImageFacts) -> Self {
        self.facts = facts;
        self
    }

    /// The same as part of a set.
    #[must_use]
    pub fn of_set(mut self, set: SetRecord) -> Self {
        self.set = Some(Arc::new(set));
        self
    }

    /// The digest of the entry as it is, parents included.
    ///
    /// # Errors
    /// None that can happen: an entry is always JSON.
    pub fn id(&self) -> Result<Digest, LedgerError> {
        digest_of(Algorithm::Sha256, &json(self)?).map_err(unwritable)
    }

    /// Whether ledgers take it. Every ledger here asks so when it is to append; what else is a [`Ledger`](super::Ledger) should,
    /// too, or nobody may be able to read what it has.
    ///
    /// # Errors
    /// [`LedgerError::Nobody`] where its actor is no name; [`LedgerError::TooLarge`] where it has more than
    /// [`MAX_BYTES`](Self::MAX_BYTES). What stands in a ledger is read all the same.
    pub fn fits(&self) -> Result<(), LedgerError> {
        LedgerError::named(&self.actor)?;
        let bytes = json(self)?.len().saturating_sub(json(&self.parents)?.len());
        LedgerError::fits(bytes, Self::MAX_BYTES)
    }

    /// The tags that it is about.
    #[must_use]
    pub fn tags(&self) -> &[TagRecord] {
        match &self.kind {
            Kind::Promote { tags, .. } | Kind::Rollback { tags, .. } | Kind::Observe { tags } => tags,
            _ => &[],
        }
    }

    /// The digest of the plan that it is of, or of the set; none of what is said without one.
    #[must_use]
    pub fn plan(&self) -> Option<&Digest> {
        match &self.kind {
            Kind::Promote { plan, .. }
            | Kind::Revert { plan, .. }
            | Kind::Finish { plan, .. }
            | Kind::Remove { plan, .. }
            | Kind::Restore { plan, .. }
            | Kind::Override { plan, .. } => Some(plan),
            Kind::Rollback { plan, .. } => plan.as_ref(),
            Kind::Observe { .. } | Kind::Deny { .. } | Kind::Hold { .. } | Kind::Release { .. } => None,
        }
    }

    /// Whether it says that tags are about to move.
    #[must_use]
    pub fn begins(&self) -> bool {
        matches!(&self.kind, Kind::Promote { phase: Phase::Intent, .. } | Kind::Rollback { phase: Phase::Intent, .. })
    }

    /// Whether it says that the image is in its environment from here on.
    #[must_use]
    pub fn arrives(&self) -> bool {
        match &self.kind {
            Kind::Promote { phase, .. } | Kind::Rollback { phase, .. } => *phase == Phase::Done,
            Kind::Observe { .. } => true,
            _ => false,
        }
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, LedgerError> {
    serde_json::to_vec(value).map_err(unwritable)
}

fn unwritable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LedgerError {
    LedgerError::Backend { what: "append to", source: error.into() }
}

impl SetRecord {
    /// The set of this digest.
    #[must_use]
    pub fn new(id: Digest, members: Vec<SetMember>) -> Self {
        Self { id, members }
    }
}

impl SetMember {
    /// An image and its way.
    #[must_use]
    pub fn new(image: Name, edge: Name, digest: Digest) -> Self {
        Self { image, edge, digest, version: None }
    }

    /// The same as this release.
    #[must_use]
    pub fn released_as(mut self, version: Option<String>) -> Self {
        self.version = version;
        self
    }
}

impl TagRecord {
    /// A tag that was created once.
    #[must_use]
    pub fn pin(tag: Tag) -> Self {
        Self { tag, floats: false, former: None, holds: None }
    }

    /// A tag that moved away from what it held.
    #[must_use]
    pub fn float(tag: Tag, former: Option<Digest>) -> Self {
        Self { tag, floats: true, former, holds: None }
    }

    /// The same tag with another image than that of its entry.
    #[must_use]
    pub fn holding(mut self, digest: Digest) -> Self {
        self.holds = Some(digest);
        self
    }
}
