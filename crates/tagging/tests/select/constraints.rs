//! Constraints: what they match, how they print, where they go wrong.

use lockage_tagging::select::{Constraint, ConstraintProblem};
use semver::Version;

fn check(text: &str, matching: &[&str], others: &[&str]) {
    let constraint: Constraint = text.parse().unwrap_or_else(|error| panic!("{error}"));
    for (versions, expected) in [(matching, true), (others, false)] {
        for version in versions {
            let version: Version = version.parse().unwrap();
            assert_eq!(constraint.matches(&version), expected, "{text:?} and {version}");
        }
    }
}

#[test]
fn equality_compares_as_far_as_it_is_written() {
    for text in ["1.2.3", "=1.2.3", "= 1.2.3", "v1.2.3", "1.2.3+build.7"] {
        check(text, &["1.2.3", "1.2.3+other"], &["1.2.2", "1.2.4", "1.2.3-rc.1"]);
    }
    for text in ["1.2", "=1.2", "1.2.x", "1.2.X", "1.2.*", "v1.2", "01.02"] {
        check(text, &["1.2.0", "1.2.99"], &["1.1.9", "1.3.0", "2.2.0", "1.2.1-rc.1"]);
    }
    for text in ["1", "=1", "1.x", "1.*.*", "1.x.7", "v1.X"] {
        check(text, &["1.0.0", "1.99.1"], &["0.9.9", "2.0.0", "1.1.0-rc.1"]);
    }
    check("0", &["0.0.0", "0.9.1"], &["1.0.0"]);
    check("0.0", &["0.0.0", "0.0.9"], &["0.1.0"]);
    check("0.0.0", &["0.0.0"], &["0.0.1"]);
}

#[test]
fn wildcards_for_everything() {
    for text in ["*", "x", "X", "=*", "~*", "~>*", "*.1.2", "x.x.x", ">=0", ">=*", "~0.0.0", " * "] {
        check(text, &["0.0.0", "0.1.0", "1.2.3", "18446744073709551615.0.0"], &["1.2.3-rc.1", "0.0.0-0"]);
    }
}

#[test]
fn corners_of_the_dialect_are_kept() {
    check("^*", &["0.0.0"], &["0.0.1", "0.1.0", "1.0.0"]);
    check("<=*", &["0.0.0", "0.0.7"], &["0.1.0", "1.0.0"]);
    check(">*", &["0.0.1", "1.0.0"], &["0.0.0"]);
    check("!=*", &["0.0.1", "1.0.0"], &["0.0.0"]);
    check("<*", &[], &["0.0.0", "1.0.0"]);
    // The first alternative is `>= 1`, because the range is rewritten before the text is divided.
    check("1||2 - 3", &["1.0.0", "2.5.0", "9.0.0"], &["0.9.0"]);
}

#[test]
fn inequality() {
    check("!=1.2.3", &["1.2.2", "1.2.4", "2.0.0"], &["1.2.3", "2.0.0-rc.1"]);
    check("!=1.2", &["1.1.9", "1.3.0"], &["1.2.0", "1.2.9", "1.3.0-rc.1"]);
    check("!=1.x", &["0.9.0", "2.0.0"], &["1.0.0", "1.9.9"]);
    check("!=1.2-rc", &["1.2.0", "1.2.0-alpha", "1.3.0-rc"], &["1.2.0-rc", "1.2.5-rc"]);
}

#[test]
fn order() {
    check(">1.2.3", &["1.2.4", "2.0.0"], &["1.2.3", "1.2.2"]);
    check(">1.2", &["1.3.0", "2.0.0"], &["1.2.0", "1.2.9"]);
    check(">1", &["2.0.0"], &["1.0.0", "1.9.9"]);
    for text in [">=1.2.0", "=>1.2.0", ">= 1.2", ">=1.2.x"] {
        check(text, &["1.2.0", "1.2.1", "2.0.0"], &["1.1.9", "2.0.0-rc.1"]);
    }
    check("<1.2.3", &["1.2.2", "0.1.0"], &["1.2.3", "1.2.3-rc.1"]);
    check("<1.2", &["1.1.9"], &["1.2.0", "1.2.1"]);
    check("<1", &["0.9.9"], &["1.0.0"]);
    check("<=1.2.3", &["1.2.3", "1.2.2"], &["1.2.4"]);
    for text in ["<=1.2", "=<1.2", "<=1.2.x"] {
        check(text, &["1.2.0", "1.2.9", "0.9.0"], &["1.3.0", "2.0.0"]);
    }
    check("<=1", &["1.9.9", "0.1.0"], &["2.0.0"]);
}

