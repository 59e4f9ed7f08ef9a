//! The class of tags by their text, and of the tags of schemes by what the schemes declare.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use lockage_tagging::{
    AllOf, Branch, BuildFacts, Channel, Commit, FromFn, GitRef, GitTag, Latest, MergedPullRequest, PullRequest, Semver,
    Tag, TagScheme, TagSchemeExt, Template, When,
    class::{ClassTable, Mobility, SchemeClass, TagClass, TagKind},
};
use proptest::prelude::*;

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

#[test]
fn tags_by_their_text() {
    let hex40 = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";
    for (text, class) in [
        ("1.2.3", "immutable version, precision patch"),
        ("v1.2.3", "immutable version, precision patch"),
        ("1.2.3_b7", "immutable version, precision patch"),
        ("1.2.3.4", "immutable version, precision patch"),
        ("2024.03.09", "immutable version, precision patch"),
        ("1.3.0-rc.1", "immutable version, precision patch, channel rc"),
        ("1.3.0-beta2", "immutable version, precision patch, channel beta"),
        ("1.3.0-1", "immutable version, precision patch"),
        ("1.2.3rc1", "immutable version, precision patch, channel rc"),
        ("1.2.3.dev4", "immutable version, precision patch, channel dev"),
        ("1.2.3a1.post2", "immutable version, precision patch, channel a"),
        ("1.2", "floating version, precision minor"),
        ("v1.2", "floating version, precision minor"),
        ("24.04", "floating version, precision minor"),
        ("1", "floating version, precision major"),
        ("v1", "floating version, precision major"),
        ("1.x", "floating version, precision major"),
        ("1.2.x", "floating version, precision minor"),
        ("1.2-alpine", "floating version, precision minor, variant alpine"),
        ("1.2.3-alpine3.19", "immutable version, precision patch, variant alpine3.19"),
        ("1.2.3-alpine-3.19", "immutable version, precision patch, variant alpine-3.19"),
        ("1.2.3-bookworm-slim", "immutable version, precision patch, variant bookworm-slim"),
        ("1.3.0-rc.1-linux-amd64", "immutable version, precision patch, channel rc, variant linux-amd64"),
        ("app-v1.2.3", "immutable version, precision patch, component app"),
        ("my-app-1.2", "floating version, precision minor, component my-app"),
        ("stable-1.2.3", "immutable version, precision patch, channel stable"),
        ("sha-2b2e927", "immutable commit"),
        ("2b2e927", "immutable commit"),
        (hex40, "immutable commit"),
        ("main-sha-2b2e927", "immutable commit"),
        ("edge-sha-2b2e927", "immutable commit, channel edge"),
        ("1.2.0-sha-2b2e927", "immutable version, precision patch"),
        ("1.2.0-rc-sha-2b2e927", "immutable version, precision patch, channel rc"),
        ("main-2b2e927", "immutable commit"),
        ("2b2e927-alpine", "immutable commit, variant alpine"),
        ("20240309", "immutable timestamp"),
        ("nightly-20240309", "immutable timestamp, channel nightly"),
        ("nightly-2024-03-09", "immutable timestamp, channel nightly"),
        ("20240309T164109Z", "immutable timestamp"),
        ("main-2b2e927-1710002469", "immutable timestamp"),
        ("pr-42", "floating pull request"),
        ("mr-42-alpine", "floating pull request, variant alpine"),
        ("pr-42-2b2e927", "immutable pull request"),
        ("pr-42-sha-2b2e927", "immutable pull request"),
        ("latest", "floating channel, channel latest"),
        ("latest-arm64", "floating channel, channel latest, variant arm64"),
        ("rc", "floating channel, channel rc"),
        ("Prod", "floating channel, channel Prod"),
        ("main", "floating name"),
        ("alpine", "floating name"),
        ("feature-x", "floating name"),
        ("JIRA-1234567", "floating name"),
        ("add-defaced", "floating name"),
        ("pr-x", "floating name"),
        ("pr-42-fix", "floating name"),
        ("1.2-rc", "floating version, precision minor, channel rc"),
        ("1.2.3-", "floating name"),
        ("99999999999999999999.1.2", "floating name"),
    ] {
        assert_eq!(TagClass::of(&tag(text)).to_string(), class, "{text}");
    }
}

