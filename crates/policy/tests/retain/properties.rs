//! What holds of every plan, whatever the registry and the rules: I1 to I16.

use std::collections::BTreeSet;

use lockage_policy::jiff::SignedDuration;
use lockage_policy::retain::{
    Block, Capabilities, Facts, Layer, Policy, Reason, Report, Snapshot, TagId, Verdict, plan, simulate,
};
use proptest::prelude::*;

use super::case::{Case, Outcome, Rule, at};
use super::generate::Random;

/// What differs of what registries can do.
const REGISTRIES: [Capabilities; 5] = [
    Capabilities::OCI,
    Capabilities::GHCR,
    Capabilities::ECR,
    Capabilities::DOCKER_HUB,
    Capabilities::DOCKER_REGISTRY_2,
];

fn structural(tag: &str) -> Option<&str> {
    Some(&tag.strip_prefix("sha256-")?[..4])
}

fn selects(rule: &Rule, tag: &str) -> bool {
    super::oracle::selects(rule, tag)
}

fn group(rule: &Rule, tag: &str) -> Option<String> {
    super::oracle::group_of(rule, tag)
}

/// The registry after the plan.
fn applied(case: &Case, outcome: &Outcome) -> Case {
    let mut after = case.clone();
    after.tags.retain(|tag, _| !outcome.untag.contains(tag));
    after.manifests.retain(|id, _| !outcome.dead.contains(id));
    after.in_use.retain(|used| after.tags.contains_key(used) || after.manifests.contains_key(used));
    after
}

fn check(seed: u64) {
    let mut random = Random::new(seed);
    let case = random.case();
    let outcome = case.outcome();
    let live: BTreeSet<&String> = case.manifests.keys().filter(|id| !outcome.dead.contains(*id)).collect();
    let at_of = |tag: &str| case.tags[tag].moved.or(case.manifests[&case.tags[tag].m].pushed);
    for id in &live {
        let children = &case.manifests[*id].children;
        assert!(!children.iter().any(|child| outcome.dead.contains(child)), "I1 {seed}: a live manifest lacks a child");
    }
    for id in &outcome.dead {
        let subject = case.manifests[id].subject.as_ref();
        assert!(!subject.is_some_and(|subject| live.contains(subject)), "I1 {seed}: a live subject lacks a referrer");
    }
    for (tag, to) in &case.tags {
        assert!(!outcome.dead.contains(&to.m) || outcome.untag.contains(tag), "I2 {seed}: {tag} points at nothing");
    }
    for used in &case.in_use {
        let gone = outcome.dead.contains(used) || outcome.untag.contains(used) && structural(used).is_none();
        assert!(!gone, "I3 {seed}: {used} is in use");
    }
    reasons(seed, &case, &outcome);
    for tag in outcome.untag.iter().filter(|tag| structural(tag).is_none()) {
        for hold in case.policy.holds.iter().filter(|hold| selects(hold, tag)) {
            let young = hold.min_age.is_some_and(|age| at_of(tag).unwrap() > case.now - age);
            assert!(!hold.legal && !young, "I5 {seed}: {tag} is held");
        }
    }
    if !case.complete || !case.unresolved.is_empty() {
        assert!(outcome.dead.is_empty(), "I6 {seed}: not all is known");
    }
    budgets(seed, &case, &outcome);
    for tag in case.tags.keys() {
        let subject_lives = structural(tag).is_some_and(|id| live.iter().any(|live| *live == id));
        assert!(!(subject_lives && outcome.untag.contains(tag)), "I15 {seed}: {tag} speaks about what stays");
    }
    leaks(seed, &case, &outcome);
    monotone(seed, &case, &outcome, &mut random);
}

/// I4: what goes goes by a rule that names it, or with what it belongs to.
fn reasons(seed: u64, case: &Case, outcome: &Outcome) {
    let (snapshot, policy, facts) = (case.snapshot(), case.rules(), case.facts());
    let plan = plan(&snapshot, &policy, &facts, at(case.now));
    let report = plan.report();
    assert_eq!(report.reasons.len(), case.tags.len() + case.manifests.len(), "{seed}: a reason for each");
    for id in snapshot.tags().filter(|id| snapshot.speaks_about(*id).is_none()) {
        let (verdict, reason) = plan.tag(id);
        let goes = matches!(verdict, Verdict::Delete | Verdict::Untag);
        assert_eq!(goes, plan.rule_of(reason).0 == Layer::Delete, "I4 {seed}: {}", plan.words(reason));
        let explained = plan.explain_tag(id);
        assert_eq!(
            explained.voices.iter().filter(|voice| voice.decides).count() == 1,
            explained.layer != Layer::Default
        );
    }
    // Parents before children, referrers before subjects.
    let place = |id| plan.deletes().iter().position(|other| *other == id);
    for id in plan.deletes() {
        for child in snapshot.children(*id).chain(snapshot.subject(*id)) {
            assert!(place(child).is_none_or(|child| Some(child) > place(*id)), "{seed}: deleted in the wrong order");
        }
    }
    assert_eq!(plan.deletes().len(), outcome.dead.len());
}

