//! What became of everything that a plan names.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use lockage_registry::{Digest, Repository, Tag};

use lockage_tagging::OneLine;

/// What became of one tag or manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fate {
    /// It was deleted, and is gone.
    Deleted,
    /// It is in the archive, with its tags: it is there, and pulled by nobody until it is taken out again.
    Archived,
    /// It was gone already.
    Gone,
    /// The registry took the request, and what came of it is still to be seen.
    Pending,
    /// The tag holds another digest than the plan says, and stays.
    Moved,
    /// The manifest has a tag that the plan does not know, and stays.
    Retagged,
    /// Somebody runs it by now, and it stays.
    InUse,
    /// A legal hold is on it by now, and it stays.
    Held,
    /// Something needs it that is there by now, and it stays.
    Needed,
    /// It was pushed again since it was deleted or archived, or taken out of the archive, and stays.
    Returned,
    /// Something that has to go before it is still there, so it stays.
    HeldBack,
    /// A second plan has to condemn it.
    Quarantined,
    /// Its registry cannot do that.
    Blocked,
    /// Its registry refused, and went on refusing after everything else was gone.
    Refused,
    /// It would be deleted, or archived: this was a dry run.
    Due,
}

/// How something is taken from those who pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Way {
    /// It is deleted.
    Delete,
    /// It is put into the archive, from which it comes back.
    Archive,
}

impl Fate {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Archived => "archived",
            Self::Gone => "gone already",
            Self::Pending => "accepted, not yet visible",
            Self::Moved => "moved",
            Self::Retagged => "tagged again",
            Self::InUse => "in use",
            Self::Held => "held",
            Self::Needed => "needed",
            Self::Returned => "pushed again",
            Self::HeldBack => "held back",
            Self::Quarantined => "in quarantine",
            Self::Blocked => "blocked",
            Self::Refused => "refused",
            Self::Due => "to be deleted",
        }
    }

    /// Whether it is not there any more. What is archived is.
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
    /// What the plan does with it.
    pub way: Way,
    /// The rule that condemned it, where one did.
    pub rule: Option<String>,
    /// What became of it.
    pub fate: Fate,
    /// Why, where there is more to say.
    pub why: Option<String>,
}

impl Item {
    /// What became of it, for people.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match (self.fate, self.way) {
            (Fate::Due, Way::Archive) => "to be archived",
            (fate, _) => fate.words(),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Tag(tag, _) => write!(f, "{}:{tag}", self.repository)?,
            Subject::Manifest(digest) => write!(f, "{}@{digest}", self.repository)?,
        }
        write!(f, "  {}", self.words())?;
        match &self.why {
            Some(why) => write!(f, ": {}", OneLine(why)),
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
    /// How long what is in quarantine waits, where a run wrote that down: a dry run does not.
    pub wait: Option<Wait>,
}

/// How long something waits for a second plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// The moment of the first plan that condemned it; of several things, the first such moment.
    pub since: Timestamp,
    /// A plan of a later moment may take it; of several things, all of them.
    pub until: Timestamp,
}

impl Wait {
    /// Both together.
    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        Self { since: self.since.min(other.since), until: self.until.max(other.until) }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { since, until } = self;
        write!(f, "first condemned by a plan of {since}. Plan again after {until} and apply that plan.")
    }
}

impl Outcome {
    /// How many have this fate.
    #[must_use]
    pub fn count(&self, fate: Fate) -> usize {
        self.items.iter().filter(|item| item.fate == fate).count()
    }

    /// Whether everything is gone that the plan deletes, and in the archive what it archives.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_done = |item: &Item| item.fate.is_gone() || item.fate == Fate::Archived;
        self.leftovers.is_empty() && self.items.iter().all(is_done)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = f.alternate();
        for item in self.items.iter().filter(|item| all || item.fate != Fate::Quarantined) {
            writeln!(f, "{item}")?;
        }
        for tag in &self.leftovers {
            writeln!(f, "{}  still there, though its manifest is gone", OneLine(tag))?;
        }
        let mut fates = BTreeMap::new();
        for item in &self.items {
            let words = item.words();
            fates.entry((item.fate, words)).and_modify(|count| *count += 1).or_insert(1_usize);
        }
        let counts: Vec<String> = fates.iter().map(|((_, words), count)| format!("{count} {words}")).collect();
        f.write_str(if counts.is_empty() { "nothing to do" } else { "" })?;
        f.write_str(&counts.join(", "))?;
        self.wait.map_or(Ok(()), |wait| write!(f, "\nin quarantine: {wait}"))
    }
}
