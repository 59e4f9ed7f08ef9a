//! From the text of a tag to its class: from the most telling form to the least.

use super::{
    ClassTable, Mobility, TagClass, TagKind, TagVersion, channel_of,
    words::{is_commit, is_plainly_commit, is_timestamp},
};
use crate::{DigestTag, Tag};

/// The class of `tag` by `table`.
pub(super) fn class(tag: &Tag, table: &ClassTable) -> TagClass {
    if let Some(digest) = DigestTag::parse(tag) {
        return TagClass { digest: Some(digest), ..TagClass::new(Mobility::Attached, TagKind::Digest) };
    }
    let (component, rest) = match table.split_prefix(tag.as_str()) {
        Some((component, rest)) => (Some(component), rest),
        None => (None, tag.as_str()),
    };
    let (stem, variant) = split_variant(rest, table);
    let mut class = stem_class(stem, table);
    class.variant = variant;
    if component.is_some() {
        class.component = component;
    }
    class
}

/// Parts the variant from the end: what the table has as a whole, else every segment that is a word for a variant.
pub(super) fn split_variant<'a>(text: &'a str, table: &ClassTable) -> (&'a str, Option<String>) {
    if let Some((stem, variant)) = table.split_suffix(text) {
        return (stem, Some(variant));
    }
    let mut stem = text;
    while let Some((before, segment)) =
        stem.rsplit_once('-').filter(|(before, _)| !before.is_empty() && !before.ends_with('-'))
    {
        // The version of a base image can follow its name: `-alpine-3.19`.
        let number = segment.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !segment.is_empty();
        let named = || before.rsplit_once('-').is_some_and(|(_, word)| table.is_variant(word));
        let part = table.is_variant(segment) || (number && named());
        if !part {
            break;
        }
        stem = before;
    }
    let variant = text.get(stem.len() + 1..).filter(|_| stem.len() < text.len());
    (stem, variant.map(str::to_owned))
}

fn stem_class(stem: &str, table: &ClassTable) -> TagClass {
    pull_request(stem)
        .or_else(|| timestamp(stem, table))
        .or_else(|| commit(stem, table))
        .or_else(|| version(stem))
        .or_else(|| component_version(stem, table))
        .or_else(|| channel(stem, table))
        .or_else(|| named_commit(stem, table))
        .unwrap_or_else(|| TagClass::new(Mobility::Floating, TagKind::Name))
}

/// `pr-42`, which floats, and `pr-42-2b2e927` or `pr-42-20240309`, which do not.
fn pull_request(stem: &str) -> Option<TagClass> {
    let rest = ["pr-", "mr-", "pull-"].iter().find_map(|prefix| stem.strip_prefix(prefix))?;
    let (number, end) = match rest.split_once('-') {
        Some((number, end)) => (number, Some(end)),
        None => (rest, None),
    };
    let commit = end.map(|end| end.strip_prefix("sha-").unwrap_or(end)).filter(|end| is_commit(end));
    let mobility = match end {
        None => Mobility::Floating,
        Some(end) if commit.is_some() || is_timestamp(end) => Mobility::Immutable,
        Some(_) => return None,
    };
    let number = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok()).flatten()?;
    Some(TagClass {
        pull_request: Some(number),
        commit: commit.map(str::to_owned),
        ..TagClass::new(mobility, TagKind::PullRequest)
    })
}

/// `20240309`, and one after a name: `nightly-2024-03-09`, `main-2b2e927-1710002469`.
fn timestamp(stem: &str, table: &ClassTable) -> Option<TagClass> {
    let class = TagClass::new(Mobility::Immutable, TagKind::Timestamp);
    if is_timestamp(stem) {
        return Some(class);
    }
    let (at, _) = stem.match_indices('-').find(|(at, _)| stem.get(at + 1..).is_some_and(is_timestamp))?;
    let name = stem.get(..at)?;
    // A version with a date behind it is that version: the date is its prerelease or its revision.
    if TagVersion::read(name).is_some() {
        return None;
    }
    let commit = name.rsplit('-').next().filter(|end| is_plainly_commit(end)).map(str::to_owned);
    Some(TagClass { channel: known_channel(name, table), commit, ..class })
}

/// `sha-2b2e927`, bare digits, and `<anything>-sha-2b2e927`.
fn commit(stem: &str, table: &ClassTable) -> Option<TagClass> {
    let (name, digits) = match stem.rsplit_once("-sha-") {
        Some((name, digits)) => (Some(name), digits),
        None => (None, stem.strip_prefix("sha-").unwrap_or(stem)),
    };
    if !is_commit(digits) {
        return None;
    }
    let commit = Some(digits.to_owned());
    // A version that carries a commit is still that version, and the commit is no prerelease of it.
    if let Some(class) = name.and_then(version).filter(|class| class.mobility == Mobility::Immutable) {
        return Some(TagClass { commit, ..class });
    }
    Some(TagClass {
        commit,
        channel: name.and_then(|name| known_channel(name, table)),
        version: name.and_then(TagVersion::read),
        ..TagClass::new(Mobility::Immutable, TagKind::Commit)
    })
}

fn version(stem: &str) -> Option<TagClass> {
    let version = TagVersion::read(stem)?;
    let mobility = if version.is_whole() { Mobility::Immutable } else { Mobility::Floating };
    Some(TagClass {
        channel: version.prerelease.as_deref().and_then(channel_of).map(str::to_owned),
        precision: Some(version.precision()),
        version: Some(version),
        ..TagClass::new(mobility, TagKind::Version)
    })
}

/// `app-v1.2.3`: a version of two numbers at least, or one with a `v`, after the name of a component or channel.
fn component_version(stem: &str, table: &ClassTable) -> Option<TagClass> {
    stem.match_indices(['-', '_']).find_map(|(at, _)| {
        let (name, text) = (stem.get(..at).filter(|name| !name.is_empty())?, stem.get(at + 1..)?);
        let class = version(text)?;
        let numbers = class.version.as_ref().map_or(0, |version| version.numbers.len());
        if numbers < 2 && !text.starts_with('v') {
            return None;
        }
        Some(match known_channel(name, table) {
            Some(channel) => TagClass { channel: Some(channel), ..class },
            None => TagClass { component: Some(name.to_owned()), ..class },
        })
    })
}

fn channel(stem: &str, table: &ClassTable) -> Option<TagClass> {
    let channel = known_channel(stem, table)?;
    Some(TagClass { channel: Some(channel), ..TagClass::new(Mobility::Floating, TagKind::Channel) })
}

/// `main-2b2e927`: digits that are plainly a commit's, after a name.
fn named_commit(stem: &str, table: &ClassTable) -> Option<TagClass> {
    let (name, digits) = stem.rsplit_once('-')?;
    is_plainly_commit(digits).then(|| TagClass {
        commit: Some(digits.to_owned()),
        channel: known_channel(name, table),
        ..TagClass::new(Mobility::Immutable, TagKind::Commit)
    })
}

fn known_channel(word: &str, table: &ClassTable) -> Option<String> {
    table.is_channel(word).then(|| word.to_owned())
}
