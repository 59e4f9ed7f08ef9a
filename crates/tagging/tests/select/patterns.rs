//! Expressions and templates of users: Go's rules, linear time, limits.

use std::time::{Duration, Instant};

use lockage_tagging::select::{ArgoImage, FluxPolicy, PatternProblem, SelectError};

use crate::{choose, chosen};

/// What `template` makes of a match of `pattern` in `tag`.
fn extract(pattern: &str, template: &str, tag: &str) -> String {
    let policy = FluxPolicy::alphabetical("asc").filter_tags(pattern, template);
    choose(&policy.selector().unwrap(), &[tag]).unwrap().value
}

#[test]
fn templates_are_expanded_by_the_rules_of_go() {
    let pattern = r"^(?P<name>[a-z]+)-(\d+)(-(?P<gone>x))?";
    for (template, expected) in [
        ("$name", "app"),
        ("${name}", "app"),
        ("$1", "app"),
        ("${2}", "42"),
        ("$0", "app-42"),
        ("$name-$2", "app-42"),
        ("${name}x", "appx"),
        // The longest name: there is no group of that name.
        ("$namex.$2", ".42"),
        ("$1x", ""),
        ("${1}x", "appx"),
        ("$2.$1", "42.app"),
        ("$gone|", "|"),
        ("$9", ""),
        ("$01", ""),
        ("$999999999999999999999", ""),
        ("$$1", "$1"),
        ("$$$1", "$app"),
        ("$", "$"),
        ("a$", "a$"),
        ("$-", "$-"),
        ("${", "${"),
        ("${}", "${}"),
        ("${name", "${name"),
        ("${na-me}", "${na-me}"),
        ("${$1}", "${app}"),
        ("é$1é", "é"),
        ("", "app-42-rest"),
        ("fixed", "fixed"),
    ] {
        assert_eq!(extract(pattern, template, "app-42-rest"), expected, "{template}");
    }
    assert_eq!(extract(pattern, "$gone|", "app-42-x"), "x|");
}

#[test]
fn what_reads_differently_in_go_is_refused() {
    for (pattern, position) in [
        ("[[]", 1),
        ("[a[b]]", 2),
        ("^[[:foo:]]", 2),
        ("[a&&b]", 2),
        ("[a~~b]", 2),
        ("x[+--]", 3),
        (r"a\<b", 1),
        (r"[\<]", 1),
        (r"\b{start}", 0),
        ("a{,5}", 1),
        ("a{", 1),
        ("a{1,2,3}", 1),
        ("(?x) a", 0),
        ("(?i-u:a)", 0),
        ("a**", 2),
        ("a+?+", 3),
        ("a{2}{3}", 4),
        (r"a\u{61}", 1),
    ] {
        let error = FluxPolicy::semver("*").filter_tags(pattern, "").selector().expect_err(pattern);
        let SelectError::Pattern { problem: PatternProblem::Dialect { position: found, .. }, .. } = &error else {
            panic!("{pattern}: {error}")
        };
        assert_eq!(*found, position, "{pattern}: {error}");
        assert!(error.remedy().is_some());
    }
}

#[test]
fn what_means_the_same_is_taken() {
    for (pattern, tag) in [
        ("[]a]", "a"),
        ("[^]b]", "a"),
        ("[a-]", "a"),
        (r"[\[a]", "a"),
        ("^[[:alpha:][:^digit:]_]+$", "ab"),
        (r"^\d{2}\w{1,}\.x{0,3}$", "12a.xx"),
        (r"^(?i:REL)(?P<n>[0-9]+?)??$", "rel1"),
        (r"^\p{L}\pN$", "a1"),
        (r"^\x61\x{62}$", "ab"),
        (r"^[\x61-c]\z", "b"),
        ("(?U)a+(?s-m:.)*", "aaa"),
        (r"a\{b|c", "c"),
        ("^.*-rc.*", "1-rc.2"),
    ] {
        assert_eq!(
            chosen(&FluxPolicy::alphabetical("").filter_tags(pattern, "").selector().unwrap(), &[tag]).as_deref(),
            Some(tag),
            "{pattern}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_refused_in_one_line() {
    for pattern in ["(", "a)", "[a", "*", "(?=a)", r"(a)\1", "(?P<n>a)(?P<n>b)", r"\p{Nonsense}", "a\\"] {
        let error = ArgoImage::new("app").allow_tags(format!("regexp:{pattern}")).selector().expect_err(pattern);
        assert!(matches!(&error, SelectError::Pattern { problem: PatternProblem::Syntax { .. }, .. }), "{error}");
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
    }
    let error = FluxPolicy::semver("*").filter_tags("(", "").selector().unwrap_err();
    assert_eq!(error.to_string(), "regular expression \"(\": unclosed group");
}

#[test]
fn size_is_limited_and_time_is_linear() {
    for pattern in ["a".repeat(5000), r"(\w{200}){200}".to_owned()] {
        let error = FluxPolicy::semver("*").filter_tags(pattern, "").selector().unwrap_err();
        assert!(matches!(error, SelectError::Pattern { problem: PatternProblem::TooLarge, .. }), "{error}");
    }
    let policy = FluxPolicy::alphabetical("asc").filter_tags("^((a+)+)+$", "$1").selector().unwrap();
    let (long, start) = (format!("{}b", "a".repeat(127)), Instant::now());
    assert_eq!(chosen(&policy, &[&long]), None);
    assert!(start.elapsed() < Duration::from_secs(5));
}
