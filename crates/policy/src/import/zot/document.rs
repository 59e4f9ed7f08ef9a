//! The retention section of zot's configuration, checked as zot checks it. Letters' cases do not matter in names.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::go_regex::GoRegex;
use super::{KeepTags, Policy, Retention, Rules, Span};
use crate::import::glob::{Dialect, Glob};
use crate::import::node::{Node, Object, Read, json};
use crate::import::{Flaw, InvalidPolicy, System};

const MOST: usize = 1_000;

impl Retention {
    /// Reads the section, `{"dryRun", "delay", "policies": […]}`, with `{"retention": …}` around it, or in zot's whole
    /// configuration, as `{"storage": {"retention": …}}`.
    ///
    /// Where no delay is written it is that of zot's garbage collection: `gcDelay`, or else an hour.
    ///
    /// # Errors
    /// Where zot would refuse it, and where a number stands for a span of time: zot takes it as nanoseconds. Where a
    /// configuration has more than one retention, or one that never runs.
    pub fn parse(document: &[u8]) -> Result<Self, InvalidPolicy> {
        let value = json(System::Zot, document)?;
        let root = Node::root(System::Zot, &value);
        let mut garbage = None;
        let section = if root.has("storage") {
            let storage = root.open()?.need("storage")?.open()?;
            storage.forbid("subPaths", "sub paths have a retention of their own: give each section by itself")?;
            if let Some(node) = storage.get("gc")?.filter(|node| node.value() == &Value::Bool(false)) {
                return Err(node.flaw(Flaw::Contradiction("without gc zot deletes nothing")));
            }
            garbage = span(&storage, "gcDelay")?;
            storage.need("retention")?
        } else if root.has("retention") {
            root.object(&["retention"])?.need("retention")?
        } else {
            root
        };
        let object = section.object(&["dryRun", "delay", "policies"])?;
        let policies = match object.get("policies")? {
            Some(list) => list.items(MOST)?.iter().map(policy).collect::<Read<_>>()?,
            None => Vec::new(),
        };
        let delay = span(&object, "delay")?.or(garbage).unwrap_or(Span::ONE_HOUR);
        Ok(Self { dry_run: object.flag("dryRun")?, delay, policies })
    }
}

fn policy(node: &Node<'_>) -> Read<Policy> {
    let object = node.object(&["repositories", "deleteReferrers", "deleteUntagged", "keepTags", "keepUntagged"])?;
    let list = object.need("repositories")?;
    let glob = |item: &Node<'_>| Glob::parse(item.text()?, Dialect::Zot).map_err(|why| item.flaw(Flaw::Pattern(why)));
    let repositories = list.items(MOST)?.iter().map(glob).collect::<Read<Vec<_>>>()?;
    if repositories.is_empty() {
        return Err(list.wrong("at least one pattern"));
    }
    let keep_tags = match object.get("keepTags")? {
        Some(list) => list.items(MOST)?.iter().map(keep_tags).collect::<Read<_>>()?,
        None => Vec::new(),
    };
    let keep_untagged = match object.get("keepUntagged")? {
        Some(node) => {
            let known = &["pulledWithin", "pushedWithin", "mostRecentlyPushedCount", "mostRecentlyPulledCount"];
            Some(rules(&node.object(known)?)?)
        }
        None => None,
    };
    Ok(Policy {
        repositories,
        delete_referrers: object.flag("deleteReferrers")?,
        delete_untagged: object.get("deleteUntagged")?.map_or(Ok(true), |node| node.flag())?,
        keep_tags,
        keep_untagged,
    })
}

fn keep_tags(node: &Node<'_>) -> Read<KeepTags> {
    let object = node.object(&[
        "patterns",
        "pulledWithin",
        "pushedWithin",
        "mostRecentlyPushedCount",
        "mostRecentlyPulledCount",
    ])?;
    let pattern = |item: &Node<'_>| GoRegex::parse(item.text()?).map_err(|why| item.flaw(Flaw::Pattern(why)));
    let patterns = match object.get("patterns")? {
        Some(list) => list.items(MOST)?.iter().map(pattern).collect::<Read<_>>()?,
        None => Vec::new(),
    };
    Ok(KeepTags { patterns, rules: rules(&object)? })
}

fn rules(object: &Object<'_>) -> Read<Rules> {
    let count = |name: &str| match object.get(name)? {
        Some(node) => node.number(0, i32::MAX as u32, "a count"),
        None => Ok(0),
    };
    Ok(Rules {
        pulled_count: count("mostRecentlyPulledCount")?,
        pushed_count: count("mostRecentlyPushedCount")?,
        pulled_within: span(object, "pulledWithin")?,
        pushed_within: span(object, "pushedWithin")?,
    })
}

fn span(object: &Object<'_>, name: &str) -> Read<Option<Span>> {
    let Some(node) = object.get(name)? else { return Ok(None) };
    const EXPECTED: &str = "a span of time with a unit, such as 24h (there are no days)";
    let text = node.value().as_str().ok_or_else(|| node.wrong(EXPECTED))?;
    Span::parse(text).map(Some).ok_or_else(|| node.wrong(EXPECTED))
}

impl Serialize for Retention {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let policies: Vec<_> = self.policies.iter().map(written).collect();
        json!({ "dryRun": self.dry_run, "delay": self.delay.to_string(), "policies": policies }).serialize(serializer)
    }
}

impl fmt::Display for KeepTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        written_keep(self).fmt(f)
    }
}

impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Value::Object(written_rules(self)).fmt(f)
    }
}

fn written_keep(keep: &KeepTags) -> Value {
    let mut written = written_rules(&keep.rules);
    let patterns: Vec<_> = keep.patterns.iter().map(|pattern| Value::from(pattern.as_str())).collect();
    written.insert("patterns".to_owned(), patterns.into());
    Value::Object(written)
}

fn written(policy: &Policy) -> Value {
    let mut written = json!({
        "repositories": policy.repositories.iter().map(Glob::as_str).collect::<Vec<_>>(),
        "deleteReferrers": policy.delete_referrers,
        "deleteUntagged": policy.delete_untagged,
        "keepTags": policy.keep_tags.iter().map(written_keep).collect::<Vec<_>>(),
    });
    if let (Some(rules), Some(object)) = (&policy.keep_untagged, written.as_object_mut()) {
        object.insert("keepUntagged".to_owned(), Value::Object(written_rules(rules)));
    }
    written
}

fn written_rules(rules: &Rules) -> Map<String, Value> {
    let mut written = Map::new();
    let counts = [("mostRecentlyPulledCount", rules.pulled_count), ("mostRecentlyPushedCount", rules.pushed_count)];
    for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        written.insert(name.to_owned(), count.into());
    }
    for (name, span) in [("pulledWithin", rules.pulled_within), ("pushedWithin", rules.pushed_within)] {
        if let Some(span) = span {
            written.insert(name.to_owned(), span.to_string().into());
        }
    }
    written
}
