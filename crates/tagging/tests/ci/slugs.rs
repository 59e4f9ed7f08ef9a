//! Slugs of names in git.

use lockage_tagging::Tag;
use lockage_tagging::ci::{gitlab_ref_slug, tag_slug};
use proptest::prelude::*;

#[test]
fn gitlab_makes_a_host_name_of_a_reference() {
    let long = format!("{}-x", "a".repeat(62));
    for (name, slug) in [
        ("main", "main"),
        ("v1.2.3", "v1-2-3"),
        ("Feature/Login_Page", "feature-login-page"),
        ("--fix--", "fix"),
        ("feature//x", "feature--x"),
        ("größe", "gr--e"),
        (long.as_str(), &"a".repeat(62)),
        ("refs/merge-requests/4/head", "refs-merge-requests-4-head"),
        ("///", ""),
    ] {
        assert_eq!(gitlab_ref_slug(name), slug, "{name}");
    }
}

#[test]
fn a_tag_slug_keeps_what_a_tag_may_have() {
    for (name, slug) in [
        ("main", "main"),
        ("v1.2.3", "v1.2.3"),
        ("Feature/Login_Page", "Feature-Login_Page"),
        ("feature//x", "feature-x"),
        (".hidden", "hidden"),
        ("dependabot/npm_and_yarn/@types/node-20", "dependabot-npm_and_yarn-types-node-20"),
        ("1.0.0+build.5", "1.0.0-build.5"),
        ("größe", "gr-e"),
        ("x/", "x"),
    ] {
        assert_eq!(tag_slug(name).unwrap(), slug, "{name}");
    }
    assert_eq!(tag_slug(&format!("{}/x", "a".repeat(127))).unwrap(), "a".repeat(127));
    assert_eq!(tag_slug("///").unwrap_err().to_string(), r#"nothing of the name "///" can stand in a tag"#);
    let digest = format!("sha256-{}", "a".repeat(64));
    assert!(tag_slug(&digest).unwrap_err().to_string().ends_with("would become a tag that speaks about a digest"));
}

proptest! {
    #[test]
    fn a_tag_slug_is_a_tag_and_its_own_slug(name in "\\PC{0,200}") {
        if let Ok(tag) = tag_slug(&name) {
            prop_assert!(tag.as_str().parse::<Tag>().is_ok());
            prop_assert_eq!(tag_slug(tag.as_str()).unwrap(), tag);
        }
    }

    #[test]
    fn a_gitlab_slug_is_a_label_of_a_host_name(name in "\\PC{0,100}") {
        let slug = gitlab_ref_slug(&name);
        prop_assert!(slug.len() <= 63 && !slug.starts_with('-') && !slug.ends_with('-'));
        prop_assert!(slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
        prop_assert_eq!(gitlab_ref_slug(&slug), slug);
    }
}
