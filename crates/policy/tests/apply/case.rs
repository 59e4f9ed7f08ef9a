//! Random registries with indexes, attachments and shared children, and the plan that the planner makes of each.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lockage_policy::apply::Caps;
use lockage_policy::retain::{
    Action, DigestKey, Facts, ManifestRow, Policy, Report, Snapshot, SnapshotBuilder, TagRow, plan,
};
#[cfg(feature = "import-ecr")]
use lockage_policy::retain::{Protection, plan_imported};
use lockage_registry::{Algorithm, Digest, DigestTag, DigestTagKind, RawManifest, Tag, digest_of, media_type};
use serde_json::json;

use crate::sim::{Pusher, State};

pub(crate) const REPOSITORY: &str = "registry.test/app";

/// Numbers that look random, the same for the same seed.
#[derive(Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from(bits >> 33).unwrap() % end.max(1)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

pub(crate) fn image(seed: usize, subject: Option<&RawManifest>) -> RawManifest {
    let empty = json!({
        "mediaType": media_type::OCI_EMPTY, "digest": digest_of(Algorithm::Sha256, b"{}").unwrap(), "size": 2,
    });
    let mut document = json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": empty, "layers": [],
        "annotations": {"seed": seed.to_string()},
    });
    if let Some(subject) = subject {
        document["subject"] = json!(subject.descriptor());
    }
    RawManifest::new(media_type::OCI_MANIFEST, document.to_string().into()).unwrap()
}

pub(crate) fn index(seed: usize, children: &[&RawManifest]) -> RawManifest {
    let children: Vec<_> = children.iter().map(|child| child.descriptor()).collect();
    let document = json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": children,
        "annotations": {"seed": seed.to_string()},
    });
    RawManifest::new(media_type::OCI_INDEX, document.to_string().into()).unwrap()
}

pub(crate) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn key(digest: &Digest) -> DigestKey {
    DigestKey::try_from(digest).unwrap()
}

/// A registry with up to nine manifests and some tags that are old.
pub(crate) fn registry(random: &mut Random) -> State {
    let mut state = State::default();
    let mut all: Vec<RawManifest> = Vec::new();
    for seed in 0..2 + random.below(8) {
        let made = match random.below(10) {
            0..3 if !all.is_empty() => {
                let children: Vec<RawManifest> =
                    (0..=random.below(2)).filter_map(|_| random.of(&all)).cloned().collect();
                index(seed, &children.iter().collect::<Vec<_>>())
            }
            3..5 => image(seed, random.clone().of(&all)),
            _ => image(seed, None),
        };
        state.push(&made, None);
        all.push(made);
    }
    for number in 0..1 + random.below(9) {
        let to = random.of(&all).unwrap().digest().clone();
        let name = match random.below(8) {
            0 => DigestTag::new(random.of(&all).unwrap().digest(), DigestTagKind::Signature).to_tag(),
            1 => DigestTag::new(random.of(&all).unwrap().digest(), DigestTagKind::Referrers).to_tag(),
            2 | 3 => tag(&format!("keep-{number}")),
            _ => tag(&format!("old-{number}")),
        };
        state.tags.insert(name, to);
    }
    state
}

pub(crate) fn snapshot(state: &State) -> Snapshot {
    let mut builder = SnapshotBuilder::new();
    let repository = builder.repository(REPOSITORY).unwrap();
    let pushed = "2025-01-01T00:00:00Z".parse().unwrap();
    for manifest in state.manifests.values() {
        let view = manifest.view().unwrap();
        let mut row = ManifestRow::new(key(manifest.digest())).pushed_at(pushed);
        for child in view.children() {
            row = row.child(key(&child.digest));
        }
        if let Some(subject) = &view.subject {
            row = row.subject(key(&subject.digest));
        }
        builder.manifest(repository, row).unwrap();
    }
    for (tag, digest) in &state.tags {
        builder.tag(repository, TagRow::new(tag.as_str(), key(digest)).moved_at(pushed)).unwrap();
    }
    builder.finish().unwrap()
}

/// Every tag that is called old goes, and what nothing leads to.
pub(crate) fn planned(state: &State, caps: Caps, at: Timestamp) -> Report {
    let policy: Policy = serde_json::from_value(json!({
        "version": 1, "guards": {"min_survivors": 0},
        "delete": [{"name": "old", "tag": {"glob": "old-*"}, "older_than": "30d"}],
        "untagged": {"older_than": "30d"},
    }))
    .unwrap();
    let mut facts = Facts::default();
    facts.capabilities = caps.into();
    plan(&snapshot(state), &policy, &facts, at).report()
}

