//! What whoever wrote a policy might not have meant.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::overlap;
use super::plan::Plan;
use super::policy::{Basis, Glob, Policy, Scope, TagSelector};
use lockage_tagging::OneLine;

/// What whoever wrote a policy might not have meant, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Lint {
    /// The rule or the class: `delete.stale`, `classes.pr`.
    pub place: String,
    /// Which kind it is.
    pub kind: LintKind,
    /// For people.
    pub words: String,
}

/// What might not have been meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LintKind {
    /// Two classes have tags in common. Whatever two globs or expressions have in common is found, unless one of them needs more
    /// than a few thousand steps to be told from the other; of ranges of versions, only what common tags show.
    ClassOverlap,
    /// An expression has anchors that it needs not have.
    Anchors,
    /// A pattern takes what it names for the beginning of a longer number.
    PrefixDigit,
    /// A rule that deletes is about nothing that no other rule keeps for good.
    Shadowed,
    /// An expression has groups, and a rule that counts does not count by them.
    NotPerGroup,
    /// Ages are counted from a time that anyone can write.
    CreatedBasis,
    /// Manifests without a tag go, and there is no time to give them one.
    UntaggedWithoutGrace,
    /// A rule keeps none.
    NewestZero,
    /// A hold ends before a rule deletes what it is about.
    ShortHold,
    /// Nothing more is kept than another system keeps.
    Faithful,
    /// A plan deletes a large part of everything.
    LargePart,
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", OneLine(&self.place), OneLine(&self.words))
    }
}

/// The part of all manifests above which a plan is worth a word.
const LARGE: f64 = 0.5;

impl Policy {
    /// What whoever wrote the policy might not have meant, as far as one can tell without a snapshot.
    #[must_use]
    pub fn lint(&self) -> Vec<Lint> {
        let mut found = Vec::new();
        let mut add = |place: String, kind, words: String| found.push(Lint { place, kind, words });
        self.lint_classes(&mut add);
        self.lint_selectors(&mut add);
        self.lint_rules(&mut add);
        if self.basis == Basis::Created {
            let words = "anyone can write any time there, and reproducible builds write 1970: such tags all stay";
            add("basis".to_owned(), LintKind::CreatedBasis, words.to_owned());
        }
        if self.import.as_ref().is_some_and(|import| import.faithful) {
            let words = "faithful is for comparisons with that system: a plan by this policy is never executed";
            add("import".to_owned(), LintKind::Faithful, words.to_owned());
        }
        if self.untagged.is_some() && self.grace.is_none() {
            let words = "a push sends the image before its tag: with grace, it is not deleted in between";
            add("untagged".to_owned(), LintKind::UntaggedWithoutGrace, words.to_owned());
        }
        found
    }

    fn lint_classes(&self, add: &mut impl FnMut(String, LintKind, String)) {
        for (place, (name, class)) in self.classes.iter().enumerate() {
            for (other, second) in self.classes.iter().skip(place + 1) {
                let apart = matches!((&class.repo, &second.repo), (Some(one), Some(two)) if !share(one, two));
                let (Some(one), Some(two)) = (&class.tag, &second.tag) else { continue };
                if apart {
                    continue;
                }
                let mut likely = samples(one).into_iter().chain(samples(two));
                let common = likely.find(|tag| one.matches(tag) && two.matches(tag));
                if let Some(tag) = common.or_else(|| overlap::common(one, two)) {
                    let words = format!("{tag:?} is also of the class {other}");
                    add(format!("classes.{name}"), LintKind::ClassOverlap, words);
                }
            }
        }
    }

    /// Every selector with its place.
    fn selectors(&self) -> Vec<(String, &TagSelector)> {
        let classes = self.classes.iter().map(|(name, class)| (format!("classes.{name}"), class.tag.as_ref()));
        let holds = self.hold.iter().map(|rule| (format!("hold.{}", rule.name), rule.tag.as_ref()));
        let keeps = self.keep.iter().map(|rule| (format!("keep.{}", rule.name), rule.tag.as_ref()));
        let deletes = self.delete.iter().map(|rule| (format!("delete.{}", rule.name), rule.tag.as_ref()));
        classes.chain(holds).chain(keeps).chain(deletes).filter_map(|(place, tag)| Some((place, tag?))).collect()
    }

    fn lint_selectors(&self, add: &mut impl FnMut(String, LintKind, String)) {
        for (place, selector) in self.selectors() {
            selector.walk(&mut |one| match one {
                TagSelector::Regex(expression) if expression.has_anchors() => {
                    let words = format!("{:?} matches all of a tag anyway, without ^ and $", expression.as_str());
                    add(place.clone(), LintKind::Anchors, words);
                }
                TagSelector::Glob(glob) => {
                    let before = glob.as_str().split(['*', '?', '[', '{']).next().unwrap_or_default();
                    if glob.as_str() != before && before.ends_with(|last: char| last.is_ascii_digit()) {
                        let words = format!("{:?} is also about {before}0: write what ends the number", glob.as_str());
                        add(place.clone(), LintKind::PrefixDigit, words);
                    }
                }
                TagSelector::Regex(expression) => {
                    let text = expression.as_str();
                    let before = [".*", ".+"].iter().find_map(|rest| text.strip_suffix(rest));
                    if let Some(before) = before.filter(|before| before.ends_with(|last: char| last.is_ascii_digit())) {
                        let words = format!("{text:?} is also about longer numbers than {before}: write what ends it");
                        add(place.clone(), LintKind::PrefixDigit, words);
                    }
                }
                _ => {}
            });
        }
    }

