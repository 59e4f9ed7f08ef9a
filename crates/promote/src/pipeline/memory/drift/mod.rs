//! Drift: what an environment has, and what the ledger says that it has.

mod heal;
mod look;
mod overtaken;
mod pin_only;

use std::fmt::{self, Debug};
use std::time::SystemTime;

use async_trait::async_trait;
use lockage_registry::{Digest, Repository, Source, Tag};
use serde::Serialize;

use super::Resident;
use super::ago::{Absolute, Since};
use super::{By, DeniedTag};
use crate::GateError;
use crate::ledger::rfc3339;
use crate::pipeline::{LeftTag, Name, Trouble, WrittenTag};
use lockage_tagging::OneLine;

/// Where an environment is not what the ledger says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Drift {
    /// The environment.
    pub environment: Name,
    /// When this was found.
    #[serde(with = "rfc3339")]
    pub found: SystemTime,
    /// The images that are not as they are said to be.
    pub images: Vec<Drifted>,
    /// Tags that were found to hold what somebody has denied, those that move and pins that were moved: by itself no
    /// deviation, and nothing to be left so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<DeniedTag>,
    /// Images that could not be looked at: nothing is known of them.
    pub unread: Vec<Unread>,
    /// How many images were looked at: all that the ledger speaks of, in any environment, and no other.
    pub looked: usize,
}

/// An image that is not as it is said to be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Drifted {
    /// The image.
    pub image: Name,
    /// Where it is.
    pub repository: Repository,
    /// What is there, by the ledger.
    pub digest: Option<Digest>,
    /// What is otherwise.
    pub deviations: Vec<Deviation>,
}

/// One thing that is not as it is said to be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "drift")]
#[non_exhaustive]
pub enum Deviation {
    /// A tag holds another image: it was moved outside the pipeline.
    TagMoved {
        /// The tag.
        tag: Tag,
        /// Whether it may move at all.
        floats: bool,
        /// What it holds by the ledger.
        recorded: Digest,
        /// Since when, by the ledger: it was moved after this.
        #[serde(with = "rfc3339")]
        since: SystemTime,
        /// What it holds.
        found: Digest,
        /// Who made it hold what is recorded.
        by: String,
        /// By which plan, where there was one.
        #[serde(skip_serializing_if = "Option::is_none")]
        plan: Option<Digest>,
    },
    /// A tag is gone.
    TagGone {
        /// The tag.
        tag: Tag,
        /// Whether it may move at all.
        floats: bool,
        /// What it holds by the ledger.
        recorded: Digest,
        /// Since when, by the ledger: it was deleted after this.
        #[serde(with = "rfc3339")]
        since: SystemTime,
        /// Who made it hold what is recorded.
        by: String,
        /// By which plan, where there was one.
        #[serde(skip_serializing_if = "Option::is_none")]
        plan: Option<Digest>,
    },
    /// A tag holds an image that has never come here, by the ledger.
    Unrecorded {
        /// The tag.
        tag: Tag,
        /// What it holds.
        found: Digest,
    },
    /// The same of a tag that is created once, and that the environment would give to this image, which is in one before it. A
    /// promotion that stopped before any tag moved leaves just this, and promoting the image ends it. Who made the tag is not
    /// recorded, so that somebody else may have.
    PinOnly {
        /// The tag.
        tag: Tag,
        /// What it holds.
        found: Digest,
        /// An environment before this one that has the image.
        from: Name,
    },
    /// A promotion or a rollback was begun and came to no end: its run was killed, or goes on.
    Unfinished {
        /// The image that was to be there.
        digest: Digest,
        /// Its entry.
        entry: Digest,
        /// When it was begun.
        #[serde(with = "rfc3339")]
        since: SystemTime,
        /// Who began it.
        by: String,
        /// By which plan, where there was one.
        #[serde(skip_serializing_if = "Option::is_none")]
        plan: Option<Digest>,
        /// What healing does about it.
        course: Course,
    },
    /// Evidence of what is there is missing.
    EvidenceMissing {
        /// Which.
        what: String,
        /// Who promoted it.
        by: String,
        /// By which plan.
        #[serde(skip_serializing_if = "Option::is_none")]
        plan: Option<Digest>,
    },
    /// Evidence of what is there is too old.
    EvidenceExpired {
        /// Which.
        what: String,
        /// Since when.
        #[serde(with = "rfc3339")]
        since: SystemTime,
        /// Who promoted it.
        by: String,
        /// By which plan.
        #[serde(skip_serializing_if = "Option::is_none")]
        plan: Option<Digest>,
    },
}

/// Where what was begun goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "goes")]
#[non_exhaustive]
pub enum Course {
    /// On, to its recorded end.
    On,
    /// Back: it was denied or held since, or another move came between.
    Back {
        /// Why.
        why: String,
    },
}

/// An image that could not be looked at, or not be healed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Unread {
    /// The image.
    pub image: Name,
    /// Why.
    pub error: String,
}

/// What became of a [`Drift`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Healed {
    /// The environment.
    pub environment: Name,
    /// The images that are as they are said to be again, as far as that could be done.
    pub images: Vec<HealedImage>,
    /// Images that could not be healed.
    pub failed: Vec<Unread>,
}