/// What carries an old tag is archived, and what nothing leads to goes there too, or is deleted.
#[cfg(feature = "import-ecr")]
pub(crate) fn archiving(state: &State, untagged: &str, caps: Caps, at: Timestamp) -> Report {
    use lockage_policy::import::System;
    use lockage_policy::import::ecr::LifecyclePolicy;
    let rule = |priority: u8, selection: serde_json::Value, action: &str| {
        let action = match action {
            "transition" => json!({"type": "transition", "targetStorageClass": "archive"}),
            other => json!({"type": other}),
        };
        json!({"rulePriority": priority, "selection": selection, "action": action})
    };
    let since = |mut selection: serde_json::Value, count: &str| {
        selection["countType"] = json!(count);
        selection["countUnit"] = json!("days");
        selection["countNumber"] = json!(30);
        selection
    };
    let tagged = since(json!({"tagStatus": "tagged", "tagPatternList": ["old-*"]}), "sinceImagePulled");
    let counted = if untagged == "expire" { "sinceImagePushed" } else { "sinceImagePulled" };
    let rest = since(json!({"tagStatus": "untagged"}), counted);
    let document = json!({"rules": [rule(1, tagged, "transition"), rule(2, rest, untagged)]});
    let theirs = LifecyclePolicy::parse(document.to_string().as_bytes()).unwrap();
    let (snapshot, policy) = (snapshot(state), Policy::keep_everything());
    let mut facts = Facts::default();
    facts.capabilities = caps.into();
    let condemned = theirs.evaluate(&snapshot, at);
    assert_eq!(condemned.system(), System::Ecr);
    let imported = condemned.imported(&snapshot, Protection::Full);
    plan_imported(&snapshot, &policy, &facts, imported, at).report()
}

/// Tells the registry what the plan condemns, so that it notices whatever else goes.
pub(crate) fn told(mut state: State, report: &Report) -> State {
    for action in &report.actions {
        match action {
            Action::Untag { tag: name, expect, .. } => {
                state.condemned_tags.insert(tag(name), expect.parse().unwrap());
            }
            Action::DeleteManifest { digest, expect_tags, .. } => {
                let digest: Digest = digest.parse().unwrap();
                for name in expect_tags {
                    state.condemned_tags.insert(tag(name), digest.clone());
                }
                state.condemned.insert(digest);
            }
            Action::Archive { digest, expect_tags, .. } => {
                let tags = expect_tags.iter().map(|name| tag(name)).collect();
                state.shelf.condemned.insert(digest.parse().unwrap(), tags);
            }
            other => panic!("{other:?}"),
        }
    }
    state
}

pub(crate) fn digests(state: &State) -> BTreeSet<Digest> {
    state.manifests.keys().cloned().collect()
}

/// Somebody who moves tags, tags what is condemned, and pushes indexes of what is condemned.
pub(crate) fn pusher(seed: u64, percent: usize) -> Pusher {
    let mut random = Random::new(seed);
    let mut number = 1000;
    Box::new(move |state: &mut State| {
        if !random.chance(percent) {
            return;
        }
        number += 1;
        let all: Vec<RawManifest> = state.manifests.values().cloned().collect();
        let names: Vec<Tag> = state.tags.keys().cloned().collect();
        let Some(any) = random.of(&all).cloned() else { return };
        // Nobody pushes what names something that is not there: a registry would refuse it.
        let whole = |manifest: &RawManifest| {
            let mut waiting = vec![manifest.digest().clone()];
            while let Some(digest) = waiting.pop() {
                let Some(held) = state.manifests.get(&digest) else { return false };
                if digest != *manifest.digest() && !state.is_active(&digest) {
                    return false;
                }
                waiting.extend(held.view().unwrap().children().into_iter().map(|child| child.digest.clone()));
            }
            true
        };
        let is_whole = whole(&any);
        match random.below(5) {
            0 if is_whole => {
                if let Some(name) = random.of(&names) {
                    state.push(&any, Some(name));
                }
            }
            1 => {
                if let Some(name) = random.of(&names) {
                    state.push(&image(number, None), Some(name));
                }
            }
            2 if is_whole => state.push(&any, Some(&tag(&format!("new-{number}")))),
            3 if is_whole => {
                let other = random.of(&all).cloned().unwrap();
                if whole(&other) && state.is_active(any.digest()) && state.is_active(other.digest()) {
                    state.push(&index(number, &[&any, &other]), Some(&tag(&format!("new-{number}"))));
                }
            }
            4 => {
                // Who builds the same once more pushes the same once more, mostly under the same name.
                let children =
                    |made: &RawManifest| made.view().unwrap().children().into_iter().cloned().collect::<Vec<_>>();
                let all_there = |made: &RawManifest| {
                    children(made).iter().all(|child| {
                        state.is_active(&child.digest) && state.manifests.get(&child.digest).is_some_and(whole)
                    })
                };
                let gone = state.known.values().filter(|made| !state.manifests.contains_key(made.digest()));
                let gone: Vec<RawManifest> = gone.filter(|made| all_there(made)).cloned().collect();
                let former = |made: &RawManifest| {
                    state.condemned_tags.iter().find(|(_, held)| *held == made.digest()).map(|(tag, _)| tag.clone())
                };
                if let Some(made) = random.of(&gone) {
                    let name = former(made).unwrap_or_else(|| tag(&format!("new-{number}")));
                    state.push(made, Some(&name));
                }
            }
            _ => {}
        }
    })
}
