//! A plan as a document: what goes, what stays, and why, by name.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Action, Plan, Refusal, Verdict, Warning};
use crate::retain::graph::{Layer, Reason};

/// A plan as a document. A manifest is `repository@digest`, or `repository@name` where it has a name; a tag is
/// `repository:tag`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Report {
    /// The hash of all that it was made from.
    pub plan: String,
    /// The hash of the snapshot.
    pub snapshot: String,
    /// The hash of the policy.
    pub policy: String,
    /// The moment that it is for.
    pub now: Timestamp,
    /// Manifests that are deleted, in order.
    pub delete: Vec<String>,
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
            delete: self.deletes().iter().map(|id| snapshot.manifest_reference(*id)).collect(),
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

impl Serialize for Plan<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.report().serialize(serializer)
    }
}
