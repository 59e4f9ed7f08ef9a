//! Policies as people want them, as documents, with the dates on which things go.

use lockage_policy::jiff::{SignedDuration, Timestamp};
use lockage_policy::retain::{
    Action, Capabilities, Difference, Event, Facts, Format, InUse, Plan, Policy, Promotion, Refusal, Report, Require,
    Running, Snapshot, Verdict, diff, plan, weakened,
};
use serde_json::{Value, json};

fn digest(number: u8) -> String {
    format!("sha256:{}", format!("{number:02x}").repeat(32))
}

fn row(number: u8, tags: &[&str], pushed: &str) -> Value {
    json!({"digest": digest(number), "name": format!("m{number}"), "tags": tags, "pushed_at": pushed, "size": 100})
}

fn snapshot(repository: &str, rows: &[Value]) -> Snapshot {
    let document = json!({"repositories": [{"name": repository, "manifests": rows}]});
    Snapshot::read(document.to_string().as_bytes()).unwrap()
}

fn yaml(text: &str) -> Policy {
    Policy::parse(text, Format::Yaml).unwrap_or_else(|error| panic!("{error}"))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn report(snapshot: &Snapshot, policy: &Policy, facts: &Facts, now: &str) -> Report {
    plan(snapshot, policy, facts, at(now)).report()
}

const PULL_REQUESTS: &str = r"
version: 1
classes:
  pr: { tag: { regex: 'pr-(?<pr>[0-9]+)-(?<sha>[0-9a-f]{7,40})' } }
grace: 15m
delete:
  - { name: superseded, class: pr, beyond: 1, per: [pr] }
  - { name: closed,     class: pr, event: pr_closed, after: 3d, per: [pr] }
  - { name: stale,      class: pr, older_than: 30d }
untagged: { older_than: 2d }
";

#[test]
fn older_builds_of_a_pull_request_go_after_a_push_and_all_of_them_three_days_after_it_closes() {
    let policy = yaml(PULL_REQUESTS);
    let snapshot = snapshot(
        "app",
        &[
            row(1, &["pr-2-aaaaaaa"], "2026-06-01T10:00:00Z"),
            row(2, &["pr-2-bbbbbbb"], "2026-06-01T11:00:00Z"),
            row(3, &["pr-267-ccccccc"], "2026-06-01T09:00:00Z"),
        ],
    );
    let mut facts = Facts::default();
    let gone = |facts: &Facts, now: &str| report(&snapshot, &policy, facts, now).delete_tags;
    assert_eq!(gone(&facts, "2026-06-01T12:00:00Z"), ["app:pr-2-aaaaaaa"]);
    // Two builds race: for a quarter of an hour both stay.
    assert_eq!(gone(&facts, "2026-06-01T10:14:59Z"), [] as [&str; 0]);
    let closed = Event::new("pr_closed", [("pr".to_owned(), "2".to_owned())], at("2026-06-02T00:00:00Z"));
    facts.events.push(closed);
    assert_eq!(gone(&facts, "2026-06-05T00:00:00Z"), ["app:pr-2-aaaaaaa"]);
    assert_eq!(gone(&facts, "2026-06-05T00:00:01Z"), ["app:pr-2-aaaaaaa", "app:pr-2-bbbbbbb"]);
    assert_eq!(gone(&facts, "2026-07-01T09:00:01Z").len(), 3, "the other one is stale");
}

const STAGING: &str = r"
version: 1
classes:
  staging: { repo: 'ghcr.io/acme/app-staging', tag: { regex: 'sha-[0-9a-f]{40}' } }
grace: 24h
delete:
  - name: promoted
    class: staging
    promoted: { to: 'ghcr.io/acme/app', require: [digest, children, signature], after: 72h }
  - { name: abandoned, class: staging, older_than: 30d }
keep:
  - { name: rollback, class: staging, newest: 5 }
";

#[test]
fn staging_is_cleaned_once_production_is_known_to_have_all_of_an_image() {
    let policy = yaml(STAGING);
    let tag = |number: u8| format!("sha-{}", format!("{number:02x}").repeat(20));
    let rows: Vec<_> = (1..=8).map(|day| row(day, &[&tag(day)], &format!("2026-06-0{day}T00:00:00Z"))).collect();
    let snapshot = snapshot("ghcr.io/acme/app-staging", &rows);
    let promoted =
        |number: u8| Promotion::new(digest(number).parse().unwrap(), "ghcr.io/acme/app", at("2026-06-09T00:00:00Z"));
    let all = [Require::Digest, Require::Children, Require::Signature];
    let mut facts = Facts::default();
    // The first and the last went on whole; of the second, nobody looked for the signature; the third went elsewhere.
    facts.promoted = vec![promoted(1).with(all), promoted(2).with([Require::Digest]), promoted(8).with(all)];
    let gone = |now: &str| report(&snapshot, &policy, &facts, now).delete;
    assert_eq!(gone("2026-06-12T00:00:00Z"), [] as [&str; 0], "not 72 hours yet");
    assert_eq!(gone("2026-06-12T00:00:01Z"), ["ghcr.io/acme/app-staging@m1"], "the last is one of the five");
    assert_eq!(gone("2026-07-05T00:00:00Z").len(), 3, "what was abandoned goes after 30 days");
}

#[test]
fn a_staging_tag_on_what_is_production_is_taken_off_or_blocked_and_the_image_stays() {
    let text = STAGING.replace("ghcr.io/acme/app-staging", "ghcr.io/acme/app").replace("newest: 5", "newest: 0");
    let tag = format!("sha-{}", "a".repeat(40));
    let snapshot = snapshot("ghcr.io/acme/app", &[row(1, &[&tag, "v3.2.2", "latest"], "2026-06-01T00:00:00Z")]);
    let mut facts = Facts::default();
    let all = [Require::Digest, Require::Children, Require::Signature];
    facts.promoted =
        vec![Promotion::new(digest(1).parse().unwrap(), "ghcr.io/acme/app", at("2026-06-02T00:00:00Z")).with(all)];
    let (now, name) = ("2026-06-09T00:00:00Z", format!("ghcr.io/acme/app:{tag}"));
    let first = report(&snapshot, &yaml(&text), &facts, now);
    assert_eq!((first.delete.len(), first.untag.as_slice()), (0, [name.clone()].as_slice()));
    assert!(matches!(first.actions.as_slice(), [Action::Untag { .. }]));
    let never = report(&snapshot, &yaml(&format!("{text}untag: never\n")), &facts, now);
    assert_eq!((never.untag.len(), never.blocked.as_slice()), (0, [name.clone()].as_slice()));
    assert_eq!(never.reasons[&name].verdict, Verdict::Blocked);
    facts.capabilities = Capabilities::DOCKER_REGISTRY_2;
    assert_eq!(report(&snapshot, &yaml(&text), &facts, now).blocked, [name]);
}

const NIGHTLY: &str = r#"
version = 1
grace = "24h"
[classes.nightly]
tag = { glob = "nightly-*" }
[[delete]]
name = "age"
class = "nightly"
older_than = "14d"
[[delete]]
name = "count"
class = "nightly"
beyond = 20
[[keep]]
name = "floor"
class = "nightly"
newest = 3
"#;

#[test]
fn nightly_images_go_after_days_or_by_number_and_never_the_last_three() {
    let policy = Policy::parse(NIGHTLY, Format::Toml).unwrap();
    let start = at("2026-06-01T00:00:00Z");
    let rows: Vec<_> = (1..=24_u8)
        .map(|night| {
            let pushed = start + SignedDuration::from_hours(12 * i64::from(night));
            row(night, &[&format!("nightly-{night:02}")], &pushed.to_string())
        })
        .collect();
    let snapshot = snapshot("app", &rows);
    let gone = |now: &str| report(&snapshot, &policy, &Facts::default(), now).delete.len();
    assert_eq!(gone("2026-06-13T12:00:00Z"), 4, "beyond twenty");
    assert_eq!(gone("2026-06-22T00:00:00Z"), 13, "older than fourteen days: exactly as old is not older");
    assert_eq!(gone("2027-01-01T00:00:00Z"), 21, "three stay, however old");
}

const COMPLIANCE: &str = r"
version: 1
classes:
  release: { repo: 'ghcr.io/acme/*', tag: { semver: '>=1.0.0' } }
hold:
  - { name: sox-7y, class: release, for: 7y, from: promoted, mode: compliance, include: [children, referrers] }
keep:
  - { name: minors, class: release, newest: 1, per: [major, minor], order: semver }
delete:
  - { name: after-hold, class: release, older_than: 7y }
untagged: { older_than: 2d }
grace: 1h
guards: { max_delete: 200, max_delete_ratio: 1.0, min_survivors: 1 }
";

#[test]
fn what_was_in_production_is_held_for_seven_years_of_the_calendar_from_its_promotion() {
    let policy = yaml(COMPLIANCE);
    let mut note = row(9, &[], "2020-03-01T00:00:00Z");
    note["subject_digest"] = json!(digest(1));
    let snapshot = snapshot(
        "ghcr.io/acme/app",
        &[
            row(1, &["1.0.0"], "2020-02-20T00:00:00Z"),
            row(2, &["1.0.1"], "2020-02-20T00:00:00Z"),
            row(3, &["v1.1.0"], "2020-02-20T00:00:00Z"),
            // Its tag moved away; the ledger knows it.
            row(4, &[], "2020-02-20T00:00:00Z"),
            note,
        ],
    );
    let mut facts = Facts::default();
    let promoted = |number: u8, when: &str| Promotion::new(digest(number).parse().unwrap(), "prod", at(when));
    facts.promoted = vec![
        promoted(1, "2020-02-29T12:00:00Z"),
        promoted(1, "2021-01-01T00:00:00Z"),
        promoted(4, "2020-02-29T12:00:00Z"),
    ];
    let gone = |now: &str| report(&snapshot, &policy, &facts, now).delete;
    let app = |names: &[&str]| names.iter().map(|name| format!("ghcr.io/acme/app@{name}")).collect::<Vec<_>>();
    assert_eq!(gone("2027-02-28T23:59:59Z"), app(&[]), "a leap day and seven years end on 1 March");
    assert_eq!(gone("2027-03-01T11:59:59Z"), app(&[]));
    // The newest of each minor stays for good: 1.0.1 and 1.1.0. What speaks about an image goes before it.
    assert_eq!(gone("2027-03-01T12:00:00Z"), app(&["m4", "m9", "m1"]));
    let explained = plan(&snapshot, &policy, &facts, at("2026-06-01T00:00:00Z"));
    let explained = explained.explain("ghcr.io/acme/app:1.0.0").unwrap();
    assert_eq!((explained.rule.as_deref(), explained.goes_at), (Some("sox-7y"), Some(at("2027-03-01T12:00:00Z"))));
    // Nothing known of a promotion: from the push. Neither known: held.
    facts.promoted.clear();
    assert!(
        report(&snapshot, &policy, &facts, "2027-02-20T00:00:01Z").delete.contains(&"ghcr.io/acme/app@m1".to_owned())
    );
}

#[test]
fn a_hold_for_compliance_is_not_weakened_without_a_word() {
    let policy = yaml(COMPLIANCE);
    for (from, to, part) in [
        ("for: 7y", "for: 5y", "it was for 7y, and is for 5y"),
        ("mode: compliance", "mode: governance", "something else"),
        ("for: 7y", "for: 83mo", "it was for 7y, and is for 83mo"),
        ("for: 7y", "for: 2556d", "it was for 7y, and is for 2556d"),
        ("for: 7y, from: promoted", "in_use: [k8s]", "as long as somebody runs it"),
        ("from: promoted", "from: pushed", "counted from something else"),
        ("version: 1", "version: 1\nbasis: created", "basis"),
        (">=1.0.0", ">=2.0.0", "something else"),
        ("name: sox-7y", "name: other", "it is gone"),
    ] {
        let found = weakened(&policy, &yaml(&COMPLIANCE.replace(from, to)));
        assert!(found.len() == 1 && found[0].how.contains(part), "{to}: {found:?}");
    }
    for (from, to) in [("for: 7y", "for: 10y"), ("for: 7y", "for: 84mo"), ("for: 7y, from: promoted", "forever: true")]
    {
        assert_eq!(weakened(&policy, &yaml(&COMPLIANCE.replace(from, to))), [], "{to}");
    }
    let forever = yaml(&COMPLIANCE.replace("for: 7y, from: promoted", "forever: true"));
    let running = yaml(&COMPLIANCE.replace("for: 7y, from: promoted", "in_use: [k8s]"));
    assert_eq!(weakened(&forever, &running).len(), 1);
    assert_eq!(weakened(&running, &forever).len(), 0);
    let hold = COMPLIANCE.lines().take_while(|line| !line.starts_with("keep")).collect::<Vec<_>>().join("\n");
    for (faithful, weaker) in [("true", 1), ("false", 0)] {
        let other = yaml(&format!("{hold}\nimport: {{ from: ecr, file: x.json, faithful: {faithful} }}\n"));
        assert_eq!(weakened(&policy, &other).len(), weaker, "faithful: {faithful}");
    }
}

const MUTABLE: &str = r"
version: 1
classes:
  pointer:   { tag: { any_of: [latest, edge, prod, 'env-*', 'v1', 'v1.2'] }, mutable: true }
  immutable: { tag: { any_of: [{ semver: '*' }, { regex: 'sha-[0-9a-f]{40}' }] }, mutable: false }
hold:
  - { name: pointers, class: pointer, forever: true }
  - { name: in-use, in_use: [k8s, ledger], history: 5 }
checks:
  - { immutable-moved: error }
delete:
  - { name: old-sha, class: immutable, tag: { glob: 'sha-*' }, older_than: 90d, unpulled_for: 30d }
";

#[test]
fn floating_tags_stay_and_old_commits_go_that_nobody_runs_or_pulls() {
    let policy = yaml(MUTABLE);
    let sha = |number: u8| format!("sha-{}", format!("{number:02x}").repeat(20));
    let mut rows: Vec<_> = (1..=4).map(|number| row(number, &[&sha(number)], "2026-01-01T00:00:00Z")).collect();
    rows.push(row(5, &["env-prod", "1.2.3"], "2026-01-01T00:00:00Z"));
    rows[1]["pulled_at"] = json!("2026-05-20T00:00:00Z");
    let mut document = json!({"repositories": [{"name": "app", "manifests": rows, "tracks_pulls": true}]});
    let read = |document: &Value| Snapshot::read(document.to_string().as_bytes()).unwrap();
    let mut facts = Facts::default();
    facts.in_use.push(InUse::new(Running::Digest(digest(3).parse().unwrap()), "k8s"));
    let now = "2026-06-01T00:00:00Z";
    let nobody = report(&read(&document), &policy, &facts, now);
    assert_eq!(nobody.delete, [] as [&str; 0], "nobody was asked, so it is not known what runs");
    assert_eq!(nobody.warnings.len(), 2);
    facts.asked = ["k8s".to_owned(), "ledger".to_owned()].into();
    assert_eq!(report(&read(&document), &policy, &facts, now).delete, ["app@m1", "app@m4"]);
    document["repositories"][0]["tracks_pulls"] = json!(false);
    assert_eq!(report(&read(&document), &policy, &facts, now).delete, [] as [&str; 0], "it may have been pulled");
    let seen = json!({"tag": "app:1.2.3", "digest": digest(4)});
    facts.seen.push(serde_json::from_value(seen).unwrap());
    assert!(matches!(
        report(&read(&document), &policy, &facts, now).refusals.as_slice(),
        [Refusal::ImmutableMoved { .. }]
    ));
}

#[test]
fn a_hold_from_the_promotion_counts_from_the_push_where_none_is_known_and_never_from_what_an_image_says() {
    let text = "version: 1\nbasis: created\nhold: [{ name: audit, for: 7y, from: promoted }]\ndelete: [{ name: d, always: true }]\n";
    let mut image = row(1, &["old"], "2026-05-01T00:00:00Z");
    image["created_at"] = json!("2015-01-01T00:00:00Z");
    let known = snapshot("app", &[image.clone()]);
    let policy = yaml(text);
    let gone = |snapshot: &Snapshot, now: &str| report(snapshot, &policy, &Facts::default(), now).delete.len();
    assert_eq!((gone(&known, "2026-06-01T00:00:00Z"), gone(&known, "2033-05-01T00:00:00Z")), (0, 1));
    let facts = Facts::default();
    let words = plan(&known, &policy, &facts, at("2026-06-01T00:00:00Z")).explain("app:old").unwrap().words;
    assert_eq!(words, "hold audit: for 7y from the first promotion, or from the push where none is known");
    image.as_object_mut().unwrap().remove("pushed_at");
    assert_eq!(gone(&snapshot("app", &[image]), "2040-01-01T00:00:00Z"), 0, "neither is known");
}

#[test]
fn a_tag_moved_at_a_time_to_come_is_not_as_old_as_its_image() {
    let policy = yaml("version: 1\ngrace: 24h\ndelete: [{ name: d, always: true }]\n");
    let mut image = row(1, &[], "2026-03-01T00:00:00Z");
    image["tags"] = json!([{"name": "old", "moved_at": "2026-06-01T12:06:00Z"}]);
    let snapshot = snapshot("app", &[image]);
    let gone = |now: &str| report(&snapshot, &policy, &Facts::default(), now).delete_tags.len();
    let all =
        ["2026-06-01T12:00:00Z", "2026-06-01T12:01:00Z", "2026-06-02T12:05:59Z", "2026-06-02T12:06:00Z"].map(gone);
    assert_eq!(all, [0, 0, 0, 1]);
}

#[test]
fn an_index_that_could_not_be_read_may_name_what_runs() {
    let policy = yaml("version: 1\ndelete: [{ name: d, tag: 'old-*', always: true }]\n");
    let mut facts = Facts::default();
    facts.in_use.push(InUse::new(Running::Digest(digest(2).parse().unwrap()), "k8s"));
    let gone = |media_type: &str, facts: &Facts| {
        let mut index = row(1, &["old-prod"], "2026-01-01T00:00:00Z");
        (index["resolved"], index["media_type"]) = (json!(false), json!(media_type));
        // Only the index tells of what it names, so that is not here.
        report(&snapshot("app", &[index]), &policy, facts, "2026-06-01T00:00:00Z").delete_tags.len()
    };
    for media_type in ["", "application/vnd.oci.image.index.v1+json"] {
        assert_eq!((gone(media_type, &facts), gone(media_type, &Facts::default())), (0, 1), "{media_type}");
    }
    assert_eq!(gone("application/vnd.oci.image.manifest.v1+json", &facts), 1, "it names no other");
}

#[test]
fn guards_stop_a_plan_and_say_by_how_much() {
    let rows: Vec<_> =
        (1..=4).map(|number| row(number, &[&format!("nightly-{number}")], "2026-01-01T00:00:00Z")).collect();
    let snapshot = snapshot("app", &rows);
    let base = "version: 1\ndelete: [{ name: all, always: true }]\n";
    let stopped = |guards: &str| {
        let policy = yaml(&format!("{base}{guards}"));
        report(&snapshot, &policy, &Facts::default(), "2026-06-01T00:00:00Z").refusals
    };
    let survivors = |left, limit| Refusal::MinSurvivors { repository: "app".to_owned(), left, limit };
    assert_eq!(stopped(""), [survivors(0, 1)], "one has to be left, unless it is said otherwise");
    assert_eq!(stopped("guards: { min_survivors: 0 }"), []);
    assert_eq!(stopped("guards: { min_survivors: 9 }"), [survivors(0, 4)]);
    let many = [Refusal::MaxDelete { deletes: 4, limit: 3 }, Refusal::MaxDeleteRatio { deletes: 4, of: 4, limit: 0.5 }];
    assert_eq!(stopped("guards: { min_survivors: 0, max_delete: 3, max_delete_ratio: 0.5 }"), many);
}

#[test]
fn where_not_all_is_known_a_tag_is_taken_only_by_a_registry_that_is_known_to_do_that() {
    let rows = [row(1, &["old-1", "keep"], "2026-01-01T00:00:00Z"), row(2, &["old-2"], "2026-01-01T00:00:00Z")];
    let read = |complete: bool| {
        let document = json!({"repositories": [{"name": "app", "complete": complete, "manifests": rows.clone()}]});
        Snapshot::read(document.to_string().as_bytes()).unwrap()
    };
    let policy = yaml("version: 1\ndelete: [{ name: old, tag: { glob: 'old-*' }, older_than: 1d }]\n");
    let untags = |complete: bool, can: Capabilities| {
        let mut facts = Facts::default();
        facts.capabilities = can;
        let report = report(&read(complete), &policy, &facts, "2026-06-01T00:00:00Z");
        assert_eq!(report.delete.len(), usize::from(complete), "{can:?}");
        (report.untag, report.blocked, report.reasons["app:old-1"].words.clone())
    };
    let (old, both) = (vec!["app:old-1".to_owned()], vec!["app:old-1".to_owned(), "app:old-2".to_owned()]);
    assert_eq!(untags(false, Capabilities::OCI).0, both);
    for can in [Capabilities::GHCR, Capabilities::OCI.unproven()] {
        let (untag, blocked, words) = untags(false, can);
        assert_eq!((untag, blocked), (Vec::new(), both.clone()), "{can:?}");
        assert!(words.contains("--registry says more"), "{words}");
        assert_eq!(untags(true, can).0, old, "{can:?}");
    }
}

#[test]
fn an_edit_of_a_policy_says_what_more_goes() {
    let rows: Vec<_> = (1..=4)
        .map(|number| row(number, &[&format!("nightly-{number}")], &format!("2026-01-0{number}T00:00:00Z")))
        .collect();
    let snapshot = snapshot("app", &rows);
    let facts = Facts::default();
    let policies = [3, 1].map(|beyond| yaml(&format!("version: 1\ndelete: [{{ name: old, beyond: {beyond} }}]\n")));
    let [one, other]: [Plan<'_>; 2] =
        policies.each_ref().map(|policy| plan(&snapshot, policy, &facts, at("2026-06-01T00:00:00Z")));
    let more = diff(&one, &other);
    assert_eq!((more.delete.as_slice(), more.keep.len()), (["app@m2".to_owned(), "app@m3".to_owned()].as_slice(), 0));
    assert_eq!(diff(&other, &one).keep, more.delete);
    assert!(diff(&one, &one).is_empty());
    assert_ne!(one.id(), other.id());
}

#[test]
fn an_edit_of_a_policy_says_which_hold_for_compliance_it_weakens_before_anything_goes_by_it() {
    let snapshot = snapshot("ghcr.io/acme/app", &[row(1, &["1.0.0"], "2026-05-01T00:00:00Z")]);
    let (facts, now) = (Facts::default(), at("2026-06-01T00:00:00Z"));
    let policies = ["for: 7y", "for: 5y"].map(|period| yaml(&COMPLIANCE.replace("for: 7y", period)));
    let [one, other]: [Plan<'_>; 2] = policies.each_ref().map(|policy| plan(&snapshot, policy, &facts, now));
    let less = diff(&one, &other);
    assert_eq!((less.delete.len(), less.is_empty()), (0, false), "nothing is that old");
    assert_eq!(less.weakened, weakened(&policies[0], &policies[1]));
    let line = "\nwarning: the hold sox-7y is for compliance: it was for 7y, and is for 5y";
    assert!(less.to_string().ends_with(line), "{less}");
    let told: Difference = serde_json::from_value(serde_json::to_value(&less).unwrap()).unwrap();
    assert_eq!(told, less);
    assert!(diff(&other, &one).is_empty(), "a longer one is no less");
}
