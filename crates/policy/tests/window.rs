//! Windows: what is open when, in the hours of a place, and what is foreseen of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use lockage_policy::jiff::{SignedDuration, Timestamp};
use lockage_policy::window::{Action, Effect, KillSwitch, Override, Weekday, Window, WindowStatus, Windows};
use proptest::prelude::*;
use serde_json::{Value, json};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn of(windows: &Windows, now: &str) -> WindowStatus {
    windows.evaluate(Action::Promotion, None, None, at(now))
}

fn hours(zone: &str) -> Window {
    Window::weekly("hours", Effect::Allow, &Weekday::WORKING, ("09:00", "17:00"), zone).unwrap()
}

#[test]
fn without_windows_it_is_always_open() {
    let status = of(&Windows::new(), "2026-11-21T06:00:00Z");
    assert!(status.open && status.next_close.is_none() && status.reason.is_none());
}

#[test]
fn a_freeze_closes_from_its_first_moment_to_its_last_and_says_why() {
    let freeze =
        Window::deny("year-end", "2026-12-18T18:00", "2027-01-04", "UTC").unwrap().because("nobody is on call");
    let windows = Windows::new().with(freeze);
    let before = of(&windows, "2026-12-18T17:59:59Z");
    assert!(before.open);
    assert_eq!(
        (before.next_close, before.next_close_reason.as_deref()),
        (Some(at("2026-12-18T18:00:00Z")), Some("year-end: nobody is on call"))
    );
    for moment in ["2026-12-18T18:00:00Z", "2027-01-04T23:59:59.999Z"] {
        let status = of(&windows, moment);
        assert!(!status.open, "{moment}");
        assert_eq!(
            (status.closed_by, status.next_open),
            (vec!["year-end".to_owned()], Some(at("2027-01-05T00:00:00Z")))
        );
    }
    let after = of(&windows, "2027-01-05T00:00:00Z");
    assert!(after.open && after.next_close.is_none());
}

#[test]
fn outside_of_what_is_allowed_it_is_closed() {
    let windows = Windows::new().with(hours("Europe/Berlin"));
    // Saturday.
    let status = of(&windows, "2026-11-21T10:00:00Z");
    assert_eq!((status.open, status.reason.as_deref()), (false, Some("outside of hours")));
    assert_eq!(status.next_open, Some(at("2026-11-23T08:00:00Z")));
    let status = of(&windows, "2026-11-23T08:00:00Z");
    assert_eq!((status.open, status.next_close), (true, Some(at("2026-11-23T16:00:00Z"))));
    assert!(!of(&windows, "2026-11-23T16:00:00Z").open);
    // Summer is an hour earlier.
    assert!(of(&windows, "2026-07-01T07:00:00Z").open && !of(&windows, "2026-07-01T15:00:00Z").open);
}

#[test]
fn what_denies_beats_what_allows_and_the_next_opening_minds_both() {
    let freeze = Window::deny("freeze", "2026-11-23", "2026-11-24T12:00", "UTC").unwrap();
    let windows = Windows::new().with(hours("UTC")).with(freeze);
    let status = of(&windows, "2026-11-23T10:00:00Z");
    assert_eq!((status.open, status.closed_by), (false, vec!["freeze".to_owned()]));
    assert_eq!(status.next_open, Some(at("2026-11-24T12:00:00Z")), "not at nine");
    // Open until the freeze comes, and not until five.
    let windows = windows.with(Window::deny("noon", "2026-11-25T12:00", "2026-11-25T13:00", "UTC").unwrap());
    assert_eq!(of(&windows, "2026-11-25T10:00:00Z").next_close, Some(at("2026-11-25T12:00:00Z")));
}

#[test]
fn a_night_goes_on_into_the_next_day() {
    let night = Window::weekly("night", Effect::Deny, &[Weekday::Friday], ("22:00", "06:00"), "UTC").unwrap();
    let windows = Windows::new().with(night);
    assert!(of(&windows, "2026-11-20T21:59:59Z").open);
    assert!(!of(&windows, "2026-11-20T22:00:00Z").open);
    assert!(!of(&windows, "2026-11-21T05:59:59Z").open);
    assert!(of(&windows, "2026-11-21T06:00:00Z").open);
    assert!(of(&windows, "2026-11-21T22:00:00Z").open, "saturday has none");
    let whole = Window::weekly("day", Effect::Deny, &[Weekday::Friday], ("00:00", "00:00"), "UTC").unwrap();
    let windows = Windows::new().with(whole);
    assert!(!of(&windows, "2026-11-20T00:00:00Z").open && !of(&windows, "2026-11-20T23:59:59Z").open);
    assert!(of(&windows, "2026-11-21T00:00:00Z").open);
}

