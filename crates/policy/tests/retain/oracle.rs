//! The model, line by line: slow, and with nothing in common with the planner but what both should mean.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::case::{Case, Outcome, Rule};

thread_local! {
    static EXPRESSIONS: RefCell<BTreeMap<String, Regex>> = RefCell::default();
}

struct Compiled<'a> {
    rule: &'a Rule,
    tags: Regex,
    group: Option<Regex>,
}

impl<'a> Compiled<'a> {
    fn all(rules: &'a [Rule]) -> Vec<Self> {
        let full = |text: &str| {
            EXPRESSIONS.with_borrow_mut(|known| {
                let new = || Regex::new(&format!("^(?:{text})$")).unwrap();
                known.entry(text.to_owned()).or_insert_with(new).clone()
            })
        };
        rules.iter().map(|rule| Self { rule, tags: full(&rule.tags), group: rule.group.as_deref().map(full) }).collect()
    }

    fn sel(&self, name: &str) -> bool {
        self.tags.is_match(name)
    }

    fn group(&self, name: &str) -> Option<String> {
        match &self.group {
            None => Some(String::new()),
            Some(regex) => regex.captures(name).map(|found| found[1].to_owned()),
        }
    }
}

/// Whether a rule is about a tag.
pub(crate) fn selects(rule: &Rule, tag: &str) -> bool {
    Compiled::all(std::slice::from_ref(rule)).iter().all(|rule| rule.sel(tag))
}

/// What a rule counts a tag with.
pub(crate) fn group_of(rule: &Rule, tag: &str) -> Option<String> {
    Compiled::all(std::slice::from_ref(rule)).first()?.group(tag)
}

fn structural(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("sha256-")?;
    let hex = rest.split('.').next()?;
    (hex.len() >= 4).then_some(hex)
}

