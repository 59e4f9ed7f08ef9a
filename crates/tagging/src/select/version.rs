//! Versions as the Go library reads and compares them, leniently or strictly.

use std::cmp::Ordering;

use semver::{BuildMetadata, Prerelease, Version};

/// Reads `text` as argocd-image-updater reads a tag: `1`, `v1.2`, `01.02.3-rc.1`.
///
/// One `v` in front is passed over, missing numbers are zero, numbers may have leading zeros. A number of a
/// pre-release may not.
pub(super) fn lenient(text: &str) -> Option<Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, non_empty(build).and_then(|build| BuildMetadata::new(build).ok())?),
        None => (text, BuildMetadata::EMPTY),
    };
    let (numbers, pre) = match text.split_once('-') {
        Some((numbers, pre)) => (numbers, non_empty(pre).and_then(|pre| Prerelease::new(pre).ok())?),
        None => (text, Prerelease::EMPTY),
    };
    let mut parts = numbers.split('.');
    let major = number(parts.next()?)?;
    let minor = parts.next().map_or(Some(0), number)?;
    let patch = parts.next().map_or(Some(0), number)?;
    parts.next().is_none().then_some(Version { major, minor, patch, pre, build })
}

/// Reads `text` as Flux reads a tag: a whole semantic version, with one `v` in front or without.
pub(super) fn strict(text: &str) -> Option<Version> {
    Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()
}

/// Compares by precedence; build metadata does not count.
///
/// A number in a pre-release that needs more than 64 bits is compared as text, which the specification does not say and
/// the Go library does.
pub(super) fn precedence(one: &Version, other: &Version) -> Ordering {
    let numbers = |version: &Version| (version.major, version.minor, version.patch);
    let order = numbers(one).cmp(&numbers(other));
    order.then_with(|| match (one.pre.is_empty(), other.pre.is_empty()) {
        (false, false) => prerelease(&one.pre, &other.pre),
        (one_is_release, other_is_release) => one_is_release.cmp(&other_is_release),
    })
}

fn prerelease(one: &str, other: &str) -> Ordering {
    let (mut ones, mut others) = (one.split('.'), other.split('.'));
    loop {
        let order = match (ones.next(), others.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(other)) => match (one.parse::<u64>(), other.parse::<u64>()) {
                (Ok(one), Ok(other)) => one.cmp(&other),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => one.cmp(other),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