#[test]
fn tilde() {
    for text in ["~1.2.3", "~>1.2.3", "~ 1.2.3", "~> 1.2.3"] {
        check(text, &["1.2.3", "1.2.9"], &["1.2.2", "1.3.0", "2.2.3"]);
    }
    for text in ["~1.2", "~>1.2", "~1.2.x"] {
        check(text, &["1.2.0", "1.2.9"], &["1.1.0", "1.3.0"]);
    }
    for text in ["~1", "~>1", "~1.x", "~1.x.x"] {
        check(text, &["1.0.0", "1.9.9"], &["0.9.0", "2.0.0"]);
    }
    check("~0.0.1", &["0.0.1", "0.0.9"], &["0.0.0", "0.1.0"]);
}

#[test]
fn caret() {
    check("^1.2.3", &["1.2.3", "1.9.0"], &["1.2.2", "2.0.0"]);
    for text in ["^1.2", "^1.2.x"] {
        check(text, &["1.2.0", "1.9.0"], &["1.1.0", "2.0.0"]);
    }
    for text in ["^1", "^1.x"] {
        check(text, &["1.0.0", "1.9.9"], &["0.9.0", "2.0.0"]);
    }
    check("^0.2.3", &["0.2.3", "0.2.9"], &["0.2.2", "0.3.0", "1.2.3"]);
    check("^0.2", &["0.2.0", "0.2.9"], &["0.1.0", "0.3.0"]);
    check("^0.0.3", &["0.0.3"], &["0.0.2", "0.0.4", "0.1.3"]);
    for text in ["^0.0", "^0.0.x"] {
        check(text, &["0.0.0", "0.0.9"], &["0.1.0", "1.0.0"]);
    }
    for text in ["^0", "^0.x"] {
        check(text, &["0.0.0", "0.9.9"], &["1.0.0"]);
    }
}

#[test]
fn a_prerelease_in_an_alternative_admits_prereleases_in_all_of_it() {
    check("*-0", &["1.2.3-alpha", "1.2.3"], &[]);
    check("^1.x-0", &["1.0.0-0", "1.4.0-rc.1", "1.4.0"], &["2.0.0-rc.1"]);
    check(">=1.2-0", &["1.2.0-0", "1.2.0-alpha", "1.9.0-rc.1"], &["1.1.9"]);
    check("2.x-0", &["2.0.0-rc1", "2.1.0"], &["3.0.0-rc1"]);
    check("~1.2.3-beta.2", &["1.2.3-beta.2", "1.2.3-beta.11", "1.2.4-alpha", "1.2.3"], &["1.2.3-beta.1", "1.3.0-rc"]);
    check("^0.2.3-beta.2", &["0.2.4-beta.1"], &["0.2.3-beta.1", "0.3.0-beta.9"]);
    check(">0-0", &["1.0.0-alpha", "1.0.0"], &["0.0.1-alpha"]);
    check(">= 1.0.0 <= 2.0.0-beta", &["1.0.1-beta", "1.0.1"], &["2.0.0"]);
    check(">=1, <2 || >3-0", &["4.0.0-rc.1", "1.5.0"], &["1.5.0-rc.1"]);
    assert!("1 || 2-0".parse::<Constraint>().unwrap().admits_prereleases());
    assert!(!"1 || 2".parse::<Constraint>().unwrap().admits_prereleases());
}

#[test]
fn prereleases_are_compared_part_by_part() {
    check("=1.0.0-alpha.1", &["1.0.0-alpha.1+build"], &["1.0.0-alpha.1.0", "1.0.0-alpha.2", "1.0.0"]);
    check(">1.0.0-alpha.9", &["1.0.0-alpha.10", "1.0.0-alpha.x", "1.0.0-alpha.9.0", "1.0.0-beta"], &["1.0.0-9"]);
    // Capitals come before small letters.
    check(">=1.2.3-BETA", &["1.2.3-alpha"], &["1.2.3-ALPHA"]);
    // More than 64 bits are text, so the shorter can be the greater.
    check(">1.0.0-100000000000000000000", &["1.0.0-99999999999999999999"], &["1.0.0-18446744073709551615"]);
}

#[test]
fn terms_are_joined() {
    for text in [">1.1, <3", ">1.1 <3", "> 1.1 , < 3", ">1.1,<3", "\t>1.1\n<3 "] {
        check(text, &["1.2.0", "2.9.9"], &["1.1.9", "3.0.0"]);
    }
    check(">=1.1 <2 !=1.2.3 || >3", &["1.2.4", "4.1.2"], &["1.2.3", "3.1.2", "2.0.0"]);
    check("1.2.x||>=2||0.9.1", &["1.2.5", "7.0.0", "0.9.1"], &["1.3.0", "0.9.2"]);
}

