//! The rules of a policy.

use serde::{Deserialize, Serialize};

use super::written::some;
use super::{Age, Glob, Per, TagSelector};

/// Which tags a rule is about: those of a class, in a repository, that a pattern matches. What is left out restricts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// The name of a class.
    pub class: Option<String>,
    /// Repositories.
    pub repo: Option<Glob>,
    /// Tags.
    pub tag: Option<TagSelector>,
}

/// What stays whatever else is said. Exactly one of `for`, `forever` and `in_use` says how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Hold {
    /// The rule's name.
    pub name: String,
    /// The class.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The repositories.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub repo: Option<Glob>,
    /// The tags.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub tag: Option<TagSelector>,
    /// For so long.
    #[serde(default, rename = "for", deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub period: Option<Age>,
    /// From when that is counted.
    #[serde(default)]
    pub from: HoldFrom,
    /// Where it has to have been promoted to, with `from: promoted`; anywhere otherwise.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub to: Option<Glob>,
    /// For as long as the policy says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forever: bool,
    /// For as long as one of these says that somebody runs it: `k8s`, `ledger`. Where one was not asked, everything stays.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub in_use: Option<Vec<String>>,
    /// How many images of each environment count as in use, the current one first. It is for whoever asks.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub history: Option<u32>,
    /// Whether it may be weakened without a word.
    #[serde(default)]
    pub mode: Mode,
    /// What is held with it: always both, so this only says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Include>,
}

/// From when a hold is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum HoldFrom {
    /// From the age of the tag.
    #[default]
    Pushed,
    /// From the first promotion that is known. It holds the image also where no tag points at it any more.
    Promoted,
}

/// Whether a hold may be weakened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Mode {
    /// Like any other rule.
    #[default]
    Governance,
    /// Only by somebody who says that it is meant.
    Compliance,
}

/// What is held with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Include {
    /// The manifests that it names.
    Children,
    /// What speaks about it.
    Referrers,
}

/// What stays whatever rules that delete say. At most one of `newest`, `within` and `pulled_within`; with none, all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Keep {
    /// The rule's name.
    pub name: String,
    /// The class.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The repositories.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub repo: Option<Glob>,
    /// The tags.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub tag: Option<TagSelector>,
    /// So many images of each repository and each group.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub newest: Option<u32>,
    /// What is counted by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub per: Vec<Per>,
    /// Which are the newest.
    #[serde(default)]
    pub order: Order,
    /// What is younger than this.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub within: Option<Age>,
    /// What was pulled no longer ago than this; and everything where that is not known.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub pulled_within: Option<Age>,
}

/// What is newer than what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Order {
    /// What is younger.
    #[default]
    Age,
    /// What has the higher version.
    Semver,
}

/// What goes. All its conditions have to hold; without any, `always` has to be said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Delete {
    /// The rule's name.
    pub name: String,
    /// The class.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The repositories.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub repo: Option<Glob>,
    /// The tags.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub tag: Option<TagSelector>,
    /// What is older than this.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub older_than: Option<Age>,
    /// What has at least so many newer images of the same repository and group.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub beyond: Option<u32>,
    /// What is counted by, and what an event is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub per: Vec<Per>,
    /// Which are the newest.
    #[serde(default)]
    pub order: Order,
    /// What was promoted, so long ago.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub promoted: Option<PromotedTo>,
    /// What something happened to: `pr_closed`.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// How long after the event.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub after: Option<Age>,
    /// What was not pulled for so long; nothing where that is not known.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub unpulled_for: Option<Age>,
    /// Indexes that name manifests that are not there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// All of it. For rules without a condition, so that a forgotten one deletes nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub always: bool,
}

/// A promotion that was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PromotedTo {
    /// The environment or the repository.
    pub to: Glob,
    /// What has to have been found there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<Require>,
    /// How long ago.
    pub after: Age,
}

/// What has to have been found where an image was promoted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Require {
    /// The image, under its digest.
    Digest,
    /// Everything that it names.
    Children,
    /// A signature.
    Signature,
    /// Everything that speaks about it.
    Referrers,
}

/// Which manifests go that no tag and no manifest has to do with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Untagged {
    /// What was pushed longer ago than this.
    pub older_than: Age,
    /// In which repositories.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub repo: Option<Glob>,
}

/// Which manifests go that speak about one that is not there, by their subject or by a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Orphans {
    /// What was pushed longer ago than this.
    pub older_than: Age,
    /// In which repositories.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub repo: Option<Glob>,
}

/// What is looked for besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Check {
    /// A tag of a class that is not mutable, which was seen with another digest.
    pub immutable_moved: Level,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// The plan says so.
    Warning,
    /// The plan says so, and is not executed.
    Error,
}

/// Another system's policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Import {
    /// The system.
    pub from: ImportFrom,
    /// The file, from the folder of the document.
    pub file: String,
    /// Whether nothing more is kept than that system keeps, beside what the document itself holds. For comparisons with it: a
    /// plan by such a document is never executed.
    #[serde(default)]
    pub faithful: bool,
}

/// A system whose policies can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say all")]
pub enum ImportFrom {
    Ecr,
    Gar,
    Harbor,
    Zot,
}

macro_rules! rule {
    ($rule:ident, $($empty:tt)*) => {
        impl $rule {
            /// A rule about every tag, with none of its conditions yet.
            #[must_use]
            pub fn new(name: impl Into<String>) -> Self {
                Self { name: name.into(), class: None, repo: None, tag: None, $($empty)* }
            }

            /// Which tags it is about.
            #[must_use]
            pub fn scope(&self) -> Scope {
                Scope { class: self.class.clone(), repo: self.repo.clone(), tag: self.tag.clone() }
            }
        }
    };
}

rule!(Hold, period: None, from: HoldFrom::Pushed, to: None, forever: false, in_use: None, history: None,
    mode: Mode::Governance, include: Vec::new());
rule!(Keep, newest: None, per: Vec::new(), order: Order::Age, within: None, pulled_within: None);
rule!(Delete, older_than: None, beyond: None, per: Vec::new(), order: Order::Age, promoted: None, event: None, after: None,
    unpulled_for: None, partial: false, always: false);

impl PromotedTo {
    /// What was promoted there so long ago.
    #[must_use]
    pub fn new(to: Glob, after: Age) -> Self {
        Self { to, require: Vec::new(), after }
    }
}

impl Untagged {
    /// What was pushed longer ago than this.
    #[must_use]
    pub fn older_than(age: Age) -> Self {
        Self { older_than: age, repo: None }
    }
}