#[test]
fn days_when_the_clocks_change_are_longer_and_shorter() {
    let sunday = [Weekday::Sunday];
    let deny = |from, until| {
        Windows::new().with(Window::weekly("w", Effect::Deny, &sunday, (from, until), "Europe/Berlin").unwrap())
    };
    // From two to three there is nothing on 2026-03-29; on 2026-10-25 it is there twice.
    let windows = deny("02:00", "03:00");
    assert!(of(&windows, "2026-03-29T00:59:59Z").open && of(&windows, "2026-03-29T01:00:00Z").open);
    assert!(!of(&windows, "2026-10-25T00:00:00Z").open && !of(&windows, "2026-10-25T01:59:59Z").open);
    assert!(of(&windows, "2026-10-25T02:00:00Z").open);
    let whole = deny("00:00", "00:00");
    assert_eq!(of(&whole, "2026-10-24T23:00:00Z").next_open, Some(at("2026-10-25T23:00:00Z")));
}

#[test]
fn a_window_may_leave_rollbacks_alone() {
    let freeze = Window::deny("freeze", "2026-11-01", "2026-11-30", "UTC").unwrap().except(Action::Rollback);
    let windows = Windows::new().with(freeze);
    let now = at("2026-11-21T06:00:00Z");
    assert!(windows.evaluate(Action::Rollback, None, None, now).open);
    for action in [Action::Promotion, Action::Hotfix] {
        assert!(!windows.evaluate(action, None, None, now).open);
    }
    // An allowance that means nothing to it closes nothing either.
    let windows = Windows::new().with(hours("UTC").except(Action::Rollback));
    assert!(windows.evaluate(Action::Rollback, None, None, now).open);
}

#[test]
fn the_kill_switch_closes_for_everything_and_no_override_opens_it() {
    let switch = KillSwitch::new("freeze").because("incident 7");
    let given = Override::new("ada", "the fix for it").unwrap();
    for action in [Action::Promotion, Action::Rollback, Action::Hotfix] {
        let status = Windows::new().evaluate(action, Some(&switch), Some(&given), at("2026-11-21T06:00:00Z"));
        assert_eq!((status.open, status.next_open, status.overridden), (false, None, None));
        assert_eq!(status.reason.as_deref(), Some("the kill switch freeze is set: incident 7"));
    }
}

#[test]
fn an_override_opens_and_is_recorded_with_what_it_overrode() {
    let windows = Windows::new().with(Window::deny("freeze", "2026-11-01", "2026-11-30", "UTC").unwrap());
    let given = Override::new("ada", "the fix for incident 7").unwrap();
    let now = at("2026-11-21T06:00:00Z");
    let status = windows.evaluate(Action::Hotfix, None, Some(&given), now);
    assert_eq!(
        (status.open, status.overridden, status.closed_by),
        (true, Some(given.clone()), vec!["freeze".to_owned()])
    );
    let status = Windows::new().evaluate(Action::Hotfix, None, Some(&given), now);
    assert_eq!((status.open, status.overridden), (true, None), "where nothing was closed, nothing was overridden");
    assert!(Override::new(" ", "why").is_none() && Override::new("ada", "").is_none());
}

#[test]
fn what_never_opens_says_no_time() {
    let past = Windows::new().with(Window::allow("launch", "2020-01-01", "2020-01-02", "UTC").unwrap());
    let status = of(&past, "2026-11-21T06:00:00Z");
    assert_eq!((status.open, status.next_open), (false, None));
    let always = Window::weekly(
        "never",
        Effect::Deny,
        &[
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
            Weekday::Saturday,
            Weekday::Sunday,
        ],
        ("00:00", "00:00"),
        "UTC",
    );
    let status = of(&Windows::new().with(always.unwrap()), "2026-11-21T06:00:00Z");
    assert_eq!((status.open, status.next_open), (false, None));
}