/// I14: every rule that keeps a number keeps that many, and the newest.
fn budgets(seed: u64, case: &Case, outcome: &Outcome) {
    let at_of = |tag: &str| case.tags[tag].moved.or(case.manifests[&case.tags[tag].m].pushed);
    for rule in &case.policy.keep {
        let plain = case.tags.keys().filter(|tag| structural(tag).is_none() && selects(rule, tag));
        let mine: Vec<&String> = plain.collect();
        let Some(newest) = rule.newest else {
            let keeps = |tag: &&&String| rule.within.is_none_or(|within| at_of(tag).unwrap() > case.now - within);
            let gone = mine.iter().filter(|tag| outcome.untag.contains(**tag)).find(keeps);
            assert_eq!(gone, None, "I14 {seed}: a rule keeps it");
            continue;
        };
        for name in mine.iter().filter_map(|tag| group(rule, tag)).collect::<BTreeSet<_>>() {
            let of: Vec<&str> =
                mine.iter().filter(|tag| group(rule, tag).as_ref() == Some(&name)).map(|tag| tag.as_str()).collect();
            let images: BTreeSet<&str> = of.iter().map(|tag| case.tags[*tag].m.as_str()).collect();
            let stay = |tag: &&&str| !outcome.untag.contains(**tag);
            let kept: BTreeSet<&str> = of.iter().filter(stay).map(|tag| case.tags[*tag].m.as_str()).collect();
            assert!(kept.len() >= images.len().min(newest as usize), "I14 {seed}: fewer than {newest} of {name}");
            let top = |image: &&str| -> Option<i64> {
                let tags = of.iter().filter(|tag| case.tags[**tag].m == **image);
                tags.map(|tag| at_of(tag)).collect::<Option<Vec<_>>>()?.into_iter().max()
            };
            let mut best: Vec<i64> = images.iter().filter_map(top).collect();
            best.sort_unstable_by(|one, other| other.cmp(one));
            let gone = of.iter().filter(|tag| !stay(tag)).map(|tag| at_of(tag).unwrap()).max();
            if let (Some(gone), Some(last)) = (gone, (newest as usize).checked_sub(1).and_then(|last| best.get(last))) {
                assert!(gone <= *last, "I14 {seed}: a newer one of {name} went");
            }
        }
    }
}

/// I16: what only dead manifests need is dead.
fn leaks(seed: u64, case: &Case, outcome: &Outcome) {
    if !case.complete || !case.unresolved.is_empty() {
        return;
    }
    let tagged: BTreeSet<&str> =
        case.tags.iter().filter(|(tag, _)| structural(tag).is_none()).map(|(_, to)| to.m.as_str()).collect();
    for (id, manifest) in &case.manifests {
        let young =
            manifest.pushed.is_none_or(|pushed| case.policy.grace.is_some_and(|grace| pushed > case.now - grace));
        if outcome.dead.contains(id) || tagged.contains(id.as_str()) || case.in_use.contains(id) || young {
            continue;
        }
        let parents =
            case.manifests.iter().filter(|(_, parent)| parent.children.contains(id)).map(|(parent, _)| parent);
        let about = case.tags.iter().filter(|(_, to)| to.m == *id).filter_map(|(tag, _)| structural(tag));
        let about = about.filter(|subject| subject != id).chain(manifest.subject.as_deref());
        let about: Vec<&str> = about.filter(|subject| case.manifests.contains_key(*subject)).collect();
        let needed: Vec<&str> = parents.map(String::as_str).chain(about).collect();
        let leaked = !needed.is_empty() && needed.iter().all(|id| outcome.dead.contains(*id));
        assert!(!leaked, "I16 {seed}: nothing that lives needs {id}");
    }
}

