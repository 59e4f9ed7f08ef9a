//! What others wrote stays on the line where it is shown.

use lockage_policy::retain::{
    Facts, Held, InUse, LegalHold, Plan, Policy, Running, Snapshot, diff, plan, simulate, weakened,
};
use serde_json::json;

/// A line that would pass for one of ours, the colour of another, and a text that is read backwards.
const FORGED: &str = "\nrefused: x\r\u{1b}[31m\u{202e}";
const SHOWN: &str = r"\u{a}refused: x\u{d}\u{1b}[31m\u{202e}";

fn policy(days: u32) -> Policy {
    serde_json::from_value(json!({
        "version": 1,
        "classes": {format!("one{FORGED}"): {"tag": "v*"}, format!("two{FORGED}"): {"tag": "v1*"}},
        "hold": [
            {"name": format!("audit{FORGED}"), "tag": "v*", "for": format!("{days}d"), "mode": "compliance"},
            {"name": "run", "repo": "other", "in_use": [format!("k8s{FORGED}")]},
        ],
        "delete": [{"name": format!("old{FORGED}"), "tag": "old*", "older_than": "1d"}],
    }))
    .unwrap()
}

#[test]
fn no_name_and_no_word_of_others_ends_a_line_of_a_plan_or_of_anything_made_from_one() {
    let digest = |number: u8| format!("sha256:{}", format!("{number:02x}").repeat(32));
    let row = |number: u8, tags: &[&str]| {
        json!({"digest": digest(number), "name": format!("m{number}{FORGED}"), "tags": tags,
            "pushed_at": "2026-05-01T00:00:00Z"})
    };
    let rows = [row(1, &["old-\u{202e}1"]), row(2, &["held"]), row(3, &["run"]), row(4, &["v1"])];
    let document = json!({"repositories": [{"name": "app\u{1b}[31m", "manifests": rows, "complete": true}]});
    let snapshot = Snapshot::read(document.to_string().as_bytes()).unwrap();
    let mut facts = Facts::default();
    facts.holds.push(LegalHold::new(Held::Digest(digest(2).parse().unwrap()), format!("court{FORGED}")));
    let mut used = InUse::new(Running::Digest(digest(3).parse().unwrap()), format!("k8s{FORGED}"));
    used.why = Some(format!("pod{FORGED}"));
    facts.in_use.push(used);
    let (now, to) = ("2026-06-01T00:00:00Z".parse().unwrap(), "2027-06-01T00:00:00Z".parse().unwrap());
    let policies = [policy(400), policy(300)];
    let [one, other]: [Plan<'_>; 2] = policies.each_ref().map(|policy| plan(&snapshot, policy, &facts, now));
    let explained: Vec<String> = snapshot
        .tags()
        .map(|id| one.explain_tag(id).to_string())
        .chain(snapshot.manifests().map(|id| one.explain_manifest(id).to_string()))
        .collect();
    let nothing = Policy::keep_everything();
    let kept = plan(&snapshot, &nothing, &facts, now);
    let lines = |texts: &[String]| texts.iter().map(|text| text.lines().count()).sum::<usize>();
    for (what, texts, least) in [
        // Four tags, four manifests, the sum, a warning and the plan.
        ("plan", vec![format!("{one:#}")], 11),
        ("explanation", explained, 8),
        ("timeline", vec![simulate(&snapshot, &policies[0], &facts, now, to).to_string()], 3),
        ("difference", vec![diff(&kept, &one).to_string(), diff(&one, &kept).to_string()], 5),
        ("weakened", vec![diff(&one, &other).to_string()], 2),
        ("hold", weakened(&policies[0], &policies[1]).iter().map(ToString::to_string).collect(), 1),
        ("lints", policies[0].lint().iter().map(ToString::to_string).collect(), 1),
    ] {
        let all = texts.join("\n");
        assert!(!all.contains(|one: char| one != '\n' && (one.is_control() || one == '\u{202e}')), "{what}: {all:?}");
        assert!(!all.lines().any(|line| line.starts_with("refused")), "{what}: {all}");
        assert!(all.contains(r"\u{1b}[31m") && lines(&texts) >= least, "{what}: {all}");
    }
    assert!(format!("{one:#}").contains(&format!("old{SHOWN}: older than 1d")), "{one:#}");
}

#[test]
fn what_becomes_free_is_a_bound_and_says_of_how_many_nothing_is_known() {
    let policy: Policy = serde_json::from_value(
        json!({"version": 1, "delete": [{"name": "all", "tag": {"glob": "old-*"}, "always": true}]}),
    )
    .unwrap();
    let facts = Facts::default();
    let line = |tags: [&str; 3]| {
        let rows = (0_u64..).zip(tags).map(|(number, tag)| {
            let digest = format!("sha256:{number:064}");
            let mut row = json!({"digest": digest, "tags": [tag], "pushed_at": "2026-01-01T00:00:00Z"});
            if number == 0 {
                row["size"] = json!(100);
            }
            row
        });
        let rows: Vec<_> = rows.collect();
        let document = json!({"repositories": [{"name": "app", "manifests": rows}]});
        let snapshot = Snapshot::read(document.to_string().as_bytes()).unwrap();
        let table = plan(&snapshot, &policy, &facts, "2026-06-01T12:00:00Z".parse().unwrap()).to_string();
        table.lines().find(|line| line.contains("taken off, ")).unwrap().split_once("taken off, ").unwrap().1.to_owned()
    };
    assert_eq!(line(["a", "b", "c"]), "0 bytes");
    assert_eq!(line(["old-1", "b", "c"]), "at most 100 bytes, as layers may be shared");
    assert_eq!(
        line(["old-1", "old-2", "old-3"]),
        "at most 100 bytes, as layers may be shared; the sizes of 2 are not known"
    );
}
