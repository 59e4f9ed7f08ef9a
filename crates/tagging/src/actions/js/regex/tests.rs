use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn groups(pattern: &str, text: &str) -> Option<Vec<Option<String>>> {
    Regex::delimited(pattern).unwrap().search(text).unwrap()
}

fn found<const N: usize>(groups: [Option<&str>; N]) -> Option<Vec<Option<String>>> {
    Some(groups.into_iter().map(|group| group.map(str::to_owned)).collect())
}

#[test]
fn groups_are_those_of_javascript() {
    for (pattern, text, expected) in [
        ("v(.*)", "v1.2", found([Some("v1.2"), Some("1.2")])),
        ("/V(.*)/i", "v1.2", found([Some("v1.2"), Some("1.2")])),
        ("\\d+\\.\\d+", "app-1.2.3", found([Some("1.2")])),
        ("^x", "ax", None),
        ("(?:(a)|b)*", "ab", found([Some("ab"), None])),
        ("(a*)*", "b", found([Some(""), None])),
        ("(?<y>\\d{4})-\\k<y>", "2024-2024", found([Some("2024-2024"), Some("2024")])),
        ("(?<=v)(\\d)(?!\\d)", "v12 v3", found([Some("3"), Some("3")])),
        ("a{,2}", "a{,2}", found([Some("a{,2}")])),
        ("[^]", "\n", found([Some("\n")])),
        ("[]", "a", None),
        ("\\w+", "é1", found([Some("1")])),
        ("\\s", "\u{feff}", found([Some("\u{feff}")])),
        ("/^.$/u", "😀", found([Some("😀")])),
        ("^.$", "😀", None),
        ("/\\u{1f600}/u", "😀", found([Some("😀")])),
        ("/\\p{Lu}/u", "aÉ", found([Some("É")])),
        ("/ſ/i", "s", None),
        ("/ſ/iu", "s", found([Some("s")])),
        ("/^b/m", "a\nb", found([Some("b")])),
        ("/a.b/s", "a\nb", found([Some("a\nb")])),
        ("/b/y", "ab", None),
        ("a/b", "a/b", found([Some("a/b")])),
        ("", "a", found([Some("")])),
        ("\\1(a)", "a", found([Some("a"), Some("a")])),
        ("\\07\\8", "\u{7}8", found([Some("\u{7}8")])),
    ] {
        assert_eq!(groups(pattern, text), expected, "{pattern} on {text:?}");
    }
}

#[test]
fn flag_g_finds_all_matches() {
    let all = |pattern: &str, text: &str| {
        let regex = Regex::delimited(pattern).unwrap();
        assert!(regex.is_global());
        regex.all(text).unwrap()
    };
    assert_eq!(all("/\\d+/g", "1.22-3"), ["1", "22", "3"]);
    assert_eq!(all("/a*/g", "baé"), ["", "a", "", ""]);
    assert_eq!(all("/a/gy", "aab"), ["a", "a"]);
    assert!(all("/x/g", "a").is_empty());
}

#[test]
fn what_is_no_expression_is_refused() {
    for pattern in [
        "(",
        ")",
        "a**",
        "*",
        "{1}",
        "a{2,1}",
        "[",
        "[z-a]",
        "\\",
        "(?i)V",
        "(?<1>a)",
        "(?<a>.)(?<a>.)",
        "(?<a>.)\\k<b>",
        "(?<=a)*",
        "^*",
        "/a/x",
        "/a/gg",
        "/a/v",
        "/a{/u",
        "/\\p{Nope}/u",
        "/\\1/u",
        "/\\-/u",
        "/]/u",
    ] {
        assert!(Regex::delimited(pattern).is_err(), "{pattern}");
    }
    assert_eq!(Regex::parse("a", "x").unwrap_err().to_string(), "Invalid flags supplied to RegExp constructor 'x'");
    assert!(matches!(Regex::parse(&"a".repeat(MAX_PATTERN + 1), ""), Err(RegexError::TooLong { .. })));
    assert!(matches!(Regex::parse(&"(".repeat(MAX_PATTERN), ""), Err(RegexError::Syntax(_))));
}

#[test]
fn where_a_linear_engine_can_answer_it_does() {
    let text = format!("{}!", "a".repeat(60));
    for pattern in ["^(?:a+)+$", "^(?:a|a)+$", "^(?:a|aa)+$", "^(?:.+)+b"] {
        assert_eq!(groups(pattern, &text), None, "{pattern}");
    }
    assert_eq!(groups("^(?:a+)+(!)$", &text), found([Some(text.as_str()), Some("!")]));
}

#[test]
fn no_pattern_hangs() {
    let start = Instant::now();
    let text = format!("{}!", "a".repeat(60));
    for pattern in [
        "^(a+)+$",
        "^(a|a)*$",
        "^(?:a*)*$",
        "^(?=(a+)+$)",
        "^(.*)*\\1b",
        "(?:(?:a?){50}){50}b",
        "^((a{1,9}){1,9}){1,9}$",
    ] {
        let regex = Regex::parse(pattern, "").unwrap();
        assert_eq!(regex.search(&text), Err(RegexError::Budget), "{pattern}");
    }
    let long = "a".repeat(MAX_TEXT);
    assert_eq!(Regex::parse("(?:a|b|ab)*c", "g").unwrap().all(&long), Ok(Vec::new()));
    assert!(matches!(Regex::parse("a", "").unwrap().search(&format!("{long}a")), Err(RegexError::TooLong { .. })));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn the_two_engines_agree() {
    for (pattern, flags) in [
        ("v?(\\d+)\\.(\\d+)(?:\\.(\\d+))?", ""),
        ("^(release|hotfix)/v?([^/]+)$", "i"),
        ("\\b\\w+\\b|-", "g"),
        ("(?:a|ab)(?:c|bcd)(d?)", ""),
        ("[^a-c\\d]+?", "g"),
        (".{2,3}?x|\\S$", "s"),
    ] {
        let regex = Regex::parse(pattern, flags).unwrap();
        let linear = linear::compile(regex.0.linear.as_deref().unwrap()).unwrap();
        for text in ["v1.2.3", "release/v1.2", "HOTFIX/x", "abcd", "a-b c", "", "é\nxx", "12x"] {
            let group = |found: Option<::regex::Match<'_>>| found.map(|found| found.as_str().to_owned());
            let expected = linear.captures(text).map(|found| found.iter().map(group).collect::<Captures>());
            assert_eq!(regex.search(text).unwrap(), expected, "{pattern} on {text:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_pattern_is_read_or_refused(
        pattern in "([ab.^$|()\\[\\]?*+{}\\\\0-9dwspuk<>=!:-]|.){0,16}",
        flags in "[gimsuy]{0,2}",
        text in "[ab0-9 .é😀]{0,12}",
    ) {
        if let Ok(regex) = Regex::parse(&pattern, &flags) {
            let _ = (regex.search(&text), regex.all(&text));
        }
    }
}
