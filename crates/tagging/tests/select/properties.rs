//! What holds for every list and every configuration: the order counts only in ties, and nothing panics.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, SystemTime},
};

use lockage_tagging::{
    Tag,
    select::{ArgoImage, Candidate, Constraint, FluxPolicy, Glob, SelectError, Selected, Selector},
};
use proptest::prelude::*;

fn tag() -> impl Strategy<Value = Tag> {
    prop_oneof![
        4 => "v?[0-3](\\.[0-3]){0,2}(-(rc|beta)\\.[0-2])?",
        2 => "[0-9]{1,3}",
        1 => "(main|dev)-[a-f]{3}-[0-9]{1,2}",
        1 => "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,6}",
        1 => "sha256-[0-9a-f]{64}(\\.sig)?",
    ]
    .prop_map(|text| text.parse().unwrap())
}

fn candidate() -> impl Strategy<Value = Candidate> {
    (tag(), 0_u64..5)
        .prop_map(|(tag, seconds)| Candidate::new(tag).created(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)))
}

/// Candidates without repetition, and the same in another order.
fn shuffled() -> impl Strategy<Value = (Vec<Candidate>, Vec<Candidate>)> {
    let candidates = prop::collection::vec(candidate(), 0..12).prop_map(|mut candidates| {
        let mut seen = BTreeSet::new();
        candidates.retain(|candidate| seen.insert(candidate.tag.clone()));
        candidates
    });
    candidates.prop_flat_map(|candidates| (Just(candidates.clone()), Just(candidates).prop_shuffle()))
}

fn constraint() -> impl Strategy<Value = String> {
    let version = "v?[0-3xX*](\\.[0-3xX*]){0,2}(-(0|rc|beta\\.1))?(\\+b)?";
    let term = ("(|=|!=|>|<|>=|=>|<=|=<|~|~>|\\^) ?", version).prop_map(|(sign, version)| sign + &version);
    let range = (version, version).prop_map(|(low, high)| format!("{low} - {high}"));
    let alternative =
        prop::collection::vec(prop_oneof![4 => term, 1 => range], 1..4).prop_map(|terms| terms.join(", "));
    prop::collection::vec(alternative, 1..3).prop_map(|alternatives| alternatives.join(" || "))
}

/// Rules under which no two candidates rank the same, or the name decides.
fn orderless() -> impl Strategy<Value = Arc<dyn Selector>> {
    let argo = ("(semver|newest-build|alphabetical|digest)", constraint()).prop_map(|(strategy, constraint)| {
        let image = ArgoImage::new(format!("app:{constraint}")).update_strategy(strategy).ignore_tags(["*-de*"]);
        Arc::new(image.selector().unwrap()) as Arc<dyn Selector>
    });
    let flux = "(asc|desc)"
        .prop_map(|order| Arc::new(FluxPolicy::alphabetical(order).selector().unwrap()) as Arc<dyn Selector>);
    prop_oneof![argo, flux]
}

/// Rules under which the first or the last of those that rank the same is taken.
fn in_order() -> impl Strategy<Value = Arc<dyn Selector>> {
    let semver = constraint().prop_map(FluxPolicy::semver);
    let numerical = "(asc|desc)".prop_map(|order| FluxPolicy::numerical(order).filter_tags("([0-9]+)$", "$1"));
    prop_oneof![semver, numerical].prop_map(|policy| Arc::new(policy.selector().unwrap()) as Arc<dyn Selector>)
}

/// The winner's value without what distinguishes those that rank the same.
fn rank(selected: Result<Selected, SelectError>) -> Result<String, ()> {
    selected.map(|selected| selected.value.trim_start_matches(['v', '0']).to_owned()).map_err(drop)
}

/// Each candidate is the winner or has a reason, and the winner is one of the list.
fn is_accounted_for(selector: &dyn Selector, candidates: &[Candidate]) {
    let tags = |others: &[lockage_tagging::select::Passed]| others.iter().map(|passed| passed.tag.clone()).collect();
    let mut seen: Vec<Tag> = match selector.select(candidates) {
        Ok(selected) => {
            assert!(candidates.contains(&selected.candidate));
            let mut seen: Vec<Tag> = tags(&selected.others);
            seen.push(selected.candidate.tag);
            seen
        }
        Err(SelectError::NoneLeft { others }) => tags(&others),
        Err(error) => {
            assert!(!error.to_string().contains(char::is_control));
            return;
        }
    };
    let mut all: Vec<Tag> = candidates.iter().map(|candidate| candidate.tag.clone()).collect();
    seen.sort();
    all.sort();
    assert_eq!(seen, all);
}

