//! Package URLs: read, and compared the way exceptions and VEX statements mean it.

use std::collections::BTreeMap;
use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, de::Error as _};

/// A package URL, `pkg:type/namespace/name@version?qualifiers#subpath`, as the purl specification has it.
///
/// ```
/// use lockage_policy::scan::Purl;
///
/// let installed: Purl = "pkg:deb/debian/libc6@2.36-9%2Bdeb12u3?arch=amd64&distro=debian-12.5".parse()?;
/// assert!(installed.is_meant_by(&"pkg:deb/debian/libc6".parse()?));
/// assert!(installed.is_meant_by(&"pkg:deb/debian/libc6@2.36-9+deb12u3".parse()?));
/// assert!(!installed.is_meant_by(&"pkg:deb/debian/libc6@2.36-9+deb12u4".parse()?));
/// # Ok::<(), lockage_policy::scan::PurlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purl {
    text: String,
    kind: String,
    /// The namespace and the name, with a slash between them.
    name: String,
    version: Option<String>,
    qualifiers: BTreeMap<String, String>,
}

/// A text that is no [`Purl`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no package URL such as pkg:npm/lodash@4.17.4")]
pub struct PurlError;

impl Purl {
    /// The package URL as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The type: `deb`, `npm`, `oci`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The version, decoded.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Whether an exception for `other` covers this package: same type, namespace and name; same version if `other`
    /// has one. Qualifiers do not count. An epoch counts as a part of the version however it is written.
    #[must_use]
    pub fn is_meant_by(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.name == other.name
            && other.version.as_ref().is_none_or(|version| {
                self.version
                    .as_ref()
                    .is_some_and(|own| own == version || self.with_epoch(own) == other.with_epoch(version))
            })
    }

    /// Whether a VEX statement on `other` is about this package: as [`is_meant_by`](Self::is_meant_by), and what
    /// qualifiers `other` has, this has too. So a statement on one architecture is none on another.
    #[must_use]
    pub fn is_product(&self, other: &Self) -> bool {
        self.is_meant_by(other)
            && other.qualifiers.iter().all(|(key, value)| key == "epoch" || self.qualifiers.get(key) == Some(value))
    }

    fn with_epoch(&self, version: &str) -> String {
        match self.qualifiers.get("epoch") {
            Some(epoch) if !version.contains(':') => format!("{epoch}:{version}"),
            _ => version.to_owned(),
        }
    }
}

impl FromStr for Purl {
    type Err = PurlError;

    fn from_str(text: &str) -> Result<Self, PurlError> {
        read(text).ok_or(PurlError)
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Purl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Purl {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

fn read(text: &str) -> Option<Purl> {
    let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
    let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    // An @ that belongs to a namespace, as npm's scopes have it, is followed by a slash.
    let (path, version) = match rest.rsplit_once('@') {
        Some((path, version)) if !version.contains('/') && path.contains('/') => (path, Some(decoded(version)?)),
        _ => (rest, None),
    };
    let (kind, name) = path.split_once('/')?;
    let kind = kind.to_ascii_lowercase();
    let mut name = decoded(name.trim_matches('/'))?;
    if kind.is_empty() || name.is_empty() || version.as_ref().is_some_and(String::is_empty) {
        return None;
    }
    // The types that the specification says are not case sensitive.
    if matches!(kind.as_str(), "pypi" | "github" | "bitbucket" | "deb" | "oci" | "apk" | "composer") {
        name = name.to_lowercase();
    }
    if kind == "pypi" {
        name = name.replace('_', "-");
    }
    let mut qualifiers = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=')?;
        qualifiers.insert(key.to_ascii_lowercase(), decoded(value)?);
    }
    Some(Purl { text: text.to_owned(), kind, name, version, qualifiers })
}

/// Percent-decoded (RFC 3986, 2.1); nothing where that is no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purl(text: &str) -> Purl {
        text.parse().unwrap()
    }

    #[test]
    fn a_purl_without_a_version_means_every_version_and_nothing_else() {
        for (installed, other, meant) in [
            ("pkg:npm/lodash@4.17.4", "pkg:npm/lodash", true),
            ("pkg:npm/lodash@4.17.4", "pkg:npm/lodash@4.17.4", true),
            ("pkg:npm/lodash@4.17.4", "pkg:npm/lodash@4.17.5", false),
            ("pkg:npm/lodash@4.17.4", "pkg:npm/lodash-es", false),
            ("pkg:npm/lodash", "pkg:npm/lodash@4.17.4", false),
            ("pkg:npm/%40angular/core@1.0.0", "pkg:npm/@angular/core", true),
            ("pkg:npm/%40angular/core@1.0.0", "pkg:npm/core", false),
            ("pkg:pypi/pyyaml@5.3.1", "pkg:pypi/PyYAML", true),
            ("pkg:pypi/a_b@1", "pkg:pypi/a-b", true),
            ("pkg:deb/debian/zlib1g@1.2.13?epoch=1", "pkg:deb/debian/zlib1g@1:1.2.13", true),
            ("pkg:deb/debian/zlib1g@1.2.13?epoch=1", "pkg:deb/debian/zlib1g@2:1.2.13", false),
            ("pkg:deb/debian/libc6@1", "pkg:deb/ubuntu/libc6@1", false),
        ] {
            assert_eq!(purl(installed).is_meant_by(&purl(other)), meant, "{installed} {other}");
        }
    }

    #[test]
    fn a_product_on_one_architecture_is_none_on_another() {
        let installed = purl("pkg:deb/debian/libc6@1?arch=amd64&distro=debian-12.5");
        assert!(installed.is_product(&purl("pkg:deb/debian/libc6@1")));
        assert!(installed.is_product(&purl("pkg:deb/debian/libc6@1?arch=amd64")));
        assert!(!installed.is_product(&purl("pkg:deb/debian/libc6@1?arch=arm64")));
    }

    #[test]
    fn what_is_no_purl_is_an_error() {
        for text in
            ["", "lodash", "pkg:npm", "pkg:npm/", "pkg:/lodash", "pkg:npm/lodash@", "pkg:npm/a%zz", "pkg:npm/a?b"]
        {
            assert!(text.parse::<Purl>().is_err(), "{text}");
        }
    }
}
