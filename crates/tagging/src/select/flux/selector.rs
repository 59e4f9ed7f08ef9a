//! A Flux policy that is ready to choose: filter first, rule second.

use std::collections::HashMap;

use regex::Regex;

use super::{
    FluxPolicy, TagFilter,
    order::{Direction, Entry, Rule},
    reflection::ReflectionPolicy,
};
use crate::{
    DigestTag,
    select::{Candidate, Passed, Reason, SelectError, Selected, Selector, expand::expand, pattern},
};

/// Chooses as the Flux image-reflector-controller does.
///
/// Made by [`FluxPolicy::selector`]. Among candidates that rank the same, a semantic-version policy takes the first of
/// the list, a numerical one the last.
#[derive(Clone, Debug)]
pub struct FluxSelector {
    filter: Option<Filter>,
    rule: Rule,
    digest_tags: bool,
}

#[derive(Clone, Debug)]
struct Filter {
    pattern: Regex,
    extract: String,
}

impl FluxSelector {
    pub(super) fn new(config: &FluxPolicy) -> Result<Self, SelectError> {
        let choice = &config.policy;
        let rule = match (&choice.semver, &choice.alphabetical, &choice.numerical) {
            (Some(policy), _, _) => Rule::SemVer(policy.range.parse()?),
            (_, Some(policy), _) => Rule::Alphabetical(Direction::parse(&policy.order)?),
            (_, _, Some(policy)) => Rule::Numerical(Direction::parse(&policy.order)?),
            (None, None, None) => return Err(SelectError::NoPolicy),
        };
        let present = config.interval.is_some();
        if present != (config.digest_reflection_policy == ReflectionPolicy::Always) {
            return Err(SelectError::Interval { present });
        }
        let filter = config.filter_tags.as_ref().map(Filter::new).transpose()?;
        Ok(Self { filter, rule, digest_tags: false })
    }

    /// Makes tags that speak about a digest candidates like all others.
    #[must_use]
    pub fn with_digest_tags(self) -> Self {
        Self { digest_tags: true, ..self }
    }
}

impl Filter {
    fn new(config: &TagFilter) -> Result<Self, SelectError> {
        Ok(Self { pattern: pattern::compile(&config.pattern)?, extract: config.extract.clone() })
    }

    fn extract(&self, text: &str) -> Option<String> {
        let captures = self.pattern.captures(text)?;
        Some(if self.extract.is_empty() { text.to_owned() } else { expand(&self.extract, &captures) })
    }
}

impl Selector for FluxSelector {
    fn select(&self, tags: &[Candidate]) -> Result<Selected, SelectError> {
        if tags.is_empty() {
            return Err(SelectError::Empty);
        }
        let mut reasons: Vec<Option<Reason>> = vec![None; tags.len()];
        let mut entries: Vec<Entry> = Vec::new();
        for (place, Candidate { tag, .. }) in tags.iter().enumerate() {
            let filtered = match &self.filter {
                _ if !self.digest_tags && DigestTag::parse(tag).is_some() => Err(Reason::DigestTag),
                None => Ok(tag.as_str().to_owned()),
                Some(filter) => filter
                    .extract(tag.as_str())
                    .ok_or_else(|| Reason::PatternMismatch { pattern: filter.pattern.as_str().to_owned() }),
            };
            match filtered {
                Ok(value) => entries.push(Entry { tag: tag.clone(), value, place }),
                Err(reason) => set(&mut reasons, place, reason),
            }
        }
        if self.filter.is_some() {
            entries = last_of_each(entries, &mut reasons);
        }
        let (winner, passed) = self.rule.choose(&entries)?;
        for (at, reason) in passed {
            if let Some(entry) = entries.get(at) {
                set(&mut reasons, entry.place, reason);
            }
        }
        let winner = winner.and_then(|at| entries.into_iter().nth(at));
        let candidate = winner.as_ref().and_then(|winner| tags.get(winner.place));
        let passed = tags.iter().zip(reasons);
        let others =
            passed.filter_map(|(tag, reason)| Some(Passed { tag: tag.tag.clone(), reason: reason? })).collect();
        match (winner, candidate) {
            (Some(winner), Some(candidate)) => {
                Ok(Selected { candidate: candidate.clone(), value: winner.value, others })
            }
            _ => Err(SelectError::NoneLeft { others }),
        }
    }
}

/// Of entries with the same value, the last; the others are shadowed by it.
fn last_of_each(entries: Vec<Entry>, reasons: &mut [Option<Reason>]) -> Vec<Entry> {
    let last: HashMap<String, (usize, crate::Tag)> =
        entries.iter().map(|entry| (entry.value.clone(), (entry.place, entry.tag.clone()))).collect();
    let mut kept = Vec::with_capacity(last.len());
    for entry in entries {
        match last.get(&entry.value) {
            Some((place, by)) if *place != entry.place => {
                set(reasons, entry.place, Reason::Shadowed { value: entry.value, by: by.clone() });
            }
            _ => kept.push(entry),
        }
    }
    kept
}

fn set(reasons: &mut [Option<Reason>], place: usize, reason: Reason) {
    if let Some(slot) = reasons.get_mut(place) {
        *slot = Some(reason);
    }
}