/// I7 to I13: what more knowledge, more rules and more time may change.
fn monotone(seed: u64, case: &Case, outcome: &Outcome, random: &mut Random) {
    let changed = |change: &mut dyn FnMut(&mut Case)| {
        let mut other = case.clone();
        change(&mut other);
        other.outcome()
    };
    let (keep, hold, delete) = (random.keep(), random.hold(), random.delete());
    assert!(changed(&mut |case| case.policy.keep.push(keep.clone())).is_within(outcome), "I7 {seed}: one more keep");
    assert!(changed(&mut |case| case.policy.holds.push(hold.clone())).is_within(outcome), "I7 {seed}: one more hold");
    assert!(
        outcome.is_within(&changed(&mut |case| case.policy.delete.push(delete.clone()))),
        "I8 {seed}: one more delete"
    );
    let again = applied(case, outcome).outcome();
    assert!(again.untag.is_empty() && again.dead.is_empty(), "I9 {seed}: a second run finds {again:?}");
    let reversed = changed(&mut |case| {
        case.policy.keep.reverse();
        case.policy.delete.reverse();
        case.policy.holds.reverse();
    });
    assert_eq!(reversed, *outcome, "I10 {seed}: the order of rules");
    let later = random.between(0, 60);
    assert!(outcome.is_within(&changed(&mut |case| case.now += later)), "I11 {seed}: {later} later");
    let ids: Vec<String> = case.manifests.keys().cloned().collect();
    let one = random.of(&ids).clone();
    let lost = [
        ("pushed", changed(&mut |case| case.manifests.get_mut(&one).unwrap().pushed = None)),
        ("content", changed(&mut |case| case.unresolved.extend([one.clone()]))),
        ("complete", changed(&mut |case| case.complete = false)),
        ("promotion", changed(&mut |case| drop(case.promoted.pop_first()))),
    ];
    for (what, less) in lost {
        assert!(less.is_within(outcome), "I12 {seed}: without {what}");
    }
    let names: Vec<String> = case.manifests.keys().chain(case.tags.keys()).cloned().collect();
    let used = random.of(&names).clone();
    assert!(changed(&mut |case| case.in_use.extend([used.clone()])).is_within(outcome), "I13 {seed}: {used} in use");
}

/// I3, I9, I11, I12 and I13 where the model says nothing: of times still to come, and of what names something in use.
fn check_own(seed: u64) {
    let mut random = Random::new(seed);
    let case = random.own_case();
    let outcome = case.outcome();
    let changed = |change: &mut dyn FnMut(&mut Case)| {
        let mut other = case.clone();
        change(&mut other);
        other.outcome()
    };
    let again = applied(&case, &outcome).outcome();
    assert!(again.untag.is_empty() && again.dead.is_empty(), "I9 {seed}: a second run finds {again:?}");
    let later = random.between(0, 120);
    assert!(outcome.is_within(&changed(&mut |case| case.now += later)), "I11 {seed}: {later} later");
    let ids: Vec<String> = case.manifests.keys().cloned().collect();
    let one = random.of(&ids).clone();
    let lost = [
        ("pushed", changed(&mut |case| case.manifests.get_mut(&one).unwrap().pushed = None)),
        (
            "content",
            changed(&mut |case| {
                let manifest = case.manifests.get_mut(&one).unwrap();
                (manifest.children, manifest.subject) = (Vec::new(), None);
                case.unresolved.extend([one.clone()]);
            }),
        ),
        ("complete", changed(&mut |case| case.complete = false)),
    ];
    for (what, less) in lost {
        assert!(less.is_within(&outcome), "I12 {seed}: without {what} of {one}");
    }
    let names: Vec<String> = case.manifests.keys().chain(case.tags.keys()).cloned().collect();
    let used = random.of(&names).clone();
    assert!(changed(&mut |case| case.in_use.extend([used.clone()])).is_within(&outcome), "I13 {seed}: {used} in use");
}

#[test]
fn invariants_hold_of_what_the_model_does_not_have() {
    let cases: u64 = std::env::var("LOCKAGE_RETAIN_CASES").map_or(10_000, |cases| cases.parse().unwrap());
    (0..cases / 4).for_each(|seed| check_own(seed ^ 0x00fe_dcba));
}