proptest! {
    #[test]
    fn the_order_of_the_list_is_without_influence((one, other) in shuffled(), selector in orderless()) {
        let tag = |candidates: &[Candidate]| selector.select(candidates).map(|selected| selected.candidate.tag).map_err(drop);
        prop_assert_eq!(tag(&one), tag(&other));
    }

    #[test]
    fn the_order_of_the_list_decides_between_equals_only((one, other) in shuffled(), selector in in_order()) {
        prop_assert_eq!(rank(selector.select(&one)), rank(selector.select(&other)));
    }

    #[test]
    fn every_candidate_is_accounted_for(
        candidates in prop::collection::vec(candidate(), 0..12),
        selector in prop_oneof![orderless(), in_order()],
    ) {
        is_accounted_for(&selector, &candidates);
    }

    /// What was passed over could have been left out.
    #[test]
    fn the_winner_wins_alone(candidates in prop::collection::vec(candidate(), 1..12), selector in prop_oneof![orderless(), in_order()]) {
        if let Ok(selected) = selector.select(&candidates) {
            let alone = selector.select(std::slice::from_ref(&selected.candidate)).unwrap();
            prop_assert_eq!(alone.candidate, selected.candidate);
            prop_assert!(alone.others.is_empty());
        }
    }

    #[test]
    fn constraints_come_back(text in constraint(), versions in prop::collection::vec("[0-3]\\.[0-3]\\.[0-3](-(rc|beta)\\.[0-2])?", 1..9)) {
        let constraint: Constraint = text.parse().unwrap();
        let printed: Constraint = constraint.to_string().parse().unwrap();
        prop_assert_eq!(&printed, &constraint);
        let json = serde_json::to_string(&constraint).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Constraint>(&json).unwrap(), &constraint);
        for version in versions {
            let version = version.parse().unwrap();
            prop_assert_eq!(printed.matches(&version), constraint.matches(&version));
            prop_assert!(version.pre.is_empty() || constraint.admits_prereleases() || !constraint.matches(&version));
        }
    }

    #[test]
    fn no_text_causes_a_panic(text in any::<String>(), other in any::<String>(), candidates in prop::collection::vec(candidate(), 0..6)) {
        is_read_or_refused(&text, &other, &candidates);
    }

    /// Text made of what the grammars care about gets further than random text does.
    #[test]
    fn no_near_miss_causes_a_panic(
        text in r"([0-9xX*v.|<>=!~^, +-]|\|\||[\[\](){}\\$?]|[a-c]|\$1|\$\{|é| - |0x|p1|_|\n){0,14}",
        other in r"([$0-9a-c{}_]|\$1|\$\{|é){0,8}",
        candidates in prop::collection::vec(candidate(), 0..6),
    ) {
        is_read_or_refused(&text, &other, &candidates);
    }
}

fn is_read_or_refused(text: &str, other: &str, candidates: &[Candidate]) {
    match text.parse::<Constraint>() {
        Ok(constraint) => assert_eq!(constraint.to_string().parse(), Ok(constraint)),
        Err(error) => {
            assert!(error.position() <= text.len() && text.is_char_boundary(error.position()), "{error}");
            assert!(!error.to_string().contains(char::is_control), "{error}");
        }
    }
    match text.parse::<Glob>() {
        Ok(glob) => assert_eq!(glob.matches(other), glob.to_string().parse::<Glob>().unwrap().matches(other)),
        Err(error) => assert!(error.position() <= text.len() && !error.to_string().contains(char::is_control)),
    }
    let literally: String = other.chars().flat_map(|character| ['\\', character]).collect();
    assert!(literally.parse::<Glob>().unwrap().matches(other), "{other:?}");
    let policies = [FluxPolicy::semver(text), FluxPolicy::alphabetical(text), FluxPolicy::numerical("desc")];
    for policy in policies {
        for policy in [policy.clone().filter_tags(text, other), policy.filter_tags(".*", text)] {
            match policy.selector() {
                Ok(selector) => is_accounted_for(&selector, candidates),
                Err(error) => assert!(!error.to_string().contains(char::is_control), "{error}"),
            }
        }
    }
    for strategy in ["semver", "digest", "newest-build", text] {
        let image =
            ArgoImage::new(text).update_strategy(strategy).allow_tags(format!("regexp:{text}")).ignore_tags([other]);
        match image.selector() {
            Ok(selector) => is_accounted_for(&selector, candidates),
            Err(error) => assert!(!error.to_string().contains(char::is_control), "{error}"),
        }
    }
}