pub(crate) fn plan(case: &Case) -> Outcome {
    let (manifests, tags, policy, now) = (&case.manifests, &case.tags, &case.policy, case.now);
    let unknown = !case.unresolved.is_empty() || !case.complete;
    let kids_of = |id: &str| manifests[id].children.iter().filter(|child| manifests.contains_key(*child));
    let mut parents: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut refs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, manifest) in manifests {
        for child in kids_of(id) {
            parents.entry(child).or_default().insert(id);
        }
        if let Some(subject) = manifest.subject.as_deref().filter(|subject| manifests.contains_key(*subject)) {
            refs.entry(subject).or_default().insert(id);
        }
    }
    let mut stag: BTreeMap<&str, &str> = BTreeMap::new();
    for (tag, to) in tags {
        if let Some(hex) = structural(tag) {
            stag.insert(tag, hex);
            if manifests.contains_key(hex) && hex != to.m {
                refs.entry(hex).or_default().insert(&to.m);
            }
        }
    }
    let at = |tag: &str| tags[tag].moved.or(manifests[&tags[tag].m].pushed);
    let plain: Vec<&str> = tags.keys().map(String::as_str).filter(|tag| !stag.contains_key(tag)).collect();
    let mut keep: BTreeMap<&str, bool> = BTreeMap::new();
    let mut put = |tag, stays| {
        keep.entry(tag).or_insert(stays);
    };
    let holds = Compiled::all(&policy.holds);
    for tag in &plain {
        if case.in_use.contains(*tag) || case.in_use.contains(&tags[*tag].m) {
            put(tag, true);
        }
        match at(tag) {
            None => put(tag, true),
            Some(at) if policy.grace.is_some_and(|grace| at > now - grace) => put(tag, true),
            Some(_) => {}
        }
        for rule in &holds {
            let young = || at(tag).zip(rule.rule.min_age).is_some_and(|(at, age)| at > now - age);
            if rule.sel(tag) && (rule.rule.legal || young()) {
                put(tag, true);
            }
        }
    }
    for rule in Compiled::all(&policy.keep) {
        let mut pool: BTreeMap<String, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
        for tag in plain.iter().filter(|tag| rule.sel(tag)) {
            if rule.rule.within.is_some_and(|within| at(tag).is_none_or(|at| at > now - within)) {
                put(tag, true);
            }
            if let Some(group) = rule.group(tag).filter(|_| rule.rule.newest.is_some()) {
                pool.entry(group).or_default().entry(&tags[*tag].m).or_default().push(tag);
            }
            if rule.rule.newest.is_none() && rule.rule.within.is_none() {
                put(tag, true);
            }
        }
        for by in pool.values_mut() {
            by.retain(|_, tags| {
                let dated = tags.iter().all(|tag| at(tag).is_some());
                if !dated {
                    tags.iter().for_each(|tag| put(tag, true));
                }
                dated
            });
            let mut order: Vec<&str> = by.keys().copied().collect();
            order.sort_by_key(|id| (-by[id].iter().filter_map(|tag| at(tag)).max().unwrap(), *id));
            for id in order.into_iter().take(rule.rule.newest.unwrap_or(0) as usize) {
                by[id].iter().for_each(|tag| put(tag, true));
            }
        }
    }
    for rule in Compiled::all(&policy.delete) {
        let mut rank: BTreeMap<&str, usize> = BTreeMap::new();
        if rule.rule.beyond.is_some() {
            let mut pool: BTreeMap<String, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
            for tag in plain.iter().filter(|tag| rule.sel(tag)) {
                if let Some(group) = rule.group(tag) {
                    pool.entry(group).or_default().entry(&tags[*tag].m).or_default().push(tag);
                }
            }
            for by in pool.values() {
                let top = |id: &str| by[id].iter().map(|tag| at(tag)).collect::<Option<Vec<_>>>()?.into_iter().max();
                let tops: Vec<(&str, i64)> = by.keys().filter_map(|id| Some((*id, top(id)?))).collect();
                for (id, tags) in by {
                    for tag in tags {
                        if let Some(at) = at(tag) {
                            let newer = |(other, key): &&(&str, i64)| other != id && (*key, *id) > (at, *other);
                            rank.insert(tag, tops.iter().filter(newer).count());
                        }
                    }
                }
            }
        }
        for tag in plain.iter().filter(|tag| rule.sel(tag)) {
            let Some(at) = at(tag) else { continue };
            let old = rule.rule.older_than.is_none_or(|age| at < now - age);
            let beyond =
                rule.rule.beyond.is_none_or(|beyond| rank.get(tag).is_some_and(|rank| *rank >= beyond as usize));
            let verified = case.promoted.get(&tags[*tag].m);
            let promoted = rule.rule.promoted.is_none_or(|after| verified.is_some_and(|at| *at < now - after));
            if old && beyond && promoted {
                put(tag, false);
            }
        }
    }
    for tag in &plain {
        put(tag, true);
    }
    let tagged: BTreeSet<&str> = plain.iter().map(|tag| tags[*tag].m.as_str()).collect();
    let referrers: BTreeSet<&str> = refs.values().flatten().copied().collect();
    let mut live: BTreeSet<&str> = plain.iter().filter(|tag| keep[**tag]).map(|tag| tags[*tag].m.as_str()).collect();
    live.extend(case.in_use.iter().filter(|id| manifests.contains_key(*id)).map(String::as_str));
    live.extend(case.unresolved.iter().map(String::as_str));
    for (id, manifest) in manifests.iter().filter(|(id, _)| !tagged.contains(id.as_str())) {
        let young = manifest.pushed.is_none_or(|pushed| policy.grace.is_some_and(|grace| pushed > now - grace));
        let free = !parents.contains_key(id.as_str()) && !referrers.contains(id.as_str());
        let old = || policy.untagged.zip(manifest.pushed).is_some_and(|(age, pushed)| pushed < now - age);
        if young || free && !old() {
            live.insert(id);
        }
    }
    if unknown {
        live.extend(manifests.keys().map(String::as_str));
    }
    let mut stack: Vec<&str> = live.iter().copied().collect();
    while let Some(id) = stack.pop() {
        let with = kids_of(id).map(String::as_str).chain(refs.get(id).into_iter().flatten().copied());
        for other in with.collect::<Vec<_>>() {
            if live.insert(other) {
                stack.push(other);
            }
        }
    }
    let mut untag: BTreeSet<String> = plain.iter().filter(|tag| !keep[**tag]).map(|tag| (*tag).to_owned()).collect();
    for (tag, hex) in &stag {
        if !(live.contains(tags[*tag].m.as_str()) || live.contains(hex) || !manifests.contains_key(*hex)) {
            untag.insert((*tag).to_owned());
        }
    }
    let dead = manifests.keys().filter(|id| !live.contains(id.as_str())).cloned().collect();
    Outcome { untag, dead }
}
