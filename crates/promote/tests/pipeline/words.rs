//! What others wrote, where it is told: on lines of ours, and by whom and by which plan.

use std::time::{Duration, SystemTime};

use lockage_promote::ledger::{Chronicle, Entry, ImageFacts, Kind, Phase, Recorded};
use lockage_promote::pipeline::memory::{self, Deviation, history, in_force, running, where_is};
use lockage_promote::pipeline::{Promoter, RollbackTo};
use lockage_registry::testing::fixtures;
use lockage_registry::{Digest, Prune as _, TagOrDigest, Target as _};

use crate::world::{OTHER, built, digest, name, now, pass, repo, tag, two};

/// Ends the line, begins a command of a CI system, sets a title, erases what was written, and turns the text around.
const HOSTILE: &str = "x\n::error::forged\r\u{1b}]0;pwn\u{7}\u{1b}[2K\u{9b}2J\u{2028}\u{202e}\u{2066}";

fn later(minutes: u64) -> SystemTime {
    now() + Duration::from_secs(60 * minutes)
}

fn some(n: u8) -> Digest {
    format!("sha256:{}", format!("{n:02x}").repeat(32)).parse().unwrap()
}

fn hostile_entries() -> Vec<Entry> {
    let text = || HOSTILE.to_owned();
    let evidence = serde_json::json!([{ "gate": HOSTILE, "evidence": { "summary": HOSTILE }, "overridden": HOSTILE }]);
    let promote = Kind::Promote {
        phase: Phase::Done,
        from: name("stage"),
        edge: name("stage-prod"),
        plan: some(200),
        tags: serde_json::from_str(r#"[{"tag":"prod","floats":true}]"#).unwrap(),
        evidence: serde_json::from_value(evidence).unwrap(),
        parent: None,
    };
    let back: Kind = serde_json::from_value(serde_json::json!({
        "kind": "rollback", "phase": "done", "reason": HOSTILE, "tags": [],
    }))
    .unwrap();
    let over: Kind = serde_json::from_value(serde_json::json!({
        "kind": "override", "plan": some(200), "gates": { HOSTILE: HOSTILE }, "reason": HOSTILE,
    }))
    .unwrap();
    let gone: Kind = serde_json::from_value(serde_json::json!({
        "kind": "remove", "repository": HOSTILE, "whole": true, "plan": some(200), "policy": some(200), "rule": HOSTILE, "tags": [],
    }))
    .unwrap();
    let mut facts = ImageFacts::default();
    (facts.version, facts.commit) = (Some(text()), Some("\u{1b}[31m1234567".to_owned()));
    let kinds = [over, promote, back, Kind::Deny { reason: text() }, Kind::Hold { reason: text(), until: None }, gone];
    kinds
        .into_iter()
        .enumerate()
        .map(|(n, kind)| {
            Entry::new(kind, name("app"), some(1), HOSTILE, later(n as u64))
                .in_environment(name("prod"))
                .with_facts(facts.clone())
        })
        .collect()
}

#[test]
fn what_an_entry_says_stays_on_its_line_and_moves_no_cursor() {
    let entries = hostile_entries();
    let chronicle = Chronicle::of(entries.iter().map(|entry| Recorded::new(entry.clone()).unwrap()));
    let (now, wanted) = (later(60), "0101010".parse().unwrap());
    let told = [
        (history(&chronicle, None, None).to_string(), entries.len()),
        (running(&chronicle, &name("prod"), now).to_string(), 9),
        (in_force(&chronicle, now).to_string(), 2),
        (where_is(&chronicle, &wanted, now).to_string(), 3),
    ];
    for (text, lines) in told {
        assert!(text.contains(r"x\u{a}::error::forged\u{d}\u{1b}]0;pwn\u{7}"), "{text:?}");
        assert!(!text.contains(|c: char| c != '\n' && c.is_control()), "{text:?}");
        assert!(!text.contains(['\u{2028}', '\u{202e}', '\u{2066}']), "{text:?}");
        assert_eq!(text.lines().count(), lines, "{text}");
    }
}

async fn drift(promoter: &Promoter) -> memory::Drift {
    promoter.drift(&name("stage"), None, later(5)).await.unwrap()
}

/// Retention deletes pins of what was there before; nobody moves one.
#[tokio::test]
async fn a_pin_of_a_former_release_that_was_moved_is_drift_and_is_put_back() {
    let (world, first, _) = two().await;
    let promoter = world.promoter();
    assert!(drift(&promoter).await.is_none());
    let stranger = built(&"7".repeat(40), 7);
    fixtures::push(&world.stage, &repo(), &stranger, &tag("sha-91c0d1e")).await.unwrap();
    let found = drift(&promoter).await;
    let [Deviation::TagMoved { tag: moved, floats: false, recorded, found: holds, by, plan: Some(_), .. }] =
        found.images[0].deviations.as_slice()
    else {
        panic!("{found}")
    };
    assert_eq!((moved, recorded, holds, by.as_str()), (&tag("sha-91c0d1e"), &first, &digest(&stranger), "tester"));
    assert!(found.to_string().contains(" by tester, plan "), "{found}");
    promoter.heal(&found, later(6)).await.unwrap();
    assert_eq!(world.held("stage", "sha-91c0d1e").await, Some(first));
    assert!(drift(&promoter).await.is_none());
}

/// A rollback leaves a tag that did not exist then, on what is denied from there on.
#[tokio::test]
async fn a_tag_that_was_left_on_a_denied_image_is_told_and_is_no_drift() {
    let (world, first, second) = two().await;
    let float =
        serde_json::json!([{ "tag": "new", "floats": true }, { "tag": "stage", "floats": true, "former": first }]);
    let seen = Kind::Observe { tags: serde_json::from_value(float).unwrap() };
    world.record(Entry::new(seen, name("app"), second.clone(), "ops", later(1)).in_environment(name("stage"))).await;
    let raw = lockage_registry::Source::manifest(&world.stage, &repo(), &second.clone().into()).await.unwrap();
    world.stage.put_manifest(&repo(), &raw, &TagOrDigest::Tag(tag("new"))).await.unwrap();
    let promoter = world.promoter();
    assert!(drift(&promoter).await.denied.is_empty());
    let to = RollbackTo::Image(first.clone().into());
    let plan = promoter.plan_rollback(&name("app"), &name("stage"), &to, "it leaks", later(2)).await.unwrap();
    let cleared = promoter.clear_rollback(plan, later(2)).await.unwrap();
    let receipt = promoter.apply_rollback(cleared, later(2)).await.unwrap();
    assert_eq!(receipt.left.iter().map(|left| &left.tag).collect::<Vec<_>>(), [&tag("new")]);

    let found = drift(&promoter).await;
    assert!(found.is_none() && found.denied.len() == 1, "{found}");
    assert!(found.to_string().contains("DENIED    new holds"), "{found}");
    assert!(found.to_string().starts_with("stage  looked at 1 image of the ledger at "), "{found}");
    let told = running(&world.chronicle().await, &name("stage"), later(5));
    let [app] = told.images.as_slice() else { panic!("{told}") };
    assert_eq!((&app.digest, &app.left[0].digest, app.denied.is_none()), (&first, &second, true));
    assert!(told.to_string().contains("DENIED    new holds"), "{told}");
    assert_eq!(serde_json::to_value(&told).unwrap()["images"][0]["left"][0]["tag"], "new");
}

/// Whoever pulls by a tag gets what it holds, and not what the ledger says that it holds.
#[tokio::test]
async fn a_denial_is_told_of_what_a_tag_holds_and_not_of_what_it_held() {
    let (world, first, second) = two().await;
    let (bad, good) = (built(&"7".repeat(40), 7), built(&"8".repeat(40), 8));
    for image in [&bad, &good] {
        fixtures::push(&world.stage, &repo(), image, &tag("mine")).await.unwrap();
    }
    let deny = |what: &Digest, reason: &str| {
        Entry::new(Kind::Deny { reason: reason.into() }, name("app"), what.clone(), "ops", later(1))
    };
    world.record(deny(&digest(&bad), "worse")).await;
    world.record(deny(&second, "leaks").in_environment(name("stage"))).await;
    world.record(deny(&first, "of another").in_environment(name("prod"))).await;
    let (promoter, pin) = (world.promoter(), "sha-91c0d1e");
    // A tag, what somebody made it hold, and what is said of it.
    for (moved, to, told) in [
        ("stage", &second, &[("stage", &second, "leaks")][..]),
        ("stage", &digest(&bad), &[("stage", &digest(&bad), "worse")]),
        ("stage", &digest(&good), &[]),
        ("stage", &first, &[]),
        (pin, &digest(&bad), &[(pin, &digest(&bad), "worse")]),
        (pin, &second, &[(pin, &second, "leaks")]),
    ] {
        let raw = lockage_registry::Source::manifest(&world.stage, &repo(), &to.clone().into()).await.unwrap();
        world.stage.put_manifest(&repo(), &raw, &TagOrDigest::Tag(tag(moved))).await.unwrap();
        let found = drift(&promoter).await;
        let said = found.denied.iter().map(|one| (one.tag.as_str(), &one.digest, one.denial.reason.as_str()));
        assert_eq!(said.collect::<Vec<_>>(), told, "{moved} {to}: {found}");
        let lines: Vec<_> =
            told.iter().map(|(tag, to, why)| format!("{tag} holds {}: {why} (ops,", to.short())).collect();
        let text = found.to_string();
        assert_eq!(text.matches("DENIED").count(), told.len(), "{text}");
        assert!(lines.iter().all(|line| text.contains(line)), "{text}");
    }
    world.stage.delete_tag(&repo(), &tag("stage")).await.unwrap();
    let gone = drift(&promoter).await;
    assert!(gone.denied.iter().all(|one| one.tag != tag("stage")), "{gone}");
    // Who asks the ledger alone hears that it is the ledger that says so.
    let seen = Kind::Observe { tags: serde_json::from_str(r#"[{"tag":"new","floats":true}]"#).unwrap() };
    let came = |kind, what: &Digest, at| Entry::new(kind, name("app"), what.clone(), "ops", at);
    world.record(came(seen, &second, later(2)).in_environment(name("stage"))).await;
    let kind = Kind::Observe { tags: Vec::new() };
    world.record(came(kind, &first, later(3)).in_environment(name("stage"))).await;
    let told = running(&world.chronicle().await, &name("stage"), later(5)).to_string();
    assert!(told.contains(&format!("DENIED    new holds by the ledger {}: leaks (ops, ", second.short())), "{told}");
}

/// Of each entry that has a plan, and of no other; once for what was begun and came to its end.
#[test]
fn every_line_of_the_history_has_the_plan_that_its_entry_has() {
    let plan = some(200);
    let kinds = [
        serde_json::json!({ "kind": "promote", "phase": "done", "from": "stage", "edge": "e", "plan": plan, "tags": [], "evidence": [] }),
        serde_json::json!({ "kind": "promote", "phase": "intent", "from": "stage", "edge": "e", "plan": plan, "tags": [], "evidence": [] }),
        serde_json::json!({ "kind": "rollback", "phase": "done", "reason": "why", "plan": plan, "tags": [] }),
        serde_json::json!({ "kind": "rollback", "phase": "done", "reason": "why", "bad": some(2), "plan": plan, "tags": [] }),
        serde_json::json!({ "kind": "rollback", "phase": "done", "reason": "why", "tags": [] }),
        serde_json::json!({ "kind": "override", "plan": plan, "gates": { "scan": "why" }, "reason": "why" }),
        serde_json::json!({ "kind": "finish", "edge": "e", "plan": plan, "evidence": [] }),
        serde_json::json!({ "kind": "revert", "plan": plan, "reason": "why", "tags": [] }),
        serde_json::json!({ "kind": "remove", "repository": "r", "whole": true, "plan": plan, "policy": plan, "tags": [] }),
        serde_json::json!({ "kind": "deny", "reason": "why" }),
        serde_json::json!({ "kind": "observe", "tags": [] }),
    ];
    for kind in kinds {
        let kind: Kind = serde_json::from_value(kind.clone()).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let entry = Entry::new(kind, name("app"), some(1), "ops", later(0)).in_environment(name("prod"));
        let has = entry.plan().is_some();
        let told = history(&Chronicle::of([Recorded::new(entry).unwrap()]), None, None).to_string();
        assert_eq!(told.matches(&format!("plan {}", plan.short())).count(), usize::from(has), "{told}");
        assert!(!told.contains("why") || told.contains("why  (ops)"), "what somebody wrote comes last: {told}");
    }
}

#[tokio::test]
async fn every_question_tells_who_and_by_which_plan() {
    let (world, ..) = two().await;
    let promoter = world.promoter();
    pass(&promoter, "pr:41", "hotfix").await.unwrap();
    let told = world.chronicle().await;
    let plan =
        |environment| memory::resident(&told, &name("app"), &name(environment), later(5)).unwrap().plan().cloned();
    let (stage, prod) = (plan("stage").unwrap(), plan("prod").unwrap());
    let said = |plan: &Digest| format!("by tester, plan {}", plan.short());

    let diff = promoter.diff(&name("stage"), &name("prod"), later(5)).await.unwrap();
    let side = diff.images[0].from.as_ref().unwrap();
    assert_eq!((side.by.as_str(), side.plan.as_ref()), ("tester", Some(&stage)));
    assert!(diff.to_string().contains(&said(&stage)) && diff.to_string().contains(&said(&prod)), "{diff}");
    let found = where_is(&told, &OTHER.parse().unwrap(), later(5));
    assert!(found.to_string().contains(&said(&prod)), "{found}");
    let again = promoter.recheck(&name("prod"), later(5)).await.unwrap();
    assert_eq!((again.images[0].by.as_str(), again.images[0].plan.as_ref()), ("tester", Some(&prod)));
    assert!(again.to_string().contains(&said(&prod)), "{again}");
}
