//! One thing that a scanner found, in words that are the same for every scanner.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Purl, Severity};

/// One thing that a scanner found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// What class of thing it is.
    pub kind: Kind,
    /// The scanner's own name of it: `CVE-2024-5535`, `GHSA-…`, a rule.
    pub id: String,
    /// Other names of the same thing, without [`id`](Self::id).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Where it is.
    pub package: Package,
    /// How bad the scanner says it is, by the source that the scanner itself chose.
    pub severity: Severity,
    /// Whose severity that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity_source: Option<String>,
    /// What is known of a fix.
    pub status: Status,
    /// The versions that are said to fix it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixed_versions: Vec<String>,
    /// When it was made public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// When the fix was there to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix_date: Option<Timestamp>,
    /// Whether it is in a catalogue of what is exploited today.
    #[serde(default)]
    pub known_exploited: bool,
    /// Set where the scanner had been told to hide it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Suppressed>,
}

/// What class of thing a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// A vulnerability of a package.
    Vulnerability,
    /// A key or a password in a file.
    Secret,
    /// A setting that is not safe.
    Misconfiguration,
    /// A licence that is not wanted.
    License,
}

/// What is affected: a package, or a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Package {
    /// The package's name; for what is no package, the file's.
    pub name: String,
    /// The installed version; empty where the report has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The package URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<Purl>,
    /// Its place in the image, or the file that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// What is known of a fix, in Trivy's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// There is a version without it.
    Fixed,
    /// There is none.
    Affected,
    /// The vendor says that the package is not affected; a finding all the same until VEX says so.
    NotAffected,
    /// There will be none.
    WillNotFix,
    /// There will be one some day.
    FixDeferred,
    /// Nobody knows yet.
    UnderInvestigation,
    /// The distribution's release gets no fixes any more.
    EndOfLife,
    /// The report does not say.
    Unknown,
}

/// What a scanner had been told to hide, and by whom: recorded, and not believed unless the configuration says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Suppressed {
    /// The file or the rule.
    pub by: String,
    /// The reason that it gives.
    pub reason: String,
}

impl Finding {
    /// A finding that has only what every report has.
    #[must_use]
    pub fn new(id: impl Into<String>, package: Package, severity: Severity) -> Self {
        Self {
            kind: Kind::Vulnerability,
            id: id.into(),
            aliases: Vec::new(),
            package,
            severity,
            severity_source: None,
            status: Status::Unknown,
            fixed_versions: Vec::new(),
            published: None,
            fix_date: None,
            known_exploited: false,
            suppressed: None,
        }
    }

    /// The id and the aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.id.as_str()).chain(self.aliases.iter().map(String::as_str))
    }

    /// The CVEs that it stands for: an advisory of a vendor stands for several.
    pub(super) fn cves(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|name| name.starts_with("CVE-"))
    }

    /// Whether whoever says something of these names says it of this. Findings that a vendor has put into one advisory share
    /// its name, and what is said of the CVE of one is not said of the other; nor is it of all that an advisory stands for.
    pub(super) fn is_meant_by<'n>(&self, names: impl Iterator<Item = &'n str> + Clone) -> bool {
        let is_named = |own: &str| names.clone().any(|name| name.eq_ignore_ascii_case(own));
        let is_cve = |name: &str| name.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("CVE-"));
        match self.cves().next().is_some() && names.clone().any(is_cve) {
            true => is_named(&self.id) || self.cves().all(is_named),
            false => self.names().any(is_named),
        }
    }

    /// Whether the report says that there is no version without it. Where it says nothing, this is false.
    #[must_use]
    pub fn is_unfixed(&self) -> bool {
        use Status::{Affected, EndOfLife, FixDeferred, UnderInvestigation, WillNotFix};
        self.fixed_versions.is_empty()
            && matches!(self.status, Affected | WillNotFix | FixDeferred | UnderInvestigation | EndOfLife)
    }
}

impl Package {
    /// A package by its name and installed version.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into(), purl: None, path: None }
    }

    /// The same with its package URL.
    #[must_use]
    pub fn with_purl(mut self, purl: Purl) -> Self {
        self.purl = Some(purl);
        self
    }

    /// The same with its place in the image.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }
}
