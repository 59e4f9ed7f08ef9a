//! What holds for every name: text and value lead to each other, and no text causes a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::{
    fmt::{Debug, Display},
    str::FromStr,
};

use lockage_tagging::{
    Algorithm, AllOf, Branch, BuildFacts, Commit, Digest, DigestTag, DigestTagKind, GitTag, Host, Latest, NameError,
    Reference, Repository, Semver, Tag, TagScheme,
};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop_oneof![Just(Algorithm::Sha256), Just(Algorithm::Sha512)]
}

fn digest() -> impl Strategy<Value = Digest> {
    (algorithm(), any::<[u8; 64]>())
        .prop_map(|(algorithm, bytes)| Digest::from_bytes(algorithm, &bytes[..algorithm.hex_len() / 2]).unwrap())
}

fn tag() -> impl Strategy<Value = Tag> {
    "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}".prop_map(|text| text.parse().unwrap())
}

fn digest_tag() -> impl Strategy<Value = DigestTag> {
    let kind = prop_oneof![
        Just(DigestTagKind::Referrers),
        Just(DigestTagKind::Signature),
        Just(DigestTagKind::Attestation),
        Just(DigestTagKind::Sbom),
    ];
    (digest(), kind).prop_map(|(digest, kind)| DigestTag::new(&digest, kind))
}

fn host_text() -> impl Strategy<Value = String> {
    let label = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,8}[a-zA-Z0-9])?";
    let name = prop_oneof![
        4 => prop::collection::vec(label, 1..4).prop_map(|labels| labels.join(".")),
        1 => any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
        1 => any::<[u16; 8]>().prop_map(|s| format!("[{:x}:{:X}:{:x}::{:x}]", s[0], s[1], s[2], s[3])),
        1 => Just("localhost".to_owned()),
        1 => Just("docker.io".to_owned()),
        1 => Just("index.docker.io".to_owned()),
    ];
    (name, prop::option::of(1..=u16::MAX)).prop_map(|(name, port)| match port {
        Some(port) => format!("{name}:{port}"),
        None => name,
    })
}

fn host() -> impl Strategy<Value = Host> {
    host_text().prop_map(|text| text.parse().unwrap())
}

fn path() -> impl Strategy<Value = String> {
    let component = prop_oneof![
        6 => "[a-z0-9]{1,6}((\\.|_|__|-{1,3})[a-z0-9]{1,6}){0,2}",
        1 => Just("library".to_owned()),
        1 => Just("localhost".to_owned()),
        1 => "[0-9a-f]{64}",
    ];
    prop::collection::vec(component, 1..4).prop_map(|components| components.join("/"))
}

fn repository() -> impl Strategy<Value = Repository> {
    (prop_oneof![host(), Just(Host::docker_hub())], path())
        .prop_filter_map("a host that could be a path", |(host, path)| Repository::new(host, &path).ok())
}

fn reference() -> impl Strategy<Value = Reference> {
    (repository(), prop::option::of(tag()), prop::option::of(digest())).prop_map(|(repository, tag, digest)| {
        let reference = Reference::new(repository);
        let reference = tag.into_iter().fold(reference, Reference::with_tag);
        digest.into_iter().fold(reference, Reference::with_digest)
    })
}

/// Through text, through JSON, and through the `TryFrom`s: always the same value.
fn comes_back<T>(value: &T)
where
    T: Clone + Debug + Display + PartialEq + Serialize + DeserializeOwned + Into<String>,
    T: FromStr<Err = NameError> + TryFrom<String, Error = NameError> + for<'a> TryFrom<&'a str, Error = NameError>,
{
    let text = value.to_string();
    assert_eq!(text.parse::<T>().as_ref(), Ok(value));
    assert_eq!(T::try_from(text.as_str()).as_ref(), Ok(value));
    assert_eq!(T::try_from(text.clone()).as_ref(), Ok(value));
    assert_eq!(value.clone().into(), text);
    let json = serde_json::to_value(value).unwrap();
    assert_eq!(json, serde_json::Value::String(text));
    assert_eq!(&serde_json::from_value::<T>(json).unwrap(), value);
}

