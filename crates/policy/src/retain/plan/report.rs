//! A plan as a document: what goes, what stays, and why, by name.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use super::id::{Document, FIELDS, id};
use super::{Action, Plan, Refusal, Verdict, Warning};
use crate::retain::DigestKey;
use crate::retain::graph::{Layer, Reason};

/// A plan as a document. A manifest is `repository@digest`, or `repository@name` where it has a name; a tag is
/// `repository:tag`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Report {
    /// The hash of everything else in here: see [`Report::is_unchanged`].
    pub plan: String,
    /// The hash of the snapshot.
    pub snapshot: String,
    /// The hash of the policy.
    pub policy: String,
    /// The moment that it is for.
    pub now: Timestamp,
    /// Whether it keeps no more than another system would, to be compared with that. Such a plan is never executed.
    pub faithful: bool,
    /// Manifests that are deleted, in order.
    pub delete: Vec<String>,
    /// Manifests that would be deleted, in order, if another system's policy did not ask for a dry run.
    #[serde(default)]
    pub would_delete: Vec<String>,
    /// Manifests that are neither deleted nor archived.
    pub keep: Vec<String>,
    /// Tags that go, those of deleted manifests as well.
    pub delete_tags: Vec<String>,
    /// Tags that stay.
    pub keep_tags: Vec<String>,
    /// Tags that are taken from manifests that stay.
    pub untag: Vec<String>,
    /// Manifests that are archived.
    pub archive: Vec<String>,
    /// What its registry cannot do.
    pub blocked: Vec<String>,
    /// Why, for every tag and every manifest.
    pub reasons: BTreeMap<String, Line>,
    /// What to do, in order.
    pub actions: Vec<Action>,
    /// How many bytes become free, as far as they are known.
    pub bytes: u64,
    /// What stops it.
    pub refusals: Vec<Refusal>,
    /// What whoever wrote the policy might not have meant.
    pub warnings: Vec<Warning>,
}

impl Report {
    /// The id that it has to have: the hash of everything else that it says.
    #[must_use]
    pub fn digest(&self) -> DigestKey {
        id(self)
    }

    /// Whether it says what it said when it was made. Whoever approves a plan approves this id, so that another one is to be
    /// approved for everything that is changed in it: what is done and when, what is kept, where, and why.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.plan == self.digest().to_string()
    }
}

impl Document for Report {
    fn fields<S: SerializeStruct>(&self, document: &mut S) -> Result<(), S::Error> {
        let Self {
            plan: _,
            snapshot,
            policy,
            now,
            faithful,
            delete,
            would_delete,
            keep,
            delete_tags,
            keep_tags,
            untag,
            archive,
            blocked,
            reasons,
            actions,
            bytes,
            refusals,
            warnings,
        } = self;
        document.serialize_field("snapshot", snapshot)?;
        document.serialize_field("policy", policy)?;
        document.serialize_field("now", now)?;
        document.serialize_field("faithful", faithful)?;
        document.serialize_field("delete", delete)?;
        document.serialize_field("would_delete", would_delete)?;
        document.serialize_field("keep", keep)?;
        document.serialize_field("delete_tags", delete_tags)?;
        document.serialize_field("keep_tags", keep_tags)?;
        document.serialize_field("untag", untag)?;
        document.serialize_field("archive", archive)?;
        document.serialize_field("blocked", blocked)?;
        document.serialize_field("reasons", reasons)?;
        document.serialize_field("actions", actions)?;
        document.serialize_field("bytes", bytes)?;
        document.serialize_field("refusals", refusals)?;
        document.serialize_field("warnings", warnings)
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_struct("Report", FIELDS)?;
        document.serialize_field("plan", &self.plan)?;
        self.fields(&mut document)?;
        document.end()
    }
}

/// Why a tag or a manifest stays or goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Line {
    /// What happens to it.
    pub verdict: Verdict,
    /// The layer that decided.
    pub layer: Layer,
    /// The rule, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// For people.
    pub words: String,
}

impl Plan<'_> {
    pub(super) fn line(&self, (verdict, reason): (Verdict, Reason)) -> Line {
        let (layer, rule) = self.rule_of(reason);
        Line { verdict, layer, rule: rule.map(str::to_owned), words: self.words(reason) }
    }

    /// The plan as a document.
    #[must_use]
    pub fn report(&self) -> Report {
        let snapshot = self.snapshot();
        let (mut keep, mut archive, mut blocked) = (Vec::new(), Vec::new(), Vec::new());
        let (mut delete_tags, mut keep_tags, mut untag) = (Vec::new(), Vec::new(), Vec::new());
        let mut reasons = BTreeMap::new();
        for id in snapshot.manifests() {
            let (name, decided) = (snapshot.manifest_reference(id), self.manifest(id));
            match decided.0 {
                Verdict::Delete => {}
                Verdict::Archive => archive.push(name.clone()),
                Verdict::Blocked => {
                    blocked.push(name.clone());
                    keep.push(name.clone());
                }
                _ => keep.push(name.clone()),
            }
            reasons.insert(name, self.line(decided));
        }
        for id in snapshot.tags() {
            let (name, decided) = (snapshot.tag_reference(id), self.tag(id));
            match decided.0 {
                Verdict::Delete => delete_tags.push(name.clone()),
                Verdict::Untag => {
                    delete_tags.push(name.clone());
                    untag.push(name.clone());
                }
                Verdict::Blocked => {
                    blocked.push(name.clone());
                    keep_tags.push(name.clone());
                }
                _ => keep_tags.push(name.clone()),
            }
            reasons.insert(name, self.line(decided));
        }
        Report {
            plan: self.id().to_string(),
            snapshot: snapshot.digest().to_string(),
            policy: self.policy().to_string(),
            now: self.now(),
            faithful: self.is_faithful(),
            delete: self.deletes().iter().map(|id| snapshot.manifest_reference(*id)).collect(),
            would_delete: self.would_delete().iter().map(|id| snapshot.manifest_reference(*id)).collect(),
            keep,
            delete_tags,
            keep_tags,
            untag,
            archive,
            blocked,
            reasons,
            actions: self.actions().collect(),
            bytes: self.bytes(),
            refusals: self.refusals().to_vec(),
            warnings: self.warnings().to_vec(),
        }
    }
}