    fn lint_rules(&self, add: &mut impl FnMut(String, LintKind, String)) {
        for rule in self.keep.iter().filter(|rule| rule.newest == Some(0)) {
            let words = "it keeps none: leave it out, or write how many".to_owned();
            add(format!("keep.{}", rule.name), LintKind::NewestZero, words);
        }
        for rule in &self.delete {
            let (place, scope) = (format!("delete.{}", rule.name), rule.scope());
            let holds = self.hold.iter().filter(|hold| hold.forever).map(|hold| (&hold.name, hold.scope()));
            let all =
                |keep: &&super::Keep| keep.newest.is_none() && keep.within.is_none() && keep.pulled_within.is_none();
            let keeps = self.keep.iter().filter(all).map(|keep| (&keep.name, keep.scope()));
            if let Some((name, _)) = holds.chain(keeps).find(|(_, other)| covers(other, &scope)) {
                add(place.clone(), LintKind::Shadowed, format!("{name} keeps everything that it is about"));
            }
            if rule.beyond.is_some() && rule.per.is_empty() {
                let (groups, has_nameless) = self.groups(&scope, rule.tag.as_ref());
                let words = match (groups.as_slice(), has_nameless) {
                    ([], false) => None,
                    ([], true) => {
                        Some("it counts all tags together: name the groups to count by, or write (?:…)".to_owned())
                    }
                    (groups, _) => Some(format!("it counts all tags together, and not per {}", groups.join(" or "))),
                };
                words.into_iter().for_each(|words| add(place.clone(), LintKind::NotPerGroup, words));
            }
            for hold in self.hold.iter().filter(|hold| covers(&hold.scope(), &scope)) {
                if let (Some(period), Some(age)) = (hold.period, rule.older_than)
                    && period.may_be_shorter_than(age)
                {
                    let words = format!("it ends after {period}, and {} deletes after {age}", rule.name);
                    add(format!("hold.{}", hold.name), LintKind::ShortHold, words);
                }
            }
        }
    }

    /// The names of all groups, and whether there are others.
    fn groups<'a>(&'a self, scope: &Scope, own: Option<&'a TagSelector>) -> (Vec<&'a str>, bool) {
        let class = self.class(scope).and_then(|class| class.tag.as_ref());
        let (mut names, mut has_nameless) = (Vec::new(), false);
        for one in class.into_iter().chain(own) {
            names.extend(one.groups());
            one.walk(&mut |one| {
                has_nameless |= matches!(one, TagSelector::Regex(expression) if expression.has_nameless_groups());
            });
        }
        (names, has_nameless)
    }
}

/// Whether one scope is about everything that another one is about, as far as that can be seen.
fn covers(one: &Scope, other: &Scope) -> bool {
    let has_all = one.tag.as_ref().is_none_or(is_everything);
    (one.class.is_none() || one.class == other.class)
        && (one.repo.is_none() || one.repo == other.repo)
        && (has_all || one.tag == other.tag)
}

/// Whether a selector is about every tag, as far as that can be seen.
fn is_everything(selector: &TagSelector) -> bool {
    match selector {
        TagSelector::Glob(glob) => matches!(glob.as_str(), "*" | "**"),
        TagSelector::Regex(expression) => matches!(expression.as_str(), ".*" | ".+" | "^.*$" | "^.+$"),
        TagSelector::AnyOf(any) => any.iter().any(is_everything),
        _ => false,
    }
}

/// Whether there are repositories that both are about, as far as that can be seen.
fn share(one: &Glob, other: &Glob) -> bool {
    let like = |glob: &Glob| glob.as_str().replace("**", "a").replace('*', "a").replace('?', "b");
    one == other || one.matches(&like(other)) || other.matches(&like(one))
}

/// Tags that a selector is likely to be about.
fn samples(selector: &TagSelector) -> Vec<String> {
    const COMMON: [&str; 11] = [
        "latest",
        "edge",
        "main",
        "prod",
        "v1",
        "v1.2",
        "1.2.3",
        "v1.2.3",
        "1.2.3-rc.1",
        "nightly-20260601",
        "pr-17-0abc123",
    ];
    let mut samples: Vec<String> = COMMON.iter().map(|tag| (*tag).to_owned()).collect();
    samples.push(format!("sha-{}", "0".repeat(40)));
    selector.walk(&mut |one| match one {
        TagSelector::Exact(tag) => samples.push(tag.clone()),
        TagSelector::Glob(glob) => samples.push(glob.as_str().replace('*', "a").replace('?', "b")),
        _ => {}
    });
    samples
}

impl Plan<'_> {
    /// What whoever wrote the policy might not have meant, as this snapshot shows it.
    #[must_use]
    pub fn lint(&self) -> Option<Lint> {
        let (deletes, of) = (self.deletes().len(), self.snapshot().manifests().len());
        #[expect(clippy::cast_precision_loss, reason = "there are fewer manifests than a float tells apart")]
        let large = self.ratio_is_unlimited() && of > 0 && deletes as f64 > LARGE * of as f64;
        large.then(|| Lint {
            place: "guards".to_owned(),
            kind: LintKind::LargePart,
            words: format!("{deletes} of {of} manifests go: max_delete_ratio would stop that"),
        })
    }
}