/// What is read from `text`, if anything, prints as something that reads the same; and a refusal
/// is one line.
fn is_read_or_refused<T>(text: &str)
where
    T: Debug + Display + PartialEq + FromStr<Err = NameError>,
{
    match text.parse::<T>() {
        Ok(value) => assert_eq!(value.to_string().parse(), Ok(value)),
        Err(error) => {
            let message = error.to_string();
            assert!(!message.contains(char::is_control), "{message:?}");
            assert!(error.remedy().is_none_or(|remedy| !remedy.contains(char::is_control)));
        }
    }
}

fn all_are_read_or_refused(text: &str) {
    is_read_or_refused::<Algorithm>(text);
    is_read_or_refused::<Digest>(text);
    is_read_or_refused::<Tag>(text);
    is_read_or_refused::<DigestTag>(text);
    is_read_or_refused::<Host>(text);
    is_read_or_refused::<Repository>(text);
    is_read_or_refused::<Reference>(text);
    if let Ok(reference) = text.parse::<Reference>() {
        assert_eq!(reference.familiar().parse(), Ok(reference));
    }
}

proptest! {
    #[test]
    fn digests_come_back(digest in digest()) {
        comes_back(&digest);
        prop_assert!(digest.hex().starts_with(digest.short()));
    }

    #[test]
    fn tags_come_back(tag in tag()) {
        comes_back(&tag);
    }

    #[test]
    fn digest_tags_come_back(tag in digest_tag()) {
        comes_back(&tag);
        prop_assert_eq!(DigestTag::parse(&tag.to_tag()), Some(tag));
    }

    #[test]
    fn hosts_come_back(host in host()) {
        comes_back(&host);
    }

    #[test]
    fn hosts_do_not_depend_on_case(text in host_text()) {
        let host: Host = text.parse().unwrap();
        prop_assert_eq!(&host, &text.to_ascii_uppercase().parse::<Host>().unwrap());
        prop_assert_eq!(host, text.to_ascii_lowercase().parse::<Host>().unwrap());
    }

    #[test]
    fn repositories_come_back(repository in repository()) {
        comes_back(&repository);
        prop_assert_eq!(repository.familiar().parse(), Ok(repository.clone()));
        prop_assert_eq!(Repository::new(repository.host().clone(), repository.path()), Ok(repository));
    }

    #[test]
    fn references_come_back(reference in reference()) {
        comes_back(&reference);
        prop_assert_eq!(reference.familiar().parse(), Ok(reference));
    }

    #[test]
    fn no_text_causes_a_panic(text in any::<String>()) {
        all_are_read_or_refused(&text);
    }

    /// Text made of what the grammars care about gets further than random text does.
    #[test]
    fn no_near_miss_causes_a_panic(
        text in r"([a-zA-F0-9._:@/\[\]-]|sha256[:-]|[0-9a-f]{64}|localhost|docker\.io|://|\n|é){0,12}"
    ) {
        all_are_read_or_refused(&text);
    }

    #[test]
    fn no_fact_causes_a_panic(name in any::<String>(), commit in any::<String>()) {
        let scheme = AllOf::new()
            .with(Branch)
            .with(GitTag)
            .with(Semver::cascade())
            .with(Latest::on_release())
            .with(Latest::on_default_branch());
        for facts in [BuildFacts::branch(&name).default_branch("main"), BuildFacts::tag(&name)] {
            let facts = facts.commit(&commit);
            for tag in scheme.tags(&facts).unwrap_or_default() {
                comes_back(&tag);
            }
            for commit in [Commit::short(), Commit::long()] {
                let _ = commit.tags(&facts);
            }
        }
    }
}
