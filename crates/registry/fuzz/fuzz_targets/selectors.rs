//! Selectors: a constraint, a glob or a policy is refused or means something, and a selection is one of the candidates.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_tagging::Tag;
use lockage_tagging::select::{Candidate, Constraint, FluxPolicy, Glob, Selector as _};

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let tags: Vec<Tag> = lines.take(64).filter_map(|line| line.parse().ok()).collect();
    if let Ok(constraint) = first.parse::<Constraint>() {
        let printed = constraint.to_string();
        assert!(printed.parse::<Constraint>().is_ok(), "{printed:?} came out of {first:?}");
    }
    if let Ok(glob) = first.parse::<Glob>() {
        tags.iter().for_each(|tag| drop(glob.matches(tag.as_str())));
    }
    let Ok(policy) = serde_json::from_str::<FluxPolicy>(first) else { return };
    let Ok(selector) = policy.selector() else { return };
    let candidates: Vec<_> = tags.iter().cloned().map(Candidate::new).collect();
    if let Ok(selected) = selector.select(&candidates) {
        assert!(tags.contains(&selected.candidate.tag));
    }
});

// What it begins with, a line each (the escapes are those of printf).
//~ >=1.0.0 <2 || 1.2 - 1.4.5\n1.2.3\nv1.3.0
//~ v[0-9]*\nv1\nlatest
//~ {"policy":{"semver":{"range":"^1.x-0"}}}\n1.0.0\n1.2.0-rc.1
//~ {"filterTags":{"pattern":"^main-[a-f0-9]+-(?P<ts>[0-9]+)","extract":"$ts"},"policy":{"numerical":{"order":"asc"}}}\nmain-abc-12\nmain-def-13
