//! One case of the model: a registry in a few lines, and the same as a snapshot, a policy and facts.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use lockage_policy::jiff::Timestamp;
use lockage_policy::retain::{
    Age, Basis, Delete, DigestKey, Expression, Facts, Glob, Hold, InUse, Keep, ManifestRow, Per, Plan, Policy,
    PromotedTo, Promotion, Running, Snapshot, SnapshotBuilder, TagRow, TagSelector, Untagged, Verdict,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) pushed: Option<i64>,
    pub(crate) children: Vec<String>,
    pub(crate) subject: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Tag {
    pub(crate) m: String,
    pub(crate) moved: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Rule {
    pub(crate) tags: String,
    #[serde(default)]
    pub(crate) group: Option<String>,
    #[serde(default)]
    pub(crate) legal: bool,
    #[serde(default)]
    pub(crate) min_age: Option<i64>,
    #[serde(default)]
    pub(crate) newest: Option<u32>,
    #[serde(default)]
    pub(crate) within: Option<i64>,
    #[serde(default)]
    pub(crate) older_than: Option<i64>,
    #[serde(default)]
    pub(crate) beyond: Option<u32>,
    #[serde(default)]
    pub(crate) promoted: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Rules {
    pub(crate) holds: Vec<Rule>,
    pub(crate) keep: Vec<Rule>,
    pub(crate) delete: Vec<Rule>,
    pub(crate) untagged: Option<i64>,
    pub(crate) grace: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) manifests: BTreeMap<String, Manifest>,
    pub(crate) tags: BTreeMap<String, Tag>,
    pub(crate) in_use: BTreeSet<String>,
    pub(crate) promoted: BTreeMap<String, i64>,
    pub(crate) complete: bool,
    pub(crate) unresolved: BTreeSet<String>,
    pub(crate) policy: Rules,
    pub(crate) now: i64,
    /// Whether ages are counted from the later one of two times, as the model does not.
    #[serde(default)]
    pub(crate) latest: bool,
    /// Whether what names something in use is in use with it, as it is not in the model.
    #[serde(default)]
    pub(crate) with_parents: bool,
}

/// The tags and the manifests that go.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) untag: BTreeSet<String>,
    pub(crate) dead: BTreeSet<String>,
}

impl Outcome {
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.untag.is_subset(&other.untag) && self.dead.is_subset(&other.dead)
    }
}

/// The model's time 0. Its unit is a second, so that none of its times is further ahead than a clock may be.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + seconds).unwrap()
}

/// The model's names of manifests have four digits; here they are the first of sixty-four.
pub(crate) fn key(id: &str) -> DigestKey {
    DigestKey::try_from(&digest(id)).unwrap()
}

pub(crate) fn digest(id: &str) -> lockage_tagging::Digest {
    let id = if id == "dead" { "ffff" } else { id };
    format!("sha256:{id:0<64}").parse().unwrap()
}

thread_local! {
    static SELECTORS: RefCell<BTreeMap<String, TagSelector>> = RefCell::default();
    static PROD: Glob = Glob::new("prod").unwrap();
}

fn expression(text: &str) -> TagSelector {
    let new = || TagSelector::Regex(Expression::new(text).unwrap());
    SELECTORS.with_borrow_mut(|known| known.entry(text.to_owned()).or_insert_with(new).clone())
}

fn selector(rule: &Rule) -> TagSelector {
    match &rule.group {
        Some(group) => TagSelector::AllOf(vec![expression(&rule.tags), expression(&group.replacen('(', "(?<g>", 1))]),
        None => expression(&rule.tags),
    }
}

fn name(tag: &str) -> String {
    match tag.strip_prefix("sha256-") {
        Some(rest) => format!("sha256-{:0<64}{}", &rest[..4], &rest[4..]),
        None => tag.to_owned(),
    }
}

