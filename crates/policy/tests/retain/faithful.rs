//! Plans that keep no more than another system would: for comparisons, and marked as such.

use lockage_policy::retain::{
    Facts, Held, Imported, InUse, Layer, LegalHold, LintKind, Plan, Policy, Reason, Refusal, Report, RuleId, RuleName,
    Running, Said, Snapshot, Verdict, plan_imported,
};
use serde_json::{Value, json};

fn digest(number: u8) -> String {
    format!("sha256:{}", format!("{number:02x}").repeat(32))
}

/// An index of two images, one with a signature, and two images with tags of their own.
fn snapshot() -> Snapshot {
    let row = |number: u8, tags: &[&str]| json!({"digest": digest(number), "name": format!("m{number}"), "tags": tags, "pushed_at": "2026-01-01T00:00:00Z"});
    let (mut index, mut signature) = (row(1, &["v1"]), row(4, &[]));
    index["children"] = json!([digest(2), digest(3)]);
    signature["subject"] = json!(digest(1));
    let rows = [index, row(2, &[]), row(3, &[]), signature, row(5, &["a"]), row(6, &["b"])];
    Snapshot::read(json!({"repositories": [{"name": "app", "manifests": rows}]}).to_string().as_bytes()).unwrap()
}

/// A system that removes all that there is.
fn everything(snapshot: &Snapshot) -> Imported {
    let mut said = Said::nothing(snapshot);
    for id in snapshot.manifests() {
        said.remove_image(snapshot, id, Reason::Rule(Layer::Delete, RuleId(0)));
    }
    Imported::new(said, vec![RuleName::new(Layer::Delete, "all", "everything")]).faithful()
}

fn policy(mut more: Value) -> Policy {
    more["version"] = json!(1);
    more["import"] = json!({"from": "harbor", "file": "theirs.json", "faithful": true});
    serde_json::from_value(more).unwrap()
}

fn planned<'a>(snapshot: &'a Snapshot, policy: &'a Policy, facts: &'a Facts) -> Plan<'a> {
    plan_imported(snapshot, policy, facts, everything(snapshot), "2026-06-01T00:00:00Z".parse().unwrap())
}

fn kept(policy: &Policy, facts: &Facts) -> Vec<String> {
    planned(&snapshot(), policy, facts).report().keep
}

#[test]
fn a_plan_says_that_it_is_faithful_in_the_document_and_in_the_table() {
    let (snapshot, own, facts) = (snapshot(), Policy::keep_everything(), Facts::default());
    let plan = planned(&snapshot, &own, &facts);
    assert_eq!((plan.deletes().len(), plan.refusals().len()), (6, 0), "as the other system would");
    assert_eq!(serde_json::to_value(&plan).unwrap()["faithful"], true);
    assert!(plan.is_faithful() && plan.report().faithful && plan.to_string().contains("never executed"), "{plan}");
    let mut full = everything(&snapshot);
    full.protection = Default::default();
    let full = plan_imported(&snapshot, &own, &facts, full, "2026-06-01T00:00:00Z".parse().unwrap());
    assert!(!full.is_faithful() && !full.report().faithful && !full.to_string().contains("faithful"), "{full}");
    let mut other = plan.report();
    other.faithful = false;
    assert!(plan.report().is_unchanged() && !other.is_unchanged());
}

#[test]
fn holds_facts_and_guards_of_a_document_stay_in_force_around_a_faithful_import() {
    let mut facts = Facts::default();
    let bare = json!({"guards": {"min_survivors": 0}});
    assert_eq!(kept(&policy(bare.clone()), &facts), [] as [&str; 0]);
    let held = json!({"hold": [{"name": "v", "tag": {"glob": "v*"}, "forever": true}], "guards": {"min_survivors": 0}});
    let all_of_v1 = ["app@m1", "app@m2", "app@m3", "app@m4"];
    assert_eq!(kept(&policy(held), &facts), all_of_v1, "with what it needs, and its signature");
    let unasked = json!({"hold": [{"name": "k8s", "in_use": ["k8s"]}], "guards": {"min_survivors": 0}});
    assert_eq!(kept(&policy(unasked), &facts).len(), 6);
    facts.in_use = vec![InUse::new(Running::Digest(digest(2).parse().unwrap()), "k8s")];
    assert_eq!(kept(&policy(bare.clone()), &facts), all_of_v1, "an index is in use with its child");
    facts.in_use = Vec::new();
    facts.holds = vec![LegalHold::new(Held::Tag("app:a".to_owned()), "a suit")];
    assert_eq!(kept(&policy(bare), &facts), ["app@m5"]);
    let stopped = policy(json!({"guards": {"max_delete": 1}}));
    let refusals = planned(&snapshot(), &stopped, &Facts::default()).report().refusals;
    assert!(matches!(refusals[..], [Refusal::MaxDelete { deletes: 6, limit: 1 }, Refusal::MinSurvivors { .. }]));
}

#[test]
fn a_document_that_is_faithful_is_worth_a_word() {
    let found = policy(json!({})).lint();
    assert!(matches!(&found[..], [lint] if lint.kind == LintKind::Faithful && lint.place == "import"), "{found:?}");
}

#[test]
fn a_plan_is_known_by_everything_that_it_says() {
    let (snapshot, own, facts) = (snapshot(), Policy::keep_everything(), Facts::default());
    let plan = planned(&snapshot, &own, &facts);
    let written = serde_json::to_value(&plan).unwrap();
    assert_eq!(written["plan"], plan.report().digest().to_string());
    let other = |field: &str| match &written[field] {
        Value::String(_) if field == "now" => json!("2026-06-01T00:00:01Z"),
        Value::String(_) => json!(digest(9)),
        Value::Bool(value) => json!(!value),
        Value::Number(_) => json!(77),
        Value::Object(_) => json!({}),
        Value::Array(all) if !all.is_empty() => json!([]),
        Value::Array(_) => match field {
            "refusals" => json!([{"guard": "max_delete", "deletes": 8, "limit": 1}]),
            "warnings" => json!([{"warning": "partial", "repository": "app"}]),
            _ => json!(["app@m1"]),
        },
        Value::Null => unreachable!("{field}"),
    };
    for field in written.as_object().unwrap().keys() {
        let mut changed = written.clone();
        changed[field] = other(field);
        let changed: Report = serde_json::from_value(changed).unwrap();
        assert!(!changed.is_unchanged(), "{field}");
    }
    let indented: Report = serde_json::from_str(&serde_json::to_string_pretty(&plan).unwrap()).unwrap();
    assert!(indented.is_unchanged(), "however it is set");
    assert_eq!(plan.manifest(snapshot.manifests().next().unwrap()).0, Verdict::Delete);
}
