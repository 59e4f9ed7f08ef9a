//! Strict semantic versions, as the action's runtime reads them.

use super::js;

/// Above this the action's runtime cannot count exactly, and refuses the version.
const MAX_SAFE: u64 = (1 << 53) - 1;
/// The longest version, in UTF-16 units.
const MAX_LENGTH: usize = 256;

/// A version and the fields that a pattern can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Semver {
    /// The text as it was given.
    pub(crate) raw: String,
    /// `major.minor.patch[-prerelease]`, without build metadata.
    pub(crate) version: String,
    pub(crate) major: u64,
    pub(crate) minor: u64,
    pub(crate) patch: u64,
    /// The identifiers of the prerelease, none for a release.
    pub(crate) prerelease: Vec<String>,
    /// The identifiers of the build metadata.
    pub(crate) build: Vec<String>,
}

impl Semver {
    /// Reads `text`: blanks around it and one lower-case `v` before it are allowed, nothing else beyond the grammar of
    /// semver 2.0.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.encode_utf16().count() > MAX_LENGTH {
            return None;
        }
        let trimmed = js::trim(text);
        let parsed = ::semver::Version::parse(trimmed.strip_prefix('v').unwrap_or(trimmed)).ok()?;
        let ::semver::Version { major, minor, patch, pre, build } = parsed;
        if [major, minor, patch].into_iter().any(|number| number > MAX_SAFE) {
            return None;
        }
        let dash = if pre.is_empty() { "" } else { "-" };
        Some(Self {
            raw: text.to_owned(),
            version: format!("{major}.{minor}.{patch}{dash}{pre}"),
            major,
            minor,
            patch,
            prerelease: identifiers(&pre),
            build: identifiers(&build),
        })
    }
}

fn identifiers(dotted: &str) -> Vec<String> {
    if dotted.is_empty() { Vec::new() } else { dotted.split('.').map(str::to_owned).collect() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_split() {
        let version = Semver::parse(" v1.2.3-rc.4+b.5\n").unwrap();
        assert_eq!(version.raw, " v1.2.3-rc.4+b.5\n");
        assert_eq!(version.version, "1.2.3-rc.4");
        assert_eq!((version.major, version.minor, version.patch), (1, 2, 3));
        assert_eq!(version.prerelease, ["rc", "4"]);
        assert_eq!(version.build, ["b", "5"]);
        assert!(Semver::parse("1.2.3").unwrap().prerelease.is_empty());
    }

    #[test]
    fn what_is_no_strict_version_is_refused() {
        let long = format!("1.2.3-{}", "a".repeat(250));
        assert!(Semver::parse(&long).is_some());
        for text in [
            "",
            "v",
            "1",
            "1.2",
            "V1.2.3",
            "vv1.2.3",
            "=1.2.3",
            "v=1.2.3",
            "v 1.2.3",
            "01.2.3",
            "1.2.3beta",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3+",
            "1.2.3.4",
            "9007199254740992.0.0",
            &format!("{long}a"),
            &format!("{long} "),
        ] {
            assert_eq!(Semver::parse(text), None, "{text:?}");
        }
        assert!(Semver::parse("9007199254740991.0.0-9007199254740993").is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "v?[0-9.+a-z -]{0,16}") {
            if let Some(version) = Semver::parse(&text) {
                prop_assert!(Semver::parse(&version.version).is_some());
            }
        }
    }
}
