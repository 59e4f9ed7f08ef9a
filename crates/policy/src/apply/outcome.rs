//! What became of everything that a plan names.

use std::fmt;

use lockage_registry::{Digest, Repository, Tag};

/// What became of one tag or manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fate {
    /// It was deleted, and is gone.
    Deleted,
    /// It was gone already.
    Gone,
    /// The registry took the delete, and it is still to be seen.
    Pending,
    /// The tag holds another digest than the plan says, and stays.
    Moved,
    /// The manifest has a tag that the plan does not know, and stays.
    Retagged,
    /// Somebody runs it by now, and it stays.
    InUse,
    /// Something needs it that is there by now, and it stays.
    Needed,
    /// It was pushed again since it was deleted, and stays.
    Returned,
    /// Something that names it could not be deleted, so it stays.
    HeldBack,
    /// A second plan has to condemn it.
    Quarantined,
    /// Its registry cannot do that.
    Blocked,
    /// Its registry refused, and went on refusing after everything else was gone.
    Refused,
    /// It would be deleted: this was a dry run.
    Due,
}

impl Fate {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Gone => "gone already",
            Self::Pending => "accepted, not yet visible",
            Self::Moved => "moved",
            Self::Retagged => "tagged again",
            Self::InUse => "in use",
            Self::Needed => "needed",
            Self::Returned => "pushed again",
            Self::HeldBack => "held back",
            Self::Quarantined => "in quarantine",
            Self::Blocked => "blocked",
            Self::Refused => "refused",
            Self::Due => "to be deleted",
        }
    }

    /// Whether it is not there any more.
    #[must_use]
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Deleted | Self::Gone)
    }
}

/// What an item is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// A tag, and the digest that it is taken from.
    Tag(Tag, Digest),
    /// A manifest.
    Manifest(Digest),
}

/// One tag or manifest, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Item {
    /// Its repository.
    pub repository: Repository,
    /// What it is.
    pub subject: Subject,
    /// The rule that condemned it, where one did.
    pub rule: Option<String>,
    /// What became of it.
    pub fate: Fate,
    /// Why, where there is more to say.
    pub why: Option<String>,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Tag(tag, _) => write!(f, "{}:{tag}", self.repository)?,
            Subject::Manifest(digest) => write!(f, "{}@{digest}", self.repository)?,
        }
        write!(f, "  {}", self.fate.words())?;
        match &self.why {
            Some(why) => write!(f, ": {why}"),
            None => Ok(()),
        }
    }
}

/// What became of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Everything that the plan names.
    pub items: Vec<Item>,
    /// Tags that were to go with their manifests, and are still to be seen: `repository:tag`.
    pub leftovers: Vec<String>,
}

impl Outcome {
    /// How many have this fate.
    #[must_use]
    pub fn count(&self, fate: Fate) -> usize {
        self.items.iter().filter(|item| item.fate == fate).count()
    }

    /// Whether everything is gone that the plan names.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.leftovers.is_empty() && self.items.iter().all(|item| item.fate.is_gone())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = f.alternate();
        for item in self.items.iter().filter(|item| all || item.fate != Fate::Quarantined) {
            writeln!(f, "{item}")?;
        }
        for tag in &self.leftovers {
            writeln!(f, "{tag}  still there, though its manifest is gone")?;
        }
        let mut fates: Vec<Fate> = self.items.iter().map(|item| item.fate).collect();
        fates.sort_unstable();
        fates.dedup();
        let counts: Vec<String> = fates.iter().map(|fate| format!("{} {}", self.count(*fate), fate.words())).collect();
        f.write_str(if counts.is_empty() { "nothing to do" } else { "" })?;
        f.write_str(&counts.join(", "))
    }
}