#[test]
fn a_document_is_read_and_a_window_that_makes_no_sense_is_named() {
    let document = json!({"windows": [
        {"name": "hours", "effect": "allow", "weekdays": ["monday", "friday"], "from": "09:00", "until": "17:00", "zone": "Europe/Berlin"},
        {"name": "year-end", "effect": "deny", "from": "2026-12-18T18:00", "until": "2027-01-04", "zone": "UTC", "reason": "rest", "except": ["rollback"]},
    ]});
    let windows: Windows = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(serde_json::to_value(&windows).unwrap(), document);
    for (field, value) in [
        ("from", json!("yesterday")),
        ("from", json!("2026-12-18 18:00")),
        ("from", json!("2026-12-18T18:00Z")),
        ("until", json!("2026-12-18T18:00")),
        ("until", json!("2026-13-01")),
        ("zone", json!("Europe/Atlantis")),
        ("zone", json!("")),
        ("name", json!("")),
        ("effect", json!("maybe")),
        ("except", json!(["deploy"])),
        ("weekdays", json!(["monday"])),
        ("weekdays", json!(["mon"])),
        ("rrule", json!("FREQ=WEEKLY")),
    ] {
        let mut wrong = document.clone();
        wrong["windows"][1][field] = value.clone();
        assert!(serde_json::from_value::<Windows>(wrong).is_err(), "{field} {value}");
    }
    let error = Window::deny("freeze", "2026-12-18", "2026-12-17", "UTC").unwrap_err();
    assert_eq!(error.to_string(), r#"window "freeze": until: it is not after the beginning"#);
    assert!(Window::weekly("w", Effect::Allow, &[], ("09:00", "17:00"), "UTC").is_err());
    assert!(serde_json::from_value::<Windows>(Value::Null).is_err());
}

fn window() -> impl Strategy<Value = Window> {
    let zones = || {
        proptest::sample::select(vec![
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Kolkata",
        ])
    };
    let effects = || proptest::sample::select(vec![Effect::Allow, Effect::Deny]);
    let days = proptest::sample::subsequence(
        vec![
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
            Weekday::Saturday,
            Weekday::Sunday,
        ],
        1..5,
    );
    let weekly = (effects(), days, 0..24_u8, 0..24_u8, zones()).prop_map(|(effect, days, from, until, zone)| {
        let (from, until) = (format!("{from:02}:30"), format!("{until:02}:00"));
        Window::weekly("weekly", effect, &days, (&from, &until), zone).unwrap()
    });
    let once = (effects(), 1..28_u8, 0..5_u8, zones()).prop_map(|(effect, day, length, zone)| {
        let (from, until) = (format!("2026-10-{day:02}"), format!("2026-11-{:02}", day.min(25) + length));
        match effect {
            Effect::Allow => Window::allow("once", &from, &until, zone).unwrap(),
            Effect::Deny => Window::deny("once", &from, &until, zone).unwrap(),
        }
    });
    prop_oneof![weekly, once]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_next_opening_is_one_and_there_is_none_before_it(
        windows in proptest::collection::vec(window(), 0..4),
        start in 0..90_i64 * 24 * 60,
    ) {
        let now = at("2026-09-15T00:00:00Z") + SignedDuration::from_mins(start);
        let all = windows.iter().fold(Windows::new(), |all, window| all.with(window.clone()));
        let status = all.evaluate(Action::Promotion, None, None, now);
        prop_assert_eq!(status.open, all.is_open(Action::Promotion, now));
        prop_assert!(status.next_open.is_none() || !status.open);
        prop_assert!(status.next_close.is_none() || status.open);
        let change = status.next_open.or(status.next_close);
        let horizon = change.unwrap_or(now + SignedDuration::from_hours(24 * 9));
        prop_assert!(horizon > now);
        if change.is_some() {
            prop_assert_eq!(all.is_open(Action::Promotion, horizon), !status.open);
        }
        // Windows begin and end at whole minutes; between now and then nothing changes.
        let steps = (horizon.duration_since(now).as_mins()).min(9 * 24 * 60);
        for step in (0..steps).step_by(30) {
            prop_assert_eq!(all.is_open(Action::Promotion, now + SignedDuration::from_mins(step)), status.open);
        }
        if change.is_some() {
            prop_assert_eq!(all.is_open(Action::Promotion, horizon - SignedDuration::from_nanos(1)), status.open);
        }
    }

    #[test]
    fn a_window_that_denies_never_opens_anything(
        windows in proptest::collection::vec(window(), 0..4),
        deny in window(),
        start in 0..90_i64 * 24 * 60,
    ) {
        let now = at("2026-09-15T00:00:00Z") + SignedDuration::from_mins(start);
        let mut document = serde_json::to_value(&deny).unwrap();
        document["effect"] = json!("deny");
        let deny: Window = serde_json::from_value(document).unwrap();
        let before = windows.iter().fold(Windows::new(), |all, window| all.with(window.clone()));
        let after = before.clone().with(deny.clone());
        let open = |windows: &Windows| windows.is_open(Action::Promotion, now);
        prop_assert!(!open(&after) || open(&before));
        // Active on its own, it closes whatever else there is.
        if !open(&Windows::new().with(deny)) {
            prop_assert!(!open(&after));
        }
    }
}
