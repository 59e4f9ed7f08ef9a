//! Versions as tags write them: semantic, PEP 440 and by calendar, whole or in part.

use std::fmt;

use semver::{BuildMetadata, Prerelease, Version};

use super::Precision;

/// The version that a tag carries: `1.2.3`, `1.2`, `2024.03.09`, `1.3.0-rc.1`, `1.2.3rc1`, `1.2.3_b7`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TagVersion {
    /// The numbers between the dots, one at least. Zeroes before them are dropped.
    pub numbers: Vec<u64>,
    /// What makes a prerelease of it: `rc.1`, and `rc1` of PEP 440's `1.2.3rc1`.
    pub prerelease: Option<String>,
    /// Build metadata, after the `_` that stands for semver's `+` in a tag.
    pub build: Option<String>,
}

impl TagVersion {
    /// How much of the version is fixed.
    pub fn precision(&self) -> Precision {
        match self.numbers.len() {
            0 | 1 => Precision::Major,
            2 => Precision::Minor,
            _ => Precision::Patch,
        }
    }

    /// The version as a semantic one, when it has exactly three numbers and what follows is semver's.
    pub fn to_semver(&self) -> Option<Version> {
        let &[major, minor, patch] = self.numbers.as_slice() else {
            return None;
        };
        let pre = Prerelease::new(self.prerelease.as_deref().unwrap_or_default()).ok()?;
        let build = BuildMetadata::new(self.build.as_deref().unwrap_or_default()).ok()?;
        Some(Version { major, minor, patch, pre, build })
    }

    /// Whether the text fixes one release: three numbers or more, or build metadata.
    pub(super) fn is_whole(&self) -> bool {
        self.precision() == Precision::Patch || self.build.is_some()
    }

    /// Reads the whole of `text`, with or without a leading `v`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (numbers, rest) = read_numbers(text.strip_prefix('v').unwrap_or(text))?;
        let (rest, build) = match rest.split_once(['_', '+']) {
            Some((rest, build)) => (rest, Some(build)),
            None => (rest, None),
        };
        let identifiers = |text: &str| text.split('.').all(|part| !part.is_empty() && part.bytes().all(is_identifier));
        if !build.is_none_or(identifiers) {
            return None;
        }
        let prerelease = match rest.strip_prefix('-') {
            Some(pre) if identifiers(pre) => Some(pre.to_owned()),
            Some(_) => return None,
            // A line of versions, as branches call it: `1.x`.
            None if matches!(rest, "" | ".x" | ".X") => None,
            None => Some(read_pep440(rest)?),
        };
        Some(Self { numbers, prerelease, build: build.map(str::to_owned) })
    }
}

impl fmt::Display for TagVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, number) in self.numbers.iter().enumerate() {
            write!(f, "{}{number}", if index == 0 { "" } else { "." })?;
        }
        if let Some(prerelease) = &self.prerelease {
            write!(f, "-{prerelease}")?;
        }
        match &self.build {
            Some(build) => write!(f, "+{build}"),
            None => Ok(()),
        }
    }
}

/// The numbers at the start of `text`, and what follows them.
fn read_numbers(text: &str) -> Option<(Vec<u64>, &str)> {
    let mut numbers = Vec::new();
    let mut rest = text;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        numbers.push(number.parse().ok()?);
        match after.strip_prefix('.') {
            Some(next) if next.starts_with(|first: char| first.is_ascii_digit()) => rest = next,
            _ => return Some((numbers, after)),
        }
    }
}

/// PEP 440's `rc1`, `.dev4`, `.post1`, `a1.dev2`, without a leading dot.
fn read_pep440(text: &str) -> Option<String> {
    const SEGMENTS: [&str; 9] = ["alpha", "beta", "preview", "pre", "post", "dev", "rc", "a", "b"];
    let mut rest = text;
    while !rest.is_empty() {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        let after = SEGMENTS.iter().find_map(|segment| rest.strip_prefix(segment))?;
        rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
    }
    Some(text.trim_start_matches('.').to_owned())
}

fn is_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}
