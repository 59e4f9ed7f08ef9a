//! What keeps a run from its first delete: a request is never sent.

use std::time::Duration;

use futures::executor::block_on;
use jiff::ToSpan as _;
use lockage_policy::apply::{Apply, ApplyError, Caps, MemoryJournal, Settings, still};
use lockage_policy::jiff;
use lockage_policy::retain::{Action, Glob, Report};

use crate::campaign::quick;
use crate::case::{image, now, planned, tag, told};
use crate::sim::{Sim, State};

fn made() -> (Report, State) {
    let mut state = State::default();
    state.push(&image(1, None), Some(&tag("old-1")));
    state.push(&image(2, None), Some(&tag("old-2")));
    state.push(&image(3, None), Some(&tag("keep-3")));
    state.tags.insert(tag("old-3"), image(3, None).digest().clone());
    let plan = planned(&state, Caps::DISTRIBUTION, now());
    assert_eq!((plan.delete.len(), plan.untag.len()), (2, 1));
    let state = told(state, &plan);
    (plan, state)
}

#[track_caller]
fn stopped(plan: &Report, settings: Settings, minutes: i64) -> ApplyError {
    let sim = Sim::new(Caps::DISTRIBUTION, made().1);
    let journal = MemoryJournal::default();
    let ended = block_on(Apply::new(&sim, &journal).settings(settings).run(plan, now() + minutes.minutes()));
    assert_eq!(sim.state().calls, 0, "nothing was asked, and nothing deleted");
    ended.unwrap_err()
}

#[track_caller]
fn runs(plan: &Report, settings: Settings, minutes: i64) {
    let sim = Sim::new(Caps::DISTRIBUTION, made().1);
    let journal = MemoryJournal::default();
    let ended = block_on(Apply::new(&sim, &journal).settings(settings).run(plan, now() + minutes.minutes()));
    assert!(ended.unwrap().is_complete());
}

#[test]
fn a_plan_that_is_too_old_or_not_yet_due_is_not_executed() {
    let plan = made().0;
    assert!(matches!(stopped(&plan, quick(), 24 * 60 + 1), ApplyError::Stale { .. }));
    runs(&plan, quick(), 24 * 60);
    let mut patient = quick();
    patient.longest_age = Some(Duration::from_secs(48 * 60 * 60));
    runs(&plan, patient, 24 * 60 + 1);
    assert!(matches!(stopped(&plan, quick(), -6), ApplyError::Early { .. }));
    // Two clocks are never the same.
    runs(&plan, quick(), -4);
}

#[test]
fn limits_of_the_run_hold_whatever_the_policy_says() {
    let plan = made().0;
    let with = |change: fn(&mut Settings)| {
        let mut settings = quick();
        change(&mut settings);
        settings
    };
    assert!(matches!(stopped(&plan, with(|it| it.max_delete = Some(1)), 0), ApplyError::Refused(_)));
    runs(&plan, with(|it| it.max_delete = Some(2)), 0);
    assert!(matches!(stopped(&plan, with(|it| it.max_delete_ratio = Some(0.66)), 0), ApplyError::Refused(_)));
    runs(&plan, with(|it| it.max_delete_ratio = Some(0.67)), 0);
    for (glob, protected) in [("old-1", "registry.test/app:old-1"), ("*-3", "registry.test/app:old-3")] {
        let mut settings = quick();
        settings.protected = vec![Glob::new(glob).unwrap()];
        let error = stopped(&plan, settings, 0);
        assert!(matches!(&error, ApplyError::Protected(tag) if tag == protected), "{error}");
    }
    let mut settings = quick();
    settings.protected = vec![Glob::new("keep-*").unwrap()];
    runs(&plan, settings, 0);
}

#[test]
fn a_plan_that_contradicts_itself_is_none() {
    let plan = made().0;
    let kept = plan.keep.iter().find(|name| name.contains('@')).unwrap().clone();
    let (repository, digest) = kept.split_once('@').unwrap();
    let more = |action: Action| {
        let mut plan = plan.clone();
        plan.actions.push(action);
        plan
    };
    let delete = |expect_tags: Vec<String>| {
        let action = serde_json::json!({
            "action": "delete-manifest", "repository": repository, "digest": digest, "expect_tags": expect_tags,
        });
        serde_json::from_value::<Action>(action).unwrap()
    };
    let untag = serde_json::json!({"action": "untag", "repository": repository, "tag": "keep-3", "expect": digest});
    let mut changed = vec![
        more(delete(Vec::new())),
        more(delete(vec!["keep-3".to_owned()])),
        more(serde_json::from_value(untag).unwrap()),
    ];
    let mut both = plan.clone();
    both.delete.push(kept.clone());
    changed.push(both);
    let mut other = plan.clone();
    other.delete[0].clone_from(&kept);
    other.keep.clear();
    changed.push(other);
    let mut fewer = plan.clone();
    fewer.actions.pop();
    changed.push(fewer);
    for plan in changed {
        let error = stopped(&plan, quick(), 0);
        assert!(matches!(error, ApplyError::Invalid(_)), "{error}");
    }
}

#[test]
fn a_plan_that_was_changed_after_it_was_made_is_not_executed() {
    let plan = made().0;
    let text = serde_json::to_string(&plan).unwrap();
    let other_moment = plan.now.to_string();
    // Each of these is consistent in itself.
    let changed = [
        text.replace("registry.test", "other.test"),
        text.replace("old-1", "old-7"),
        text.replace(image(1, None).digest().as_str(), image(3, None).digest().as_str()),
        text.replace(&other_moment, "2026-06-01T11:59:00Z"),
        text.replace(&plan.policy, &plan.snapshot),
        text.replace(&plan.snapshot, &plan.policy),
        text.replace(&format!("\"plan\":\"{}", plan.plan), &format!("\"plan\":\"{}", plan.policy)),
        text.replace("\"bytes\":0", "\"bytes\":1"),
        text.replace("\"rule\":\"old\"", "\"rule\":\"other\""),
    ];
    for changed in changed {
        let changed: Report = serde_json::from_str(&changed).unwrap();
        assert_ne!(changed, plan);
        let error = stopped(&changed, quick(), 0);
        assert!(matches!(&error, ApplyError::Changed(_) | ApplyError::Invalid(_)), "{error}");
        assert!(error.to_string().contains("was changed"), "{error}");
        assert!(matches!(still(&changed, plan.clone()), Err(ApplyError::Changed(_))));
    }
    runs(&serde_json::from_str(&text).unwrap(), quick(), 0);
}

#[test]
fn a_plan_that_is_faithful_to_another_system_is_not_executed() {
    let mut plan = made().0;
    plan.faithful = true;
    plan.plan = plan.digest().to_string();
    let error = stopped(&plan, quick(), 0);
    assert!(matches!(error, ApplyError::Faithful), "{error}");
}
