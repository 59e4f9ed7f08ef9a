//! What many entries say is kept once: names, digests, tags, what gates found, sets.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;

use lockage_registry::{Digest, Tag};

use crate::Clearance;
use crate::ledger::{Entry, Kind, Recorded, SetRecord, TagRecord};
use crate::pipeline::Name;

/// What the entries say that are read together. Entries that have gone through it share what they say alike: a promotion is
/// told twice, about an image that was told of before, in an environment that all others are in as well. It is dropped when
/// they have been read; what they share stays.
#[derive(Debug, Default)]
pub(super) struct Pool {
    digests: HashSet<Digest>,
    names: HashSet<Name>,
    tags: HashSet<Tag>,
    sets: BTreeMap<Digest, Arc<SetRecord>>,
    /// By a hash of the gates and their lines; what has the same is compared.
    evidence: BTreeMap<u64, Arc<[Clearance]>>,
}

impl Pool {
    /// The same entry; what it says that another has said before is the other's.
    pub(super) fn share(&mut self, mut recorded: Recorded) -> Recorded {
        one(&mut self.digests, &mut recorded.id);
        self.entry(Arc::make_mut(&mut recorded.entry));
        recorded
    }

    fn entry(&mut self, entry: &mut Entry) {
        let Entry { kind, image, environment, digest, set, parents, .. } = entry;
        one(&mut self.names, image);
        environment.iter_mut().for_each(|environment| one(&mut self.names, environment));
        one(&mut self.digests, digest);
        parents.iter_mut().for_each(|parent| one(&mut self.digests, parent));
        parents.shrink_to_fit();
        if let Some(set) = set {
            let known = self.sets.entry(set.id.clone()).or_insert_with(|| Arc::clone(set));
            if **known == **set {
                *set = Arc::clone(known);
            }
        }
        self.kind(kind);
    }

    fn kind(&mut self, kind: &mut Kind) {
        match kind {
            Kind::Promote { from, edge, plan, tags, evidence, parent, .. } => {
                one(&mut self.names, from);
                one(&mut self.names, edge);
                one(&mut self.digests, plan);
                parent.iter_mut().for_each(|parent| one(&mut self.digests, parent));
                self.tags(tags);
                self.evidence(evidence);
            }
            Kind::Rollback { edge, plan, bad, tags, evidence, .. } => {
                edge.iter_mut().for_each(|edge| one(&mut self.names, edge));
                plan.iter_mut().chain(bad).for_each(|digest| one(&mut self.digests, digest));
                self.tags(tags);
                self.evidence(evidence);
            }
            Kind::Finish { edge, plan, evidence } => {
                one(&mut self.names, edge);
                one(&mut self.digests, plan);
                self.evidence(evidence);
            }
            Kind::Revert { plan, tags, .. } => {
                one(&mut self.digests, plan);
                self.tags(tags);
            }
            Kind::Remove { plan, policy, tags, .. } => {
                one(&mut self.digests, plan);
                one(&mut self.digests, policy);
                tags.iter_mut().for_each(|tag| one(&mut self.tags, tag));
            }
            Kind::Restore { plan, tags, .. } => {
                one(&mut self.digests, plan);
                tags.iter_mut().for_each(|tag| one(&mut self.tags, tag));
            }
            Kind::Override { plan, .. } => one(&mut self.digests, plan),
            Kind::Observe { tags } => self.tags(tags),
            Kind::Deny { .. } | Kind::Hold { .. } | Kind::Release { .. } => {}
        }
    }

    fn tags(&mut self, tags: &mut Vec<TagRecord>) {
        for TagRecord { tag, former, holds, .. } in tags.iter_mut() {
            one(&mut self.tags, tag);
            former.iter_mut().chain(holds).for_each(|digest| one(&mut self.digests, digest));
        }
        tags.shrink_to_fit();
    }

    fn evidence(&mut self, evidence: &mut Arc<[Clearance]>) {
        let mut hasher = DefaultHasher::new();
        evidence.iter().for_each(|one| (&one.gate, &one.evidence.summary).hash(&mut hasher));
        let known = self.evidence.entry(hasher.finish()).or_insert_with(|| Arc::clone(evidence));
        if **known == **evidence {
            *evidence = Arc::clone(known);
        }
    }
}

fn one<T: Clone + Eq + Hash>(known: &mut HashSet<T>, said: &mut T) {
    match known.get(said) {
        Some(known) => *said = known.clone(),
        None => drop(known.insert(said.clone())),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::SystemTime;

    use lockage_registry::{Algorithm, digest_of};

    use super::*;

    #[test]
    fn entries_that_have_gone_through_it_are_the_same_and_share_what_they_say() {
        let digest = |text: &str| digest_of(Algorithm::Sha256, text.as_bytes()).unwrap();
        let entry = |found: &str, set: &str| {
            let evidence =
                serde_json::json!([{ "gate": "scan", "evidence": { "summary": "clean", "details": found } }]);
            let kind = serde_json::json!({
                "kind": "promote", "phase": "done", "from": "dev", "edge": "dev-prod", "plan": digest("plan"),
                "tags": [{ "tag": "prod", "floats": true, "former": digest("former") }], "evidence": evidence,
            });
            let kind: Kind = serde_json::from_value(kind).unwrap();
            let entry = Entry::new(kind, "app".parse().unwrap(), digest("image"), "ada", SystemTime::UNIX_EPOCH);
            let member = format!("{set}:member").into_bytes();
            let member = digest_of(Algorithm::Sha256, &member).unwrap();
            let member = crate::ledger::SetMember::new("app".parse().unwrap(), "dev-prod".parse().unwrap(), member);
            Recorded::new(entry.of_set(SetRecord::new(digest("set"), vec![member]))).unwrap()
        };
        let all = [entry("a", "a"), entry("a", "a"), entry("b", "a"), entry("a", "b")];
        let mut pool = Pool::default();
        let shared: Vec<Recorded> = all.iter().cloned().map(|recorded| pool.share(recorded)).collect();
        assert_eq!(shared, all, "it is the same entry");
        let (first, rest) = shared.split_first().unwrap();
        let told = |recorded: &Recorded| match &recorded.entry.kind {
            Kind::Promote { plan, evidence, .. } => (plan.as_str().as_ptr(), Arc::as_ptr(evidence).addr()),
            _ => unreachable!(),
        };
        let set = |recorded: &Recorded| recorded.entry.set.as_ref().map(|set| Arc::as_ptr(set).addr());
        let is_shared =
            |one: &Recorded| (told(one).0 == told(first).0, told(one).1 == told(first).1, set(one) == set(first));
        let found: Vec<_> = rest.iter().map(is_shared).collect();
        assert_eq!(found, [(true, true, true), (true, false, true), (true, true, false)]);
    }
}
