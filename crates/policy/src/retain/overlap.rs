//! Tags that two selectors have in common: found by a walk through all tags, as far as their patterns tell them apart.

use std::collections::{HashSet, VecDeque};

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::policy::TagSelector;

/// What a tag is made of, and how long it may be. It begins with neither of the last two.
const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-.";
const LONGEST: usize = 128;

/// So many beginnings of tags are told apart before patterns count as too many-sided to be compared.
const MOST: usize = 1 << 14;

/// The shortest tag that both are about. None where they have none in common, where their patterns are too large to find it,
/// and where only versions of a range would show it: a range is asked about tags that the patterns lead to, and about no other.
pub(super) fn common(one: &TagSelector, other: &TagSelector) -> Option<String> {
    let mut patterns = Vec::new();
    for selector in [one, other] {
        selector.walk(&mut |one| patterns.extend(one.pattern()));
    }
    let mut patterns = patterns.iter().map(|pattern| Pattern::new(pattern)).collect::<Option<Vec<_>>>()?;
    // Beginnings after which every pattern has the same to expect are one: which it is, no longer one would show.
    let start = patterns.iter_mut().map(Pattern::start).collect::<Option<Vec<_>>>()?;
    let mut seen = HashSet::from([start.clone()]);
    let mut waiting = VecDeque::from([(String::new(), start)]);
    while let Some((tag, at)) = waiting.pop_front() {
        for next in ALPHABET.chars().filter(|next| !tag.is_empty() || !matches!(next, '-' | '.')) {
            let mut steps = patterns.iter_mut().zip(&at).map(|(pattern, at)| pattern.step(*at, next));
            let to = steps.by_ref().collect::<Option<Vec<_>>>()?;
            if seen.contains(&to) {
                continue;
            }
            let tag = format!("{tag}{next}");
            if one.matches(&tag) && other.matches(&tag) {
                return Some(tag);
            }
            if seen.len() == MOST {
                return None;
            }
            seen.insert(to.clone());
            if tag.len() < LONGEST {
                waiting.push_back((tag, to));
            }
        }
    }
    None
}

/// An expression, and what was found out about it on the way.
struct Pattern {
    automaton: DFA,
    cache: Cache,
}

impl Pattern {
    /// None where it is too large.
    fn new(text: &str) -> Option<Self> {
        // What runs out of room gives up: a place that it forgot would be another one later.
        let config = DFA::config().unicode_word_boundary(true).minimum_cache_clear_count(Some(0));
        let syntax = syntax::Config::new().utf8(false);
        let automaton = DFA::builder().configure(config).syntax(syntax).build(text).ok()?;
        let cache = automaton.create_cache();
        Some(Self { automaton, cache })
    }

    fn start(&mut self) -> Option<LazyStateID> {
        let nothing = Input::new("").anchored(Anchored::Yes);
        self.automaton.start_state_forward(&mut self.cache, &nothing).ok()
    }

    fn step(&mut self, at: LazyStateID, next: char) -> Option<LazyStateID> {
        self.automaton.next_state(&mut self.cache, at, u8::try_from(next).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retain::{Expression, Glob, VersionRange};

    fn regex(text: &str) -> TagSelector {
        TagSelector::Regex(Expression::new(text).unwrap())
    }

    fn glob(text: &str) -> TagSelector {
        TagSelector::Glob(Glob::new(text).unwrap())
    }

    #[test]
    fn the_shortest_common_tag_is_found_and_there_is_none_where_there_is_none() {
        let sha = r"sha-[0-9a-f]{40}";
        for (one, other, expected) in [
            (regex("pr-[0-9]+"), regex("pr-[0-9]+-[0-9a-f]+"), None),
            (regex("pr-.+"), regex(".*-[0-9]{3}"), Some("pr-000".to_owned())),
            (regex(sha), regex("sha-.*f"), Some(format!("sha-{}f", "a".repeat(39)))),
            (regex(sha), regex("sha-[0-9a-f]{39}"), None),
            (regex(sha), glob("sha-*[g-z]"), None),
            (regex("[a-z]+[0-9]"), glob("{x,y}*7"), Some("x7".to_owned())),
            (regex("(?i)RC[0-9]"), regex("rc[89]"), Some("rc8".to_owned())),
            (regex(r"\brc\b-.*"), glob("rc-?"), Some("rc-a".to_owned())),
            (regex(".*"), TagSelector::Exact("latest".to_owned()), Some("latest".to_owned())),
            (regex("[.-].*"), regex(".*"), None),
            (regex("x.{126}y"), regex(".*y"), Some(format!("x{}y", "a".repeat(126)))),
            (regex("x.{127}y"), regex(".*y"), None),
            (
                TagSelector::AllOf(vec![regex("a.*"), TagSelector::Not(Box::new(regex("a[a-z]*")))]),
                TagSelector::AnyOf(vec![regex("b"), regex("a+b?c[0-9]?")]),
                Some("ac0".to_owned()),
            ),
            (
                TagSelector::AnyOf(vec![TagSelector::Semver(VersionRange::new("*").unwrap()), regex("rel-[0-9]")]),
                glob("rel-*"),
                Some("rel-0".to_owned()),
            ),
            // As many beginnings as there are numbers of twenty bits are not told apart.
            (regex("[ab]*a[ab]{20}"), regex("[ab]*b[ab]{20}"), None),
        ] {
            assert_eq!(common(&one, &other), expected, "{one:?} {other:?}");
            assert_eq!(common(&other, &one), expected, "{other:?} {one:?}");
        }
    }

    #[test]
    fn whatever_short_tag_two_expressions_have_in_common_one_as_short_is_found() {
        let parts = ["a", "b", "[ab]", "a*", "(?:ab|b)+", ".?", "(?:a|)", "b{2}"];
        let all: Vec<String> = (1..=4_u32)
            .flat_map(|len| {
                (0..3_usize.pow(len))
                    .map(move |at| (0..len).map(|digit| ["a", "b", "c"][at / 3_usize.pow(digit) % 3]).collect())
            })
            .collect();
        let made = parts
            .iter()
            .flat_map(|one| parts.iter().map(move |other| regex(&format!("{one}{other}"))))
            .collect::<Vec<_>>();
        for (place, one) in made.iter().enumerate() {
            for other in made.iter().skip(place) {
                let shortest = all.iter().find(|tag| one.matches(tag) && other.matches(tag)).map(String::len);
                let found = common(one, other);
                assert!(found.as_ref().is_none_or(|tag| one.matches(tag) && other.matches(tag)));
                let found = found.map(|tag| tag.len()).filter(|len| *len <= 4);
                assert_eq!(found, shortest, "{one:?} {other:?}");
            }
        }
    }
}
