//! What git says in its own words: the messages of merges, and the output of describe.
#![cfg(feature = "conventions")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use lockage_tagging::{
    describe::{Describe, DescribeError},
    merges::{MergeError, pull_request_of},
};
use proptest::prelude::*;

#[test]
fn the_pull_request_of_a_merge() {
    for (message, expected) in [
        ("Fix the lock (#42)", Some(42)),
        ("Fix the lock (#42)  \r\n\r\nCloses #7, see (#8)", Some(42)),
        ("\n  Fix the lock (#42)", Some(42)),
        ("Fix (#41) the lock (#42)", Some(42)),
        ("Fix the lock (#42) (#42)", Some(42)),
        ("Revert \"Fix the lock (#42)\" (#43)", Some(43)),
        ("Revert \"Fix the lock (#42)\"", None),
        ("Merge pull request #42 from acme/fix\n\nFix the lock (#7)", Some(42)),
        ("Merge pull request #42", None),
        ("Merge pull request #42x from acme/fix", None),
        ("Merge pull request 'Fix the (#7) lock' (#42) from fix into main", Some(42)),
        ("Merge branch 'fix' into 'main'\n\nFix the lock\n\nSee merge request group/sub/project!42", Some(42)),
        ("Fix the lock\n\nSee merge request !42", Some(42)),
        ("Fix the lock\n\nSee merge request group/project!42 and more", None),
        ("Fix the lock\n\nsee merge request of last week!42", None),
        ("Merged in fix (pull request #42)", Some(42)),
        ("Merged PR 42: Fix the lock", Some(42)),
        ("Merged PR 42", None),
        ("Fix #42", None),
        ("Fix the lock (GH-42)", None),
        ("Fix the lock (#)", None),
        ("Fix the lock (#4 2)", None),
        ("Fix the lock #42)", None),
        ("", None),
        ("()", None),
        ("(#18446744073709551615)", Some(u64::MAX)),
    ] {
        assert_eq!(pull_request_of(message), Ok(expected), "{message:?}");
    }
}

#[test]
fn ambiguity_is_refused() {
    for (message, numbers) in [
        ("Fix the lock (#42) (#43)", &[42_u64, 43] as &[u64]),
        ("Fix the lock (#43)(#42)", &[42, 43]),
        ("Fix the lock (#42)\n\nSee merge request group/project!43", &[42, 43]),
        ("Merge\n\nSee merge request a/b!1\nSee merge request a/b!2\nSee merge request a/b!3", &[1, 2, 3]),
    ] {
        assert_eq!(pull_request_of(message), Err(MergeError::Ambiguous { numbers: numbers.to_vec() }), "{message:?}");
    }
    let error = pull_request_of("Fix the lock (#42) (#43)").unwrap_err();
    assert_eq!(error.to_string(), "the message names several pull requests: #42, #43");
    for number in ["0", "18446744073709551616"] {
        let error = pull_request_of(&format!("Fix (#{number})")).unwrap_err();
        assert!(matches!(error, MergeError::Number { .. }), "{error}");
    }
}

#[test]
fn describe_is_parted() {
    let hex = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";
    let long = format!("v1.2.3-0-g{hex}");
    for (text, base, distance, commit, dirty) in [
        ("v1.2.3", "v1.2.3", 0, None, false),
        ("v1.2.3-4-gabc1234", "v1.2.3", 4, Some("abc1234"), false),
        ("v1.2.3-4-gabc1234-dirty", "v1.2.3", 4, Some("abc1234"), true),
        ("v1.2.3-dirty", "v1.2.3", 0, None, true),
        ("v1.3.0-rc.1-12-gabc1", "v1.3.0-rc.1", 12, Some("abc1"), false),
        (&long, "v1.2.3", 0, Some(hex), false),
        ("app/v1.2.3-4-gabc1234", "app/v1.2.3", 4, Some("abc1234"), false),
        ("v1.2.3-4-gabc", "v1.2.3-4-gabc", 0, None, false),
        ("v1.2.3-x-gabc1234", "v1.2.3-x-gabc1234", 0, None, false),
        ("v1.2.3-4-habc1234", "v1.2.3-4-habc1234", 0, None, false),
        ("-4-gabc1234-4-gabc1234", "-4-gabc1234", 4, Some("abc1234"), false),
    ] {
        let describe: Describe = text.parse().unwrap();
        let parts = (describe.base(), describe.distance(), describe.commit(), describe.is_dirty());
        assert_eq!(parts, (base, distance, commit, dirty), "{text}");
        assert_eq!(describe.to_string(), text);
    }
    for text in ["", "-dirty", "-4-gabc1234"] {
        assert!(matches!(text.parse::<Describe>(), Err(DescribeError::NoBase { .. })), "{text}");
    }
    let far = "v1-99999999999999999999-gabc1234".parse::<Describe>();
    assert!(matches!(far, Err(DescribeError::Distance { .. })));
    assert_eq!("nightly-4-gabc1234".parse::<Describe>().unwrap().version(), None);
}

proptest! {
    #[test]
    fn what_git_prints_comes_back(base in "v[0-9]\\.[0-9](-rc\\.[0-9])?", distance in 0..10_000_u64, hex in "[0-9a-f]{4,40}") {
        let text = format!("{base}-{distance}-g{hex}");
        let describe: Describe = text.parse().unwrap();
        prop_assert_eq!((describe.base(), describe.distance(), describe.commit()), (&*base, distance, Some(&*hex)));
        prop_assert_eq!(describe.to_string(), text);
    }

    #[test]
    fn one_number_is_found_whatever_the_title(title in "[a-zA-Z ]{0,20}", number in 1..u64::MAX, body in "[a-z#0-9 \n]{0,40}") {
        let message = format!("{title} (#{number})\n{body}");
        prop_assert_eq!(pull_request_of(&message), Ok(Some(number)));
    }

    #[test]
    fn no_text_causes_a_panic(text in any::<String>(), near in "(Merge pull request |#|'|\\(|\\)|!|42|é|\n| ){0,9}") {
        for text in [text, near] {
            let _ = pull_request_of(&text);
            let _ = text.parse::<Describe>();
        }
    }
}