#[test]
fn tags_about_a_digest_are_apart() {
    let hex = "ab".repeat(32);
    for suffix in ["", ".sig", ".att", ".sbom"] {
        let class = TagClass::of(&tag(&format!("sha256-{hex}{suffix}")));
        assert_eq!((class.mobility, class.kind), (Mobility::Attached, TagKind::Digest));
        assert_eq!(class.digest.unwrap().hex(), hex);
    }
    assert_ne!(TagClass::of(&tag(&format!("sha256-{hex}.sigs"))).kind, TagKind::Digest);
}

#[test]
fn what_a_tag_carries_is_parsed() {
    let class = TagClass::of(&tag("1.3.0-rc.1_b7-alpine"));
    assert_eq!(class.version.unwrap().to_semver().unwrap().to_string(), "1.3.0-rc.1+b7");
    assert_eq!(class.variant.as_deref(), Some("alpine"));
    let class = TagClass::of(&tag("1.2.0-sha-2b2e927"));
    assert_eq!(class.commit.as_deref(), Some("2b2e927"));
    assert_eq!(class.version.unwrap().to_semver().unwrap().to_string(), "1.2.0");
    let class = TagClass::of(&tag("2024.03.09"));
    assert_eq!(class.version.unwrap().numbers, [2024, 3, 9]);
    assert_eq!(TagClass::of(&tag("pr-42-2b2e927")).pull_request, Some(42));
}

#[test]
fn a_team_can_teach_its_words() {
    let (text, table) = (tag("app-1-enterprise"), ClassTable::default().component("app").variant("enterprise"));
    assert_eq!(TagClass::of(&text).to_string(), "floating name");
    assert_eq!(
        table.class_of(&text).to_string(),
        "floating version, precision major, variant enterprise, component app"
    );
    assert_eq!(ClassTable::empty().class_of(&tag("latest")).to_string(), "floating name");
    assert_eq!(ClassTable::default().channel("Blue").class_of(&tag("blue")).kind, TagKind::Channel);
}

#[test]
fn the_word_of_a_scheme_on_moving_counts_more_than_the_text() {
    let class = TagClass::made_by(&Branch, &tag("v1.2.3")).unwrap();
    assert_eq!((class.mobility, class.kind), (Mobility::Floating, TagKind::Version));
    let class = TagClass::made_by(&GitTag, &tag("v1.2.3")).unwrap();
    assert_eq!(class.mobility, Mobility::Immutable);
    assert_eq!(TagClass::made_by(&Semver::full(), &tag("latest")), None);
    assert_eq!(TagClass::made_by(&Semver::full().prefixed("app-"), &tag("1.2.3")), None);
}

#[test]
fn schemes_declare_their_classes() {
    let closure = FromFn::new("none", |_| Ok(Vec::new()));
    for (scheme, classes) in [
        (
            &Semver::cascade() as &dyn TagScheme,
            &[
                "immutable version, precision patch",
                "floating version, precision minor",
                "floating version, precision major",
            ] as &[_],
        ),
        (&Latest::on_release(), &["floating channel, channel latest"]),
        (&Commit::long().variant("alpine").by_default(), &["immutable commit", "immutable commit, suffix -alpine"]),
        (&PullRequest.and(MergedPullRequest), &["floating pull request"]),
        (&PullRequest.or(Branch), &["floating pull request", "floating"]),
        (&Branch.prefixed("b-").prefixed("a-").only_if(When::tag()), &["floating, prefix a-b-"]),
        (&GitTag.suffixed("-a").suffixed("-b"), &["any, suffix -a-b"]),
        (&"{branch}-{sha}".parse::<Template>().unwrap(), &["immutable"]),
        (&"{branch}-{date}".parse::<Template>().unwrap(), &["floating"]),
        (&closure, &["any"]),
        (&closure.clone().of_class(SchemeClass::floating().on_channel("blue")), &["floating, channel blue"]),
    ] {
        let declared: Vec<_> = scheme.classes().iter().map(ToString::to_string).collect();
        assert_eq!(declared, classes, "{scheme}");
    }
}

fn version() -> impl Strategy<Value = String> {
    let pre = prop_oneof![
        2 => Just(String::new()),
        1 => "-(rc|beta|alpha|dev|foo)(\\.?[1-9][0-9]{0,2})?",
        1 => "-[1-9][0-9]{0,2}(\\.x)?",
        1 => "-[a-z-]{0,3}[a-z]",
        1 => "-sha-[0-9a-f]{7,40}",
        1 => "-(alpine|arm64|slim)",
    ];
    ("v?", 0..1000_u32, 0..1000_u32, 0..1000_u32, pre, "(\\+[a-z0-9]{1,4})?")
        .prop_map(|(v, major, minor, patch, pre, build)| format!("{v}{major}.{minor}.{patch}{pre}{build}"))
}