/// What was done for one image.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct HealedImage {
    /// The image.
    pub image: Option<Name>,
    /// The tags that hold again what they are said to hold.
    pub tags: Vec<WrittenTag>,
    /// The tags that do not, and why.
    pub left: Vec<LeftTag>,
    /// The entry by which what was begun came to its end.
    pub finished: Option<Digest>,
    /// The entry that says that tags were put back.
    pub entry: Option<Digest>,
    /// What went wrong beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
}

/// Knows which evidence has to be there.
#[async_trait]
pub trait Proof: Debug + Send + Sync {
    /// What is missing of the evidence of what is there, or too old.
    ///
    /// # Errors
    /// Whatever keeps it from knowing: a list that cannot be read is not empty.
    async fn lapses(
        &self,
        resident: &Resident,
        source: &dyn Source,
        repository: &Repository,
        now: SystemTime,
    ) -> Result<Vec<Lapse>, GateError>;
}

/// Evidence that is not there, or not any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lapse {
    /// It is missing.
    Missing {
        /// Which.
        what: String,
    },
    /// It is too old.
    Expired {
        /// Which.
        what: String,
        /// Since when.
        since: SystemTime,
    },
}

impl Drift {
    /// Whether everything that could be looked at is as the ledger says, and everything could be.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.images.is_empty() && self.unread.is_empty()
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (environment, found) = (&self.environment, Absolute(self.found));
        let looked = crate::human::Many(self.looked, "image");
        write!(f, "{environment}  looked at {looked} of the ledger at {found}")?;
        if self.is_none() {
            f.write_str("\n  as the ledger says")?;
        }
        for one in &self.images {
            write!(f, "\n  {}  {}", one.image, one.repository)?;
            one.deviations.iter().try_for_each(|deviation| write!(f, "\n    {}", Told(deviation, self.found)))?;
        }
        for one in &self.denied {
            write!(f, "\n  {}  {}", one.image, one.told(true, self.found))?;
        }
        self.unread
            .iter()
            .try_for_each(|one| write!(f, "\n  {}  could not be looked at: {}", one.image, OneLine(&one.error)))
    }
}

/// A deviation, as it is told at a time.
struct Told<'d>(&'d Deviation, SystemTime);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = self.1;
        match self.0 {
            Deviation::TagMoved { tag, floats, recorded, since, found, by, plan } => {
                let pin = if *floats { "" } else { ", and is created once" };
                let (from, to) = (recorded.short(), found.short());
                let (since, by) = (Since(*since, now), By(by, plan.as_ref()));
                write!(f, "moved       {tag}: {from} → {to} outside the pipeline; recorded {since} {by}{pin}")
            }
            Deviation::TagGone { tag, recorded, since, by, plan, .. } => {
                let (since, by) = (Since(*since, now), By(by, plan.as_ref()));
                write!(f, "gone        {tag}: it held {}, recorded {since} {by}", recorded.short())
            }
            Deviation::Unrecorded { tag, found } => {
                write!(f, "unrecorded  {tag}: {found}, which never came here by the ledger")
            }
            Deviation::PinOnly { tag, found, from } => {
                write!(f, "pin only    {tag}: {found}, of {from}, ")?;
                f.write_str("as a promotion leaves it that stopped before any tag moved; promote it, or delete the tag")
            }
            Deviation::Unfinished { digest, since, by, plan, course, .. } => {
                let (since, by) = (Since(*since, now), By(by, plan.as_ref()));
                write!(f, "unfinished  {} was begun {since} {by} and came to no end", digest.short())?;
                match course {
                    Course::On => f.write_str("; to be gone on with"),
                    Course::Back { why } => write!(f, "; to be taken back: {}", OneLine(why)),
                }
            }
            Deviation::EvidenceMissing { what, by, plan } => {
                write!(f, "evidence    {} is missing; promoted {}", OneLine(what), By(by, plan.as_ref()))
            }
            Deviation::EvidenceExpired { what, since, by, plan } => {
                let (since, by) = (Since(*since, now), By(by, plan.as_ref()));
                write!(f, "evidence    {} is too old since {since}; promoted {by}", OneLine(what))
            }
        }
    }
}

impl fmt::Display for Healed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.environment)?;
        for one in &self.images {
            let image = one.image.as_ref().map_or("", Name::as_str);
            if one.finished.is_some() {
                write!(f, "\n  {image}  what was begun has come to its end")?;
            }
            for tag in one.tags.iter().filter(|tag| tag.written) {
                write!(f, "\n  {image}  {} put back", tag.tag)?;
            }
            one.left.iter().try_for_each(|left| write!(f, "\n  {image}  {} left: {}", left.tag, OneLine(&left.why)))?;
            one.troubles.iter().try_for_each(|trouble| write!(f, "\n  {image}  trouble: {trouble}"))?;
        }
        self.failed
            .iter()
            .try_for_each(|one| write!(f, "\n  {}  could not be healed: {}", one.image, OneLine(&one.error)))
    }
}
