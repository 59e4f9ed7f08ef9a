//! The last tag of a repository, where its registry lets nobody take it: one stays, and what that needs.

use lockage_policy::jiff::Timestamp;
use lockage_policy::retain::{
    Action, Block, Capabilities, Facts, Layer, Policy, Protection, Reason, Report, RuleId, Said, Snapshot, TagId,
    Verdict, Word, plan, settle,
};
use serde_json::{Value, json};

use super::case::{Rule, at};
use super::generate::Random;

fn row(number: u8, tags: &[&str], pushed: &str) -> Value {
    json!({ "digest": format!("sha256:{}", format!("{number:02x}").repeat(32)), "name": format!("m{number}"), "tags": tags,
            "pushed_at": format!("{pushed}T00:00:00Z"), "size": 100 })
}

fn with(mut row: Value, field: &str, value: Value) -> Value {
    row[field] = value;
    row
}

fn snapshot(rows: &[Value]) -> Snapshot {
    let document = json!({ "repositories": [{ "name": "app", "manifests": rows }] });
    Snapshot::read(document.to_string().as_bytes()).unwrap()
}

/// Everything goes but what `keep-*` names.
fn old() -> Value {
    json!({ "version": 1, "untagged": { "older_than": "1d" },
            "delete": [{ "name": "old", "tag": { "not": { "glob": "keep-*" } }, "older_than": "1d" }] })
}

fn ghcr() -> Facts {
    let mut facts = Facts::default();
    facts.capabilities = Capabilities::GHCR;
    facts
}

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn report(rows: &[Value], policy: Value, facts: &Facts) -> Report {
    let policy: Policy = serde_json::from_value(policy).unwrap();
    plan(&snapshot(rows), &policy, facts, now()).report()
}

/// What goes, and what should and cannot.
fn comes_to(report: &Report) -> [Vec<&str>; 4] {
    let all = [&report.delete_tags, &report.keep_tags, &report.delete, &report.keep, &report.archive];
    assert_eq!(all.map(Vec::len).iter().sum::<usize>(), report.reasons.len());
    [&report.untag, &report.delete_tags, &report.delete, &report.blocked]
        .map(|names| names.iter().map(|name| name.strip_prefix("app").unwrap()).collect())
}

#[test]
fn where_every_tag_would_go_one_of_the_image_pushed_last_stays() {
    let one = |tags: &[&str]| row(1, tags, "2026-01-01");
    let two = |tags: &[&str]| row(2, tags, "2026-01-02");
    let tag = |name: &str, moved: &str| json!({ "name": name, "moved_at": format!("{moved}T00:00:00Z") });
    let moved = with(two(&[]), "tags", json!([tag("a", "2026-01-05"), tag("b", "2026-01-06"), tag("c", "2026-01-04")]));
    let signature = format!("sha256-{}.sig", "02".repeat(32));
    let table = [
        ("its only tag", vec![one(&["a"]), two(&["b"])], [vec![], vec![":a"], vec!["@m1"], vec!["@m2", ":b"]]),
        (
            "its other tags are taken",
            vec![one(&["x"]), two(&["a", "b", "c"])],
            [vec![":a", ":b"], vec![":a", ":b", ":x"], vec!["@m1"], vec!["@m2", ":c"]],
        ),
        ("the tag moved last", vec![moved], [vec![":a", ":c"], vec![":a", ":c"], vec![], vec!["@m2", ":b"]]),
        (
            "pushed when another was: by the digest",
            vec![row(1, &["b"], "2026-01-02"), two(&["a"])],
            [vec![], vec![":b"], vec!["@m1"], vec!["@m2", ":a"]],
        ),
        ("a tag that stays is enough", vec![one(&["keep-1"]), two(&["b"])], [vec![], vec![":b"], vec!["@m2"], vec![]]),
        (
            "with what it needs and what speaks about it",
            vec![one(&[]), with(two(&["b"]), "children", json!(["m1"])), row(3, &[&signature], "2026-01-03")],
            [vec![], vec![], vec![], vec!["@m2", ":b"]],
        ),
        ("no image has a tag", vec![one(&[]), two(&[])], [vec![], vec![], vec!["@m1", "@m2"], vec![]]),
    ];
    for (what, rows, expected) in table {
        let found = report(&rows, old(), &ghcr());
        assert_eq!(comes_to(&found), expected, "{what}");
        assert_eq!(found.refusals, [], "{what}: what stays counts as left");
        assert_eq!(found.bytes, 100 * found.delete.len() as u64, "{what}");
        let reversed: Vec<Value> = rows.iter().rev().cloned().collect();
        assert_eq!(report(&reversed, old(), &ghcr()), found, "{what}: the order of the rows");
    }
}

