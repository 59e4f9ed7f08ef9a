//! Patterns of tags, as Go's `filepath.Match` has them.

use lockage_tagging::select::Glob;

#[test]
fn what_matches() {
    for (pattern, matching, others) in [
        ("", &[""][..], &["a"][..]),
        ("latest", &["latest"], &["latest1", "Latest", ""]),
        ("*", &["", "abc", "*"], &["a/b"]),
        ("**", &["", "abc"], &["a/b"]),
        ("*c", &["c", "abc"], &["cab", "a/c"]),
        ("a*", &["a", "abc"], &["ba", "ab/c"]),
        ("a*/b", &["a/b", "abc/b"], &["a/c/b"]),
        ("a*b*c*d*e*/f", &["axbxcxdxe/f", "axbxcxdxexxx/f"], &["axbxcxdxe/xxx/f", "axbxcxdxexxx/fff"]),
        ("a*b?c*x", &["abxbbxdbxebxczzx"], &["abxbbxdbxebxczzy"]),
        ("tag?", &["tag1", "tag-"], &["tag", "tag10", "tag/"]),
        ("a?b", &["a☺b"], &["ab"]),
        ("[a-c]x", &["ax", "cx"], &["dx", "x", "-x"]),
        ("[^a-c]x", &["dx", "^x", "/x"], &["ax", "x"]),
        ("[!a]", &["!", "a"], &["b"]),
        ("[a-ζ]*", &["α", "ab"], &["A"]),
        ("[\\]a\\-]", &["]", "a", "-"], &["\\", "b"]),
        ("[x\\-z]", &["x", "-", "z"], &["y"]),
        ("[c-a]", &[], &["a", "b", "c"]),
        ("[a^]", &["a", "^"], &["b"]),
        ("\\*\\a", &["*a"], &["xa", "\\*a"]),
        ("a]b", &["a]b"], &["ab"]),
        ("{a,b}", &["{a,b}"], &["a", "b"]),
        ("*-rc.[0-9]*", &["1.2-rc.1", "1-rc.10"], &["1.2-rc.", "1.2-rc.x", "1.2-RC.1"]),
        ("*x", &["xxx"], &["xxy"]),
    ] {
        let glob: Glob = pattern.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((glob.to_string().as_str(), glob.as_str()), (pattern, pattern));
        for text in matching {
            assert!(glob.matches(text), "{pattern:?} and {text:?}");
        }
        for text in others {
            assert!(!glob.matches(text), "{pattern:?} and {text:?}");
        }
    }
}

#[test]
fn what_is_no_pattern() {
    for (pattern, position) in [
        ("[", 1),
        ("a[", 2),
        ("[^", 2),
        ("[^bc", 4),
        ("[]", 1),
        ("[]a]", 1),
        ("[-]", 1),
        ("[-x]", 1),
        ("[x-]", 3),
        ("[a-b-c]", 4),
        ("[a\\", 3),
        ("[\\]", 3),
        ("\\", 1),
        ("ok\\", 3),
        ("[^]a]", 2),
    ] {
        let error = pattern.parse::<Glob>().expect_err(pattern);
        assert_eq!(error.position(), position, "{error}");
        assert!(error.to_string().contains("is expected at byte"), "{error}");
        assert!(serde_json::from_value::<Glob>(pattern.into()).is_err());
    }
}

#[test]
fn many_stars_take_no_time() {
    let glob: Glob = "*a".repeat(60).parse().unwrap();
    assert!(!glob.matches(&"a".repeat(59)));
    assert!(!glob.matches(&format!("{}b", "a".repeat(5000))));
}