fn facts() -> impl Strategy<Value = BuildFacts> {
    let git_ref = prop_oneof![
        3 => version().prop_map(BuildFacts::tag),
        1 => "[a-z]{3,6}(/[a-z]{3,6})?".prop_map(BuildFacts::branch),
        1 => any::<u64>().prop_map(BuildFacts::pull_request),
    ];
    (git_ref, "[0-9a-f]{40}", any::<u64>())
        .prop_map(|(facts, commit, number)| facts.commit(commit).default_branch("main").merged_pull_request(number))
}

fn closed_scheme() -> impl Strategy<Value = Box<dyn TagScheme>> {
    let leaf = prop_oneof![
        Just(Semver::full()).prop_map(|scheme| Box::new(scheme) as Box<dyn TagScheme>),
        Just(Semver::cascade()).prop_map(|scheme| Box::new(scheme) as _),
        Just(Latest::on_release()).prop_map(|scheme| Box::new(scheme) as _),
        Just(Latest::on_default_branch()).prop_map(|scheme| Box::new(scheme) as _),
        Just(Commit::short()).prop_map(|scheme| Box::new(scheme) as _),
        Just(Commit::long()).prop_map(|scheme| Box::new(scheme) as _),
        Just(PullRequest).prop_map(|scheme| Box::new(scheme) as _),
        Just(MergedPullRequest).prop_map(|scheme| Box::new(scheme) as _),
        "[a-z]{2,8}".prop_map(|name| Box::new(Channel::named(name)) as _),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| Box::new(one.and(other)) as Box<dyn TagScheme>),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| Box::new(one.or(other)) as _),
            inner.prop_map(|scheme| Box::new(scheme.only_if(When::tag().not())) as _),
        ]
    })
}

proptest! {
    /// A tag reads as exactly one of the classes that its scheme declares: by its own text, and with affixes around it.
    #[test]
    fn every_tag_is_of_a_class_that_its_scheme_declares(
        scheme in closed_scheme(),
        facts in facts(),
        prefix in prop::option::of("(app|my-app|api_v)[-_]"),
        suffix in prop::option::of("-(alpine|arm64|custom|slim-custom)"),
    ) {
        let mut whole: Box<dyn TagScheme> = Box::new(scheme);
        if let Some(prefix) = &prefix {
            whole = Box::new(whole.prefixed(prefix));
        }
        if let Some(suffix) = &suffix {
            whole = Box::new(whole.suffixed(suffix));
        }
        for tag in whole.tags(&facts).unwrap() {
            let class = ClassTable::for_scheme(&whole).class_of(&tag);
            prop_assert!(whole.classes().iter().any(|declared| declared.covers(&class)), "{whole} made {tag}: {class}");
            prop_assert_eq!(TagClass::made_by(&whole, &tag), Some(class));
        }
    }

    /// Schemes that say nothing about the text still say whether it moves.
    #[test]
    fn open_schemes_keep_their_word(name in "[a-zA-Z0-9._/-]{1,40}", commit in "[0-9a-f]{40}") {
        let immutable: Template = "{branch}-{sha}".parse().unwrap();
        let facts = BuildFacts::branch(name).commit(commit);
        for (scheme, mobility) in
            [(&Branch as &dyn TagScheme, Mobility::Floating), (&immutable, Mobility::Immutable)]
        {
            for tag in scheme.tags(&facts).unwrap_or_default() {
                prop_assert_eq!(TagClass::made_by(scheme, &tag).map(|class| class.mobility), Some(mobility));
            }
        }
    }

    #[test]
    fn every_tag_has_a_class(text in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}") {
        let class = TagClass::of(&text.parse().unwrap());
        prop_assert!(!class.to_string().is_empty());
    }

    #[test]
    fn every_near_miss_has_a_class(
        text in "(sha-|pr-|v|[0-9]{1,3}|\\.|-|_|[0-9a-f]{7}|20240309|rc|alpine|latest|app|x){1,10}"
    ) {
        if let Ok(tag) = text.parse::<Tag>() {
            let class = TagClass::of(&tag);
            prop_assert!(class.version.is_none_or(|version| !version.numbers.is_empty()));
        }
    }
}

#[test]
fn an_empty_list_declares_nothing() {
    assert!(AllOf::new().classes().is_empty());
    assert_eq!(TagClass::made_by(&AllOf::new(), &tag("latest")), None);
    assert!(matches!(BuildFacts::tag("v1").git_ref, GitRef::Tag(_)));
}
