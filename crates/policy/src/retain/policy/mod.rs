//! A policy: classes of tags, and rules in layers.

mod age;
mod canonical;
mod check;
mod pattern;
mod rule;
mod selector;
mod written;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::age::{Age, AgeError};
pub use self::check::{PolicyError, PolicyProblem};
pub use self::pattern::{Expression, Glob, PatternError, VersionRange};
pub use self::rule::{
    Check, Delete, Hold, HoldFrom, Import, ImportFrom, Include, Keep, Level, Mode, Order, Orphans, PromotedTo, Require,
    Scope, Untagged,
};
pub use self::selector::{Per, TagSelector};

pub(super) use self::pattern::{Captured, version};

use self::written::some;

/// What stays and what goes.
///
/// Four layers decide about a tag, and the first that says something does: a hold, a rule that keeps, a rule that deletes; and
/// where none says anything, the tag stays. The order of the rules of a layer means nothing.
///
/// ```
/// use lockage_policy::retain::Policy;
///
/// let policy: Policy = serde_json::from_str(r#"{
///     "version": 1,
///     "classes": { "pr": { "tag": { "regex": "pr-(?<pr>[0-9]+)-[0-9a-f]{7,40}" } } },
///     "grace": "15m",
///     "delete": [{ "name": "superseded", "class": "pr", "beyond": 1, "per": ["pr"] }]
/// }"#)?;
/// assert_eq!(policy.delete.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Policy {
    /// What tags are called together.
    pub classes: BTreeMap<String, Class>,
    /// What stays whatever else is said, by name.
    pub hold: Vec<Hold>,
    /// What stays whatever rules that delete say, by name.
    pub keep: Vec<Keep>,
    /// What goes, by name.
    pub delete: Vec<Delete>,
    /// Which manifests go that no tag and no manifest has to do with.
    pub untagged: Option<Untagged>,
    /// Which manifests go that speak about one that is not there.
    pub orphans: Option<Orphans>,
    /// How long nothing is done to what is new.
    pub grace: Option<Age>,
    /// From when a tag's age is counted.
    pub basis: Basis,
    /// Whether a tag may be taken from a manifest that stays.
    pub untag: Untag,
    /// What stops a plan.
    pub guards: Guards,
    /// What is looked for besides.
    pub checks: Vec<Check>,
    /// Another system's policy that decides in place of the rules that keep and delete.
    pub import: Option<Import>,
    pub(super) _checked: Checked,
}

/// That a policy was checked as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checked;

/// Tags that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// In which repositories; in all of them otherwise.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub repo: Option<Glob>,
    /// Which tags; all of them otherwise.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub tag: Option<TagSelector>,
    /// Whether such a tag is meant to be moved, where that is said.
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub mutable: Option<bool>,
}

/// From when a tag's age is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Basis {
    /// From the later one of when the tag was moved and when its manifest was pushed. Where no move is known, from the push:
    /// many registries tell none. Where no push is known, nothing is.
    #[default]
    Latest,
    /// From when the tag was moved; where that is not known, from when its manifest was pushed.
    Moved,
    /// From when its manifest was pushed.
    Pushed,
    /// From when its manifest says that it was made. Reproducible builds all say 1970, which is as if they said nothing.
    Created,
}

/// Whether a tag may be taken from a manifest that stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Untag {
    /// As far as its registry can.
    #[default]
    Allowed,
    /// Never: it stays, and the plan says that it is blocked.
    Never,
}

/// What stops a plan before anything is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Guards {
    /// The most manifests that one plan may delete.
    #[serde(deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub max_delete: Option<u64>,
    /// The largest part of all manifests that one plan may delete.
    #[serde(deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    pub max_delete_ratio: Option<f64>,
    /// How many manifests with a tag have to stay in each repository of which something is deleted, or all where it has fewer.
    pub min_survivors: u64,
}

impl Default for Guards {
    fn default() -> Self {
        Self { max_delete: None, max_delete_ratio: None, min_survivors: 1 }
    }
}

/// A policy as a document has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a policy")]
struct Written {
    version: u32,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    classes: BTreeMap<String, Class>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hold: Vec<Hold>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keep: Vec<Keep>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    delete: Vec<Delete>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    untagged: Option<Untagged>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    orphans: Option<Orphans>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    grace: Option<Age>,
    #[serde(default)]
    basis: Basis,
    #[serde(default)]
    untag: Untag,
    #[serde(default)]
    guards: Guards,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    checks: Vec<Check>,
    #[serde(default, deserialize_with = "some", skip_serializing_if = "Option::is_none")]
    import: Option<Import>,
}

impl TryFrom<Written> for Policy {
    type Error = PolicyError;

    fn try_from(written: Written) -> Result<Self, PolicyError> {
        if written.version != 1 {
            return Err(PolicyError::new("version", PolicyProblem::Version(written.version)));
        }
        let policy = Self {
            classes: written.classes,
            hold: written.hold,
            keep: written.keep,
            delete: written.delete,
            untagged: written.untagged,
            orphans: written.orphans,
            grace: written.grace,
            basis: written.basis,
            untag: written.untag,
            guards: written.guards,
            checks: written.checks,
            import: written.import,
            _checked: Checked,
        };
        policy.checked()
    }
}

impl From<Policy> for Written {
    fn from(policy: Policy) -> Self {
        Self {
            version: 1,
            classes: policy.classes,
            hold: policy.hold,
            keep: policy.keep,
            delete: policy.delete,
            untagged: policy.untagged,
            orphans: policy.orphans,
            grace: policy.grace,
            basis: policy.basis,
            untag: policy.untag,
            guards: policy.guards,
            checks: policy.checks,
            import: policy.import,
        }
    }
}

impl Policy {
    /// One that keeps everything.
    #[must_use]
    pub fn keep_everything() -> Self {
        Self {
            classes: BTreeMap::new(),
            hold: Vec::new(),
            keep: Vec::new(),
            delete: Vec::new(),
            untagged: None,
            orphans: None,
            grace: None,
            basis: Basis::default(),
            untag: Untag::default(),
            guards: Guards::default(),
            checks: Vec::new(),
            import: None,
            _checked: Checked,
        }
    }

    /// The class of a rule; every tag where it names none.
    pub(super) fn class(&self, scope: &Scope) -> Option<&Class> {
        self.classes.get(scope.class.as_ref()?)
    }
}