#[test]
fn hyphen_ranges() {
    check("1.2 - 1.4.5", &["1.2.0", "1.4.5"], &["1.1.9", "1.4.6"]);
    check("1.2  -\t1.4", &["1.4.9"], &["1.5.0"]);
    check("1.0.0 - 2.0.0, !=1.5.0", &["1.4.0", "2.0.0"], &["1.5.0", "2.0.1"]);
    check("1 - 2 4 - 5 || 7 - 8", &["7.1.0"], &["1.5.0", "4.5.0"]);
    check(">=1.1, 1 - 2", &["1.1.0", "2.9.9"], &["1.0.9"]);
    check("1.0-beta - 1.2", &["1.0.0-rc", "1.2.3-rc"], &["1.0.0-alpha"]);
    // Without blanks it is a pre-release.
    check("1.1-3", &["1.1.0", "1.1.9", "1.1.0-4"], &["4.3.2", "1.2.0"]);
}

#[test]
fn a_constraint_prints_as_one_that_reads_the_same() {
    for (text, printed) in [
        ("*", "*"),
        (">=1.0.0,<2", ">=1.0.0 <2"),
        (" ~> 1.2 ||=>v3.x-0 ", "~>1.2 || =>v3.x-0"),
        ("1.2 - 1.4.5", ">=1.2 <=1.4.5"),
        ("!= 1 =< 2 ^3", "!=1 =<2 ^3"),
    ] {
        let constraint: Constraint = text.parse().unwrap();
        assert_eq!(constraint.to_string(), printed);
        assert_eq!(constraint.to_string().parse::<Constraint>().unwrap().to_string(), printed);
        assert_eq!(serde_json::to_value(&constraint).unwrap(), printed);
    }
    assert_eq!("*".parse(), Ok(Constraint::any()));
    assert!(serde_json::from_str::<Constraint>("\"latest\"").is_err());
}

#[test]
fn a_refusal_says_where() {
    let version = |found| ConstraintProblem::Version { found };
    let separator = |found| ConstraintProblem::Separator { found };
    let number = |text: &str| ConstraintProblem::Number { text: format!("{text:?}") };
    for (text, position, problem) in [
        ("", 0, version(None)),
        ("  ", 2, version(None)),
        ("latest", 0, version(Some('l'))),
        (">= bar", 3, version(Some('b'))),
        ("BAR >= 1.2.3", 0, version(Some('B'))),
        ("vv1", 0, version(Some('v'))),
        ("-1", 0, version(Some('-'))),
        ("==1", 1, version(Some('='))),
        ("> =1", 2, version(Some('='))),
        ("1 || ", 5, version(None)),
        ("|| 1", 0, version(None)),
        ("1,", 2, version(None)),
        (",1", 0, version(Some(','))),
        ("1, ,2", 3, version(Some(','))),
        ("1 - ", 2, version(Some('-'))),
        ("1 -2", 2, version(Some('-'))),
        ("1 - 2 - 3", 6, version(Some('-'))),
        (">1 - 2", 1, ConstraintProblem::Range),
        (">= 1.1 1 - 2", 7, ConstraintProblem::Range),
        ("1.0.0p", 5, separator('p')),
        ("1.2.3.4", 5, separator('.')),
        ("1.2.", 3, separator('.')),
        ("1.2.3-", 5, separator('-')),
        ("12.3.34~ 1.2.3", 7, separator('~')),
        ("1\u{a0}2", 1, separator('\u{a0}')),
        ("1\u{b}2", 1, separator('\u{b}')),
        ("1x", 0, number("1x")),
        (">1, 1.xx", 4, number("xx")),
        ("**", 0, number("**")),
        ("1|2", 0, number("1|2")),
        ("18446744073709551616", 0, number("18446744073709551616")),
        ("v1.2.3-beta.01", 0, ConstraintProblem::Prerelease { text: "\"beta.01\"".into() }),
        ("1 || 2 x1", 7, number("x1")),
    ] {
        let error = text.parse::<Constraint>().expect_err(text);
        assert_eq!((error.position(), error.problem()), (position, &problem), "{text:?}");
        assert!(error.to_string().starts_with("version constraint \""), "{error}");
        assert!(!error.remedy().is_empty());
    }
    let long = "1 ".repeat(3000);
    let error = long.parse::<Constraint>().unwrap_err();
    assert_eq!(error.problem(), &ConstraintProblem::TooLong { length: 6000, limit: 4096 });
    assert!(error.to_string().len() < 200);
}
