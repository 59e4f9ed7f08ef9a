//! What one report says, whichever scanner wrote it: the tool, the image, the findings, and what it could not see.

use jiff::Timestamp;
use lockage_tagging::Digest;
use serde::{Deserialize, Serialize};

use super::{Finding, Format};

/// One scanner's report on one image of one platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The document it was read from.
    pub format: Format,
    /// Who scanned.
    pub tool: Tool,
    /// When the vulnerability database was built. Only Grype writes it into its reports; for the others it is
    /// [supplied](Self::with_database).
    pub db_built: Option<Timestamp>,
    /// When the image was scanned.
    pub scanned_at: Option<Timestamp>,
    /// Which image the report says it is about.
    pub claims: Claims,
    /// What was scanned: an image, or a list of what is in one.
    pub origin: Origin,
    /// The operating system.
    pub os: OsClaim,
    /// How many packages were looked at, where the report lists them.
    pub packages_seen: Option<u64>,
    /// Why an absence of findings means nothing; empty for a complete report.
    pub gaps: Vec<Gap>,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// A scanner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tool {
    /// Its name in lower case: `trivy`, `grype`, `osv-scanner`, `docker scout`.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
}

/// Which image a report says it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// The name that the scanner was given.
    pub name: Option<String>,
    /// The digest of the configuration, which only the image of one platform has.
    pub config: Option<Digest>,
    /// The digest of the manifest of one platform.
    pub manifest: Option<Digest>,
    /// Digests that the registry or the daemon knows the image by. For an image of many platforms that is the index,
    /// whichever of them was scanned: no proof of anything.
    pub repo_digests: Vec<Digest>,
    /// Operating system and architecture: `linux/arm64`.
    pub platform: Option<String>,
    /// The digest of a manifest that was scanned, as told by whoever ran the scanner and not by the report.
    pub told: Option<Digest>,
}

/// What was scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Origin {
    /// An image.
    Image,
    /// A list of what is in an image, made by this tool, if that is known.
    Sbom {
        /// The tool's name in lower case.
        made_by: Option<String>,
    },
    /// Something else: `filesystem`, `repository`.
    Other(String),
    /// The format has no place for it.
    Unstated,
}

/// What the report says of the operating system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OsClaim {
    /// This one.
    Known(Os),
    /// The scanner recognised none.
    NoneFound,
    /// The format has no place for it.
    Unstated,
}

/// An operating system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Os {
    /// `debian`, `alpine`.
    pub family: String,
    /// `12.5`.
    pub version: String,
    /// Whether its end of life is over; nothing where the report does not say.
    pub end_of_life: Option<bool>,
}

/// Why an absence of findings in a report means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Gap {
    /// There is no result at all: the scanner found nothing that it can scan.
    NoResults,
    /// An operating system was found, and its packages were not looked at.
    NoOsPackages,
    /// The format writes the same for a clean image and for one that was never scanned.
    Inventory,
    /// The tool says that it failed.
    Failed(String),
    /// Findings were left out by an option, and with them what they would have decided.
    Filtered(String),
    /// The tool warns that the report is not whole.
    Warned(String),
}

/// The state of a scanner's vulnerability database, as the scanner tells it outside of its reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Database {
    /// Whose database it is.
    pub tool: Tool,
    /// When it was built.
    pub built: Timestamp,
    /// When it was put in place here.
    pub downloaded: Option<Timestamp>,
}

impl Tool {
    /// A tool by its name, which is made lower case.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_lowercase(), version: None }
    }

    /// The same of this version.
    #[must_use]
    pub fn with_version(mut self, version: Option<&str>) -> Self {
        self.version = version.map(str::to_owned);
        self
    }
}

impl Database {
    /// A database of the scanner `tool` that was built at `built`.
    #[must_use]
    pub fn new(tool: Tool, built: Timestamp) -> Self {
        Self { tool, built, downloaded: None }
    }
}

impl Report {
    /// A report of `tool` that found nothing, says nothing of the image, and was made at no known time.
    #[must_use]
    pub fn new(format: Format, tool: Tool) -> Self {
        Self {
            format,
            tool,
            db_built: None,
            scanned_at: None,
            claims: Claims::default(),
            origin: Origin::Unstated,
            os: OsClaim::Unstated,
            packages_seen: None,
            gaps: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// Whether nothing is known that would make an absence of findings meaningless.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Says which manifest was scanned, for formats that have no place for it (OSV, SARIF of Grype and Scout, a scan of
    /// an SBOM). Only for a caller that ran the scanner by this digest; what the report itself says still counts.
    #[must_use]
    pub fn told_subject(mut self, manifest: Digest) -> Self {
        self.claims.told = Some(manifest);
        self
    }

    /// Says when it was scanned, for formats that have no place for it. A time in the report stays.
    #[must_use]
    pub fn told_time(mut self, at: Timestamp) -> Self {
        self.scanned_at = self.scanned_at.or(Some(at));
        self
    }

    /// Says which tool made the SBOM that was scanned. Where an image was scanned it changes nothing.
    #[must_use]
    pub fn told_sbom_tool(mut self, tool: &str) -> Self {
        if let Origin::Sbom { made_by: made_by @ None } = &mut self.origin {
            *made_by = Some(tool.to_lowercase());
        }
        self
    }

    /// Says which database the scan was made with. It is believed where it is the same scanner's, of the same version
    /// where both are known, and was in place before the scan; a build time in the report stays.
    #[must_use]
    pub fn with_database(mut self, database: &Database) -> Self {
        let same = self.tool.name == database.tool.name
            && match (&self.tool.version, &database.tool.version) {
                (Some(own), Some(other)) => own == other,
                _ => true,
            };
        let in_place = database.downloaded.unwrap_or(database.built).max(database.built);
        let before = self.scanned_at.is_some_and(|at| in_place <= at);
        if self.db_built.is_none() && same && before {
            self.db_built = Some(database.built);
        }
        self
    }

    /// How the report is called in reasons: the tool, and what it was told to scan.
    pub(super) fn label(&self) -> String {
        match &self.claims.name {
            Some(name) => format!("{} on {}", self.tool.name, super::excerpt(name)),
            None => self.tool.name.clone(),
        }
    }
}
