//! The settings of Argo CD Image Updater, ready to choose: filters first, then the last by the strategy's order.

use std::{cmp::Ordering, collections::HashMap, time::SystemTime};

use regex::Regex;
use semver::Version;

use super::{ArgoImage, strategy::UpdateStrategy};
use crate::{
    DigestTag,
    excerpt::quoted,
    select::{
        Candidate, Passed, Reason, SelectError, Selected, Selector,
        constraint::Constraint,
        glob::Glob,
        pattern,
        version::{lenient, precedence},
    },
};

/// Chooses as Argo CD Image Updater does.
///
/// Made by [`ArgoImage::selector`]. Among candidates that rank the same, the greatest by its name is taken; the order
/// of the list has no influence. A tag that stands in the list twice counts once, where it stands last.
#[derive(Clone, Debug)]
pub struct ArgoSelector {
    rule: Rule,
    allowed: Option<Regex>,
    ignored: Vec<Glob>,
    digest_tags: bool,
}

#[derive(Clone, Debug)]
enum Rule {
    SemVer(Constraint),
    NewestBuild,
    Alphabetical,
    Digest(String),
}

/// What the strategy sorts by; the name decides between equal ones.
#[derive(Clone, Debug)]
enum Key {
    Version(Version),
    Date(SystemTime),
    Name,
}

impl ArgoSelector {
    pub(super) fn new(config: &ArgoImage) -> Result<Self, SelectError> {
        let settings = &config.common_update_settings;
        let strategy = settings.update_strategy.as_deref().map(str::parse).transpose()?.unwrap_or_default();
        let rule = match strategy {
            UpdateStrategy::SemVer => {
                Rule::SemVer(config.constraint().map(str::parse).transpose()?.unwrap_or_else(Constraint::any))
            }
            UpdateStrategy::NewestBuild => Rule::NewestBuild,
            UpdateStrategy::Alphabetical => Rule::Alphabetical,
            UpdateStrategy::Digest => Rule::Digest(config.constraint().ok_or(SelectError::NothingFollowed)?.to_owned()),
        };
        let ignored = settings.ignore_tags.iter().flatten().map(|pattern| pattern.parse());
        Ok(Self {
            rule,
            allowed: settings.allow_tags.as_deref().map_or(Ok(None), allowed)?,
            ignored: ignored.collect::<Result<_, _>>()?,
            digest_tags: false,
        })
    }

    /// Makes tags that speak about a digest candidates like all others.
    #[must_use]
    pub fn with_digest_tags(self) -> Self {
        Self { digest_tags: true, ..self }
    }

    /// Why the filters, or the strategy, do not let `tag` through; or what it is sorted by.
    fn key(&self, candidate: &Candidate) -> Result<Result<Key, Reason>, SelectError> {
        let tag = candidate.tag.as_str();
        if !self.digest_tags && DigestTag::parse(&candidate.tag).is_some() {
            return Ok(Err(Reason::DigestTag));
        }
        if let Some(pattern) = self.allowed.as_ref().filter(|pattern| !pattern.is_match(tag)) {
            return Ok(Err(Reason::PatternMismatch { pattern: pattern.as_str().to_owned() }));
        }
        if let Some(pattern) = self.ignored.iter().find(|pattern| pattern.matches(tag)) {
            return Ok(Err(Reason::Ignored { pattern: pattern.to_string() }));
        }
        Ok(match &self.rule {
            Rule::Alphabetical => Ok(Key::Name),
            Rule::Digest(followed) if followed == tag => Ok(Key::Name),
            Rule::Digest(followed) => Err(Reason::NotFollowed { tag: followed.clone() }),
            Rule::NewestBuild => {
                Ok(Key::Date(candidate.created.ok_or_else(|| SelectError::NoDate { tag: candidate.tag.clone() })?))
            }
            Rule::SemVer(constraint) => match lenient(tag) {
                None => Err(Reason::NotVersion { value: tag.to_owned() }),
                Some(version) if constraint.matches(&version) => Ok(Key::Version(version)),
                Some(version) => Err(Reason::unmatched(constraint, &version, tag.to_owned())),
            },
        })
    }
}

/// Reads a match function; `None` lets every tag through.
fn allowed(text: &str) -> Result<Option<Regex>, SelectError> {
    if text.is_empty() || text.eq_ignore_ascii_case("any") {
        return Ok(None);
    }
    match text.split_once(':') {
        Some((function, expression)) if function.eq_ignore_ascii_case("regexp") => {
            pattern::compile(expression).map(Some)
        }
        _ => Err(SelectError::AllowTags { allow_tags: quoted(text) }),
    }
}

impl Key {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Version(one), Self::Version(other)) => precedence(one, other),
            (Self::Date(one), Self::Date(other)) => one.cmp(other),
            // One strategy makes keys of one kind; what is left are names, which the caller compares.
            _ => Ordering::Equal,
        }
    }
}

impl Selector for ArgoSelector {
    fn select(&self, tags: &[Candidate]) -> Result<Selected, SelectError> {
        if tags.is_empty() {
            return Err(SelectError::Empty);
        }
        let last: HashMap<&str, usize> =
            tags.iter().enumerate().map(|(place, candidate)| (candidate.tag.as_str(), place)).collect();
        let mut keys = Vec::with_capacity(tags.len());
        for (place, candidate) in tags.iter().enumerate() {
            let repeated = last.get(candidate.tag.as_str()) != Some(&place);
            keys.push((candidate, if repeated { Err(Reason::Repeated) } else { self.key(candidate)? }));
        }
        let eligible = keys.iter().filter_map(|(candidate, key)| Some((*candidate, key.as_ref().ok()?)));
        let winner = eligible.max_by(|(one, one_key), (other, other_key)| {
            one_key.order(other_key).then_with(|| one.tag.cmp(&other.tag))
        });
        let winner = winner.map(|(candidate, key)| (candidate.clone(), key.clone()));
        let passed = keys.into_iter().filter_map(|(candidate, key)| {
            let reason = match (key, &winner) {
                (Err(reason), _) => reason,
                (Ok(key), Some((winner, best))) if winner.tag != candidate.tag => behind(&key, best, candidate, winner),
                (Ok(_), _) => return None,
            };
            Some(Passed { tag: candidate.tag.clone(), reason })
        });
        let others = passed.collect();
        match winner {
            Some((candidate, _)) => Ok(Selected { value: candidate.tag.to_string(), candidate, others }),
            None => Err(SelectError::NoneLeft { others }),
        }
    }
}

fn behind(key: &Key, best: &Key, candidate: &Candidate, winner: &Candidate) -> Reason {
    let (value, winner) = (candidate.tag.to_string(), winner.tag.to_string());
    if key.order(best).is_eq() && !matches!(key, Key::Name) {
        Reason::Tied { value, winner }
    } else {
        Reason::Outranked { value, winner }
    }
}