#[test]
fn images_that_stay_for_other_reasons_do_not_keep_the_last_tag() {
    let held = |number: u8| {
        let mut facts = ghcr();
        let digest = format!("sha256:{}", format!("{number:02x}").repeat(32));
        facts.in_use = serde_json::from_value(json!([{ "alone": digest, "by": "k8s" }])).unwrap();
        facts
    };
    let images = [row(1, &["a"], "2026-01-01"), row(2, &["b", "c"], "2026-01-02")];
    let untagging = |report: Report| {
        let untag = report.actions.iter().filter_map(|action| match action {
            Action::Untag { tag, .. } => Some(tag.clone()),
            _ => None,
        });
        untag.collect::<Vec<_>>()
    };
    // The child of an index that somebody runs.
    let index = |tags: &[&str]| with(row(3, tags, "2026-01-01"), "children", json!(["m2"]));
    let runs_index = [images[0].clone(), images[1].clone(), index(&[])];
    let found = report(&runs_index, old(), &held(3));
    assert_eq!(comes_to(&found), [vec![":b"], vec![":a", ":b"], vec!["@m1"], vec![":c"]], "the image stays anyway");
    assert_eq!(untagging(found), ["b"]);
    // All tags would be taken where nothing is known to be kept by them.
    let unresolved = images.clone().map(|row| with(row, "resolved", json!(false)));
    let mut native = ghcr();
    native.capabilities.native_untag = true;
    let found = report(&unresolved, old(), &native);
    assert_eq!(comes_to(&found), [vec![":a", ":b"], vec![":a", ":b"], vec![], vec![":c"]]);
    assert_eq!(report(&unresolved, old(), &ghcr()).untag, [""; 0], "no tag is taken there");
    // A tag that cannot be taken is one that stays.
    let mut never = old();
    never["untag"] = json!("never");
    let found = report(&runs_index, never.clone(), &held(3));
    assert_eq!(comes_to(&found), [vec![], vec![":a"], vec!["@m1"], vec![":b", ":c"]]);
    let found = report(&images, never, &ghcr());
    assert_eq!(comes_to(&found), [vec![], vec![":a"], vec!["@m1"], vec!["@m2", ":b", ":c"]]);
    let words = |of: &str| found.reasons[of].words.clone();
    assert_eq!([words("app:b"), words("app:c")], [Block::Untag.words(), Block::LastTagged.words()]);
}

#[test]
fn the_last_tag_is_shown_as_what_should_go_and_cannot() {
    let snapshot = snapshot(&[row(1, &["a", "b"], "2026-01-01")]);
    let (policy, facts) = (serde_json::from_value(old()).unwrap(), ghcr());
    let plan = plan(&snapshot, &policy, &facts, now());
    let explained = plan.explain("app:b").unwrap();
    assert_eq!((explained.verdict, explained.goes_at), (Verdict::Blocked, None));
    let text = explained.to_string();
    assert!(text.starts_with(&format!("app:b should go and cannot: {}", Block::LastTagged.words())), "{text}");
    assert!(text.contains("also  delete old"), "{text}");
    let table = plan.to_string();
    let lines: Vec<&str> = table.lines().map(|line| line.split_once(' ').unwrap().0).collect();
    assert_eq!(lines[..4], ["untag", "blocked", "blocked", "0"], "{table}");
    assert!(table.contains("0 of 1 manifests deleted, 1 of 2 tags taken off"), "{table}");
}