impl Case {
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.built(self.manifests.iter(), self.tags.iter())
    }

    /// The same with its rows the other way round.
    pub(crate) fn reversed(&self) -> Snapshot {
        self.built(self.manifests.iter().rev(), self.tags.iter().rev())
    }

    fn built<'a>(
        &self,
        manifests: impl Iterator<Item = (&'a String, &'a Manifest)>,
        tags: impl Iterator<Item = (&'a String, &'a Tag)>,
    ) -> Snapshot {
        let mut builder = SnapshotBuilder::new();
        let repository = builder.repository("app").unwrap();
        if !self.complete {
            builder.incomplete(repository);
        }
        for (id, manifest) in manifests {
            let mut row = ManifestRow::new(key(id));
            row.pushed_at = manifest.pushed.map(at);
            row.children = manifest.children.iter().map(|id| key(id)).collect();
            row.subject = manifest.subject.as_deref().map(key);
            row.resolved = !self.unresolved.contains(id);
            builder.manifest(repository, row).unwrap();
        }
        for (tag, to) in tags {
            let name = name(tag);
            let mut row = TagRow::new(&name, key(&to.m));
            row.moved_at = to.moved.map(at);
            builder.tag(repository, row).unwrap();
        }
        builder.finish().unwrap()
    }

    pub(crate) fn facts(&self) -> Facts {
        let mut facts = Facts::default();
        for used in &self.in_use {
            // A tag may have the name of no manifest, and the other way round.
            let what = if self.manifests.contains_key(used) {
                if self.with_parents { Running::Digest(digest(used)) } else { Running::Alone(digest(used)) }
            } else {
                Running::Tag(format!("app:{}", name(used)))
            };
            facts.in_use.push(InUse::new(what, "model"));
        }
        facts.promoted =
            self.promoted.iter().map(|(id, verified)| Promotion::new(digest(id), "prod", at(*verified))).collect();
        facts
    }

    pub(crate) fn document(&self) -> Value {
        let selector = |rule: &Rule| match &rule.group {
            Some(group) => json!({"all_of": [{"regex": rule.tags}, {"regex": group.replacen('(', "(?<g>", 1)}]}),
            None => json!({"regex": rule.tags}),
        };
        let seconds = |number: i64| format!("{number}s");
        let base = |layer: &str, place: usize, rule: &Rule| {
            let mut value = json!({"name": format!("{layer}-{place:02}"), "tag": selector(rule)});
            if rule.group.is_some() {
                value["per"] = json!(["g"]);
            }
            value
        };
        let each = |layer: &str, rules: &[Rule], put: &dyn Fn(&Rule, &mut Value)| -> Vec<Value> {
            let one = |(place, rule): (usize, &Rule)| {
                let mut value = base(layer, place, rule);
                put(rule, &mut value);
                value
            };
            rules.iter().enumerate().map(one).collect()
        };
        let hold = each("hold", &self.policy.holds, &|rule, value| match rule.min_age {
            Some(age) => value["for"] = json!(seconds(age)),
            None => value["forever"] = json!(true),
        });
        let keep = each("keep", &self.policy.keep, &|rule, value| {
            if let Some(newest) = rule.newest {
                value["newest"] = json!(newest);
            }
            if let Some(within) = rule.within {
                value["within"] = json!(seconds(within));
            }
        });
        let delete = each("delete", &self.policy.delete, &|rule, value| {
            if let Some(age) = rule.older_than {
                value["older_than"] = json!(seconds(age));
            }
            if let Some(beyond) = rule.beyond {
                value["beyond"] = json!(beyond);
            }
            if let Some(after) = rule.promoted {
                value["promoted"] = json!({"to": "prod", "after": seconds(after)});
            }
            if rule.older_than.is_none() && rule.beyond.is_none() && rule.promoted.is_none() {
                value["always"] = json!(true);
            }
        });
        let mut document = json!({"version": 1, "basis": "moved", "hold": hold, "keep": keep, "delete": delete});
        if let Some(age) = self.policy.untagged {
            document["untagged"] = json!({"older_than": seconds(age)});
        }
        if let Some(age) = self.policy.grace {
            document["grace"] = json!(seconds(age));
        }
        document
    }

    /// The rules, without a document: so that an expression is compiled once and not ten thousand times.
    pub(crate) fn rules(&self) -> Policy {
        let per = |rule: &Rule| rule.group.iter().map(|_| Per::new("g")).collect::<Vec<_>>();
        let age = |seconds: i64| Age::seconds(u32::try_from(seconds).unwrap());
        let mut policy = Policy::keep_everything();
        policy.basis = if self.latest { Basis::Latest } else { Basis::Moved };
        policy.untagged = self.policy.untagged.map(|seconds| Untagged::older_than(age(seconds)));
        policy.grace = self.policy.grace.map(age);
        for (place, rule) in self.policy.holds.iter().enumerate() {
            let mut own = Hold::new(format!("hold-{place:02}"));
            (own.tag, own.period, own.forever) = (Some(selector(rule)), rule.min_age.map(age), rule.min_age.is_none());
            policy.hold.push(own);
        }
        for (place, rule) in self.policy.keep.iter().enumerate() {
            let mut own = Keep::new(format!("keep-{place:02}"));
            (own.tag, own.per, own.newest, own.within) =
                (Some(selector(rule)), per(rule), rule.newest, rule.within.map(age));
            policy.keep.push(own);
        }
        for (place, rule) in self.policy.delete.iter().enumerate() {
            let mut own = Delete::new(format!("delete-{place:02}"));
            (own.tag, own.per, own.beyond, own.older_than) =
                (Some(selector(rule)), per(rule), rule.beyond, rule.older_than.map(age));
            own.promoted = rule.promoted.map(|after| PromotedTo::new(PROD.with(Glob::clone), age(after)));
            own.always = own.beyond.is_none() && own.older_than.is_none() && own.promoted.is_none();
            policy.delete.push(own);
        }
        policy.checked().unwrap()
    }

    /// What the planner makes of it.
    pub(crate) fn outcome(&self) -> Outcome {
        let (snapshot, policy, facts) = (self.snapshot(), self.rules(), self.facts());
        self.named(&lockage_policy::retain::plan(&snapshot, &policy, &facts, at(self.now)))
    }

    pub(crate) fn named(&self, plan: &Plan<'_>) -> Outcome {
        let snapshot = plan.snapshot();
        let repository = snapshot.find_repository("app");
        let goes = |tag: &&String| {
            let id = snapshot.find_tag(repository.unwrap(), &name(tag)).unwrap();
            matches!(plan.tag(id).0, Verdict::Delete | Verdict::Untag)
        };
        let dies = |id: &&String| {
            let id = snapshot.find_manifest(repository.unwrap(), &key(id)).unwrap();
            plan.manifest(id).0 == Verdict::Delete
        };
        Outcome {
            untag: self.tags.keys().filter(goes).cloned().collect(),
            dead: self.manifests.keys().filter(dies).cloned().collect(),
        }
    }
}