#[test]
fn invariants_hold() {
    let cases: u64 = std::env::var("LOCKAGE_RETAIN_CASES").map_or(10_000, |cases| cases.parse().unwrap());
    let halves = [0..cases / 2, cases / 2..cases];
    std::thread::scope(|scope| {
        for half in halves {
            scope.spawn(move || half.for_each(|seed| check(seed ^ 0x00ab_cdef)));
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn a_plan_is_the_same_to_the_byte_whatever_order_rows_and_rules_come_in(seed in any::<u64>()) {
        let case = Random::new(seed).case();
        let (policy, facts) = (case.rules(), case.facts());
        let bytes = |snapshot: &Snapshot, policy: &Policy, facts: &Facts| {
            let plan = plan(snapshot, policy, facts, at(case.now));
            let text = serde_json::to_string(&plan).unwrap();
            // It is written row by row, and says what the report says.
            let read = serde_json::from_str::<Report>(&text).unwrap();
            assert_eq!(read, plan.report());
            assert!(read.is_unchanged());
            text
        };
        let one = bytes(&case.snapshot(), &policy, &facts);
        let mut document = case.document();
        for layer in ["hold", "keep", "delete"] {
            document[layer].as_array_mut().unwrap().reverse();
        }
        let mut facts = facts.clone();
        facts.in_use.reverse();
        facts.promoted.reverse();
        let other: Policy = serde_json::from_value(document).unwrap();
        prop_assert_eq!(&one, &bytes(&case.reversed(), &other, &facts));
    }

    #[test]
    fn a_simulation_says_what_a_plan_of_each_moment_says(seed in any::<u64>(), own in any::<bool>()) {
        let mut random = Random::new(seed);
        let case = if own { random.own_case() } else { random.case() };
        let (snapshot, policy, mut facts) = (case.snapshot(), case.rules(), case.facts());
        facts.capabilities = *random.of(&REGISTRIES);
        if random.chance(20) {
            facts.capabilities = facts.capabilities.unproven();
        }
        if random.chance(20) {
            facts.capabilities = facts.capabilities.without_untag();
        }
        let timeline = simulate(&snapshot, &policy, &facts, at(case.now), at(case.now + 120));
        for later in 0..=120 {
            let now = at(case.now + later);
            let plan = plan(&snapshot, &policy, &facts, now);
            let report = plan.report();
            let until = || timeline.breakpoints.iter().filter(|point| point.at <= now);
            let tags: BTreeSet<&String> = until().flat_map(|point| &point.tags).collect();
            let manifests: BTreeSet<&String> = until().flat_map(|point| &point.manifests).collect();
            let kept = |id: &TagId| plan.tag(*id).1 == Reason::Blocked(Block::LastTagged);
            if snapshot.tags().filter(kept).any(|id| tags.contains(&snapshot.tag_reference(id))) {
                // What the plan keeps went before the rest did, and something else had to stay.
                let stays = |id: &TagId| snapshot.speaks_about(*id).is_none() && !tags.contains(&snapshot.tag_reference(*id));
                prop_assert!(snapshot.tags().any(|id| stays(&id)), "no tag {} later", later);
                continue;
            }
            prop_assert_eq!(manifests, report.delete.iter().collect::<BTreeSet<_>>(), "manifests {} later", later);
            if facts.capabilities.last_tag_deletes_manifest {
                // As many of each manifest: which of them stays depends on which of them went first.
                let of = |tag: &&String| {
                    let id = snapshot.tags().find(|id| snapshot.tag_reference(*id) == **tag).unwrap();
                    snapshot.manifest_reference(snapshot.target(id))
                };
                let count = |tags: BTreeSet<&String>| {
                    let mut of: Vec<String> = tags.iter().map(of).collect();
                    of.sort_unstable();
                    of
                };
                prop_assert_eq!(count(tags), count(report.delete_tags.iter().collect()), "tags {} later", later);
            } else {
                prop_assert_eq!(tags, report.delete_tags.iter().collect::<BTreeSet<_>>(), "tags {} later", later);
            }
        }
    }

    #[test]
    fn what_explains_a_tag_says_when_it_goes(seed in any::<u64>()) {
        let case = Random::new(seed).case();
        let (snapshot, policy, facts) = (case.snapshot(), case.rules(), case.facts());
        let first = plan(&snapshot, &policy, &facts, at(case.now));
        for id in snapshot.tags() {
            let Some(goes) = first.explain_tag(id).goes_at else { continue };
            let at = |micros: i64| goes + SignedDuration::from_micros(micros);
            let gone = |now| plan(&snapshot, &policy, &facts, now).tag(id).0 != Verdict::Keep;
            prop_assert!(gone(goes) && !gone(at(-1)), "{} at {goes}", snapshot.tag_name(id));
        }
    }
}
