//! A ledger of three environments, and registries as snapshots have them.

use std::time::SystemTime;

use lockage_policy::facts::LedgerFacts;
use lockage_policy::jiff::Timestamp;
use lockage_policy::retain::{Facts, Format, Policy, Report, Snapshot, plan};
use lockage_promote::ledger::{Chronicle, Entry, ImageFacts, Kind, Phase, Recorded, Standing, TagRecord};
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph, Name};
use lockage_registry::Digest;
use serde_json::{Value, json};

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    text.parse().unwrap()
}

pub(crate) fn digest(number: u8) -> Digest {
    format!("sha256:{}", format!("{number:02x}").repeat(32)).parse().unwrap()
}

/// dev → staging → prod, and from staging to dr, each in a repository of its own.
pub(crate) fn graph() -> Graph {
    let place = |name: &str| EnvironmentSpec::new(name, format!("ghcr.io/acme/{{image}}-{name}")).pin("sha-{sha}");
    Graph::builder()
        .environment(place("dev"))
        .environment(place("staging"))
        .environment(place("prod"))
        .environment(place("dr"))
        .edge(EdgeSpec::new("dev", "staging"))
        .edge(EdgeSpec::new("staging", "prod"))
        .edge(EdgeSpec::new("staging", "dr"))
        .build()
        .unwrap()
}

/// A ledger, written from the first entry to the last.
#[derive(Default)]
pub(crate) struct Book(Vec<Recorded>);

impl Book {
    fn write(mut self, entry: Entry) -> Self {
        let parent = self.0.last().map(|last| last.id.clone());
        let entry: Entry = {
            let mut written = serde_json::to_value(entry).unwrap();
            written["parents"] = json!(parent.into_iter().collect::<Vec<_>>());
            serde_json::from_value(written).unwrap()
        };
        self.0.push(Recorded::new(entry).unwrap());
        self
    }

    fn entry(kind: Kind, number: u8, when: &str) -> Entry {
        Entry::new(kind, name("app"), digest(number), "ada", SystemTime::from(at(when)))
    }

    fn promote(phase: Phase, from: &str, to: &str, tags: Vec<TagRecord>) -> Kind {
        let (from, edge, plan) = (name(from), name(&format!("{from}-{to}")), digest(255));
        Kind::Promote { phase, from, edge, plan, tags, evidence: [].into(), parent: None }
    }

    pub(crate) fn promoted(self, number: u8, from: &str, to: &str, when: &str) -> Self {
        let tag = TagRecord::pin(format!("sha-{number:040x}").parse().unwrap());
        let kind = Self::promote(Phase::Done, from, to, vec![tag]);
        self.write(Self::entry(kind, number, when).in_environment(name(to)))
    }

    /// The same for an image that is a release.
    pub(crate) fn released(self, number: u8, version: &str, from: &str, to: &str, when: &str) -> Self {
        let mut facts = ImageFacts::default();
        facts.version = Some(version.to_owned());
        let kind = Self::promote(Phase::Done, from, to, Vec::new());
        self.write(Self::entry(kind, number, when).in_environment(name(to)).with_facts(facts))
    }

    pub(crate) fn begun(self, number: u8, from: &str, to: &str, when: &str) -> Self {
        let kind = Self::promote(Phase::Intent, from, to, Vec::new());
        self.write(Self::entry(kind, number, when).in_environment(name(to)))
    }

    pub(crate) fn denied(self, number: u8, to: Option<&str>, when: &str) -> Self {
        let entry = Self::entry(Kind::Deny { reason: "CVE".to_owned() }, number, when);
        self.write(match to {
            Some(to) => entry.in_environment(name(to)),
            None => entry,
        })
    }

    pub(crate) fn released_denial(self, number: u8, when: &str) -> Self {
        let kind = Kind::Release { of: Standing::Denial, reason: "no CVE".to_owned() };
        self.write(Self::entry(kind, number, when))
    }

    pub(crate) fn held(self, number: u8, environment: &str, until: Option<&str>, when: &str) -> Self {
        let kind = Kind::Hold { reason: "audit".to_owned(), until: until.map(|until| at(until).into()) };
        self.write(Self::entry(kind, number, when).in_environment(name(environment)))
    }

    pub(crate) fn chronicle(&self) -> Chronicle {
        Chronicle::of(self.0.clone())
    }

    pub(crate) fn facts(&self, policy: &Policy, now: Timestamp) -> Facts {
        let (chronicle, graph) = (self.chronicle(), graph());
        LedgerFacts::of(&chronicle).graph(&graph).for_policy(policy).facts(now).unwrap()
    }
}

/// A row of a snapshot: the number of its digest, its tags, when it was pushed, and what it names.
pub(crate) fn row(number: u8, tags: &[&str], pushed: &str, children: &[u8], subject: Option<u8>) -> Value {
    let mut row = json!({"digest": digest(number), "tags": tags, "pushed_at": at(pushed),
        "child_digests": children.iter().map(|child| digest(*child)).collect::<Vec<_>>()});
    if let Some(subject) = subject {
        row["subject_digest"] = json!(digest(subject));
    }
    row
}

pub(crate) fn image(number: u8, tag: &str, pushed: &str) -> Value {
    row(number, &[tag], pushed, &[], None)
}

pub(crate) fn snapshot(repositories: &[(&str, Vec<Value>)]) -> Snapshot {
    let all: Vec<Value> = repositories.iter().map(|(name, rows)| json!({"name": name, "manifests": rows})).collect();
    Snapshot::read(json!({"repositories": all}).to_string().as_bytes()).unwrap()
}

pub(crate) fn policy(text: &str) -> Policy {
    Policy::parse(&format!("version: 1\n{text}"), Format::Yaml).unwrap_or_else(|error| panic!("{error}"))
}

/// What a policy comes to with what the ledger knows.
pub(crate) fn planned(snapshot: &Snapshot, policy: &Policy, book: &Book, now: &str) -> Report {
    plan(snapshot, policy, &book.facts(policy, at(now)), at(now)).report()
}

pub(crate) fn words<'a>(report: &'a Report, name: &str) -> &'a str {
    &report.reasons.get(name).unwrap_or_else(|| panic!("{name} in {:?}", report.reasons.keys())).words
}