#[test]
fn what_an_image_with_the_last_tag_needs_is_not_archived() {
    let index = with(row(1, &["v1"], "2026-01-03"), "children", json!(["m2"]));
    let rows = [index, row(2, &[], "2026-01-01"), row(3, &[], "2026-01-01")];
    let snapshot = snapshot(&rows);
    let id = |number: usize| snapshot.manifests().nth(number - 1).unwrap();
    let rule = Reason::Rule(Layer::Delete, RuleId(0));
    let mut said = Said::nothing(&snapshot);
    said.remove_image(&snapshot, id(1), rule);
    said.say_manifest(id(2), Word::Archive(rule));
    said.say_manifest(id(3), Word::Archive(rule));
    let verdicts = |said: &Said, can| {
        let settled = settle(&snapshot, said, Protection::Full, can);
        [1, 2, 3].map(|number| settled.manifest(id(number)).0)
    };
    assert_eq!(verdicts(&said, Capabilities::OCI), [Verdict::Delete, Verdict::Archive, Verdict::Archive]);
    assert_eq!(verdicts(&said, Capabilities::GHCR), [Verdict::Blocked, Verdict::Keep, Verdict::Archive]);
    // What is archived keeps its tag there, and so is no image without one.
    said.say_manifest(id(1), Word::Archive(rule));
    for word in [Word::Archive(rule), Word::Remove(rule)] {
        said.say_tag(snapshot.tags_at(id(1)).next().unwrap(), word);
        assert_eq!(verdicts(&said, Capabilities::GHCR), [Verdict::Archive; 3], "{word:?}");
    }
}

/// What a plan leaves of the plain tags, and which one of them for want of another.
fn left(snapshot: &Snapshot, verdict: impl Fn(TagId) -> (Verdict, Reason)) -> (Vec<TagId>, Vec<TagId>) {
    let stays = |id: &TagId| matches!(verdict(*id).0, Verdict::Keep | Verdict::Blocked);
    let left: Vec<TagId> = snapshot.tags().filter(|id| snapshot.speaks_about(*id).is_none()).filter(stays).collect();
    let last = left.iter().copied().filter(|id| verdict(*id).1 == Reason::Blocked(Block::LastTagged)).collect();
    (left, last)
}

#[test]
fn whatever_a_policy_says_a_tag_is_left_and_nothing_else_is_another_way() {
    let mut emptied = 0;
    for seed in 0..2_000 {
        let mut case = Random::new(seed ^ 0x0012_3457).case();
        case.policy.keep.truncate(usize::from(seed % 4 == 0));
        case.policy.delete.push(Rule { tags: ".*".to_owned(), older_than: Some(5), ..Rule::default() });
        let (snapshot, policy) = (case.snapshot(), case.rules());
        let mut facts = case.facts();
        let mut planned = |can| {
            facts.capabilities = can;
            let plan = plan(&snapshot, &policy, &facts, at(case.now));
            (left(&snapshot, |id| plan.tag(id)), case.named(&plan), plan.report())
        };
        let ((freely, none), all_goes, free) = planned(Capabilities::OCI.unproven());
        let ((left, last), goes, report) = planned(Capabilities::GHCR);
        assert_eq!(none, [], "{seed}");
        let plain = || snapshot.tags().filter(|id| snapshot.speaks_about(*id).is_none());
        if !freely.is_empty() || plain().next().is_none() {
            assert_eq!(report, free, "{seed}: there is a tag in any case");
            continue;
        }
        emptied += 1;
        assert_eq!((left.as_slice(), left.len()), (last.as_slice(), 1), "{seed}");
        let of = snapshot.target(last[0]);
        assert!(plain().all(|id| snapshot.pushed_at(snapshot.target(id)) <= snapshot.pushed_at(of)), "{seed}");
        assert!(goes.is_within(&all_goes) && report.bytes <= free.bytes, "{seed}");
        let (key, id) = (snapshot.key(of).to_string(), snapshot.manifest_reference(of));
        assert!(report.keep.contains(&id), "{seed}");
        let touches = |action: &Action| match action {
            Action::Untag { tag, .. } => *tag == snapshot.tag_name(last[0]),
            Action::DeleteManifest { digest, .. } => *digest == key,
            _ => false,
        };
        assert!(!report.actions.iter().any(touches), "{seed}: {:?}", report.actions);
        // I9: a second run finds the same tag, and nothing to do.
        case.tags.retain(|tag, _| !goes.untag.contains(tag));
        case.manifests.retain(|id, _| !goes.dead.contains(id));
        case.in_use.retain(|used| case.tags.contains_key(used) || case.manifests.contains_key(used));
        let (snapshot, mut facts) = (case.snapshot(), case.facts());
        facts.capabilities = Capabilities::GHCR;
        let again = plan(&snapshot, &policy, &facts, at(case.now)).report();
        assert!(again.actions.is_empty(), "{seed}: {:?}", again.actions);
    }
    assert!(emptied > 300, "{emptied} of 2000 are emptied");
}
