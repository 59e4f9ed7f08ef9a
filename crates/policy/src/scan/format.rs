//! The formats of reports, and how they are told apart: by what only they have, never by a file's name.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Problem, ReadError};

/// The format of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Format {
    /// `trivy image -f json`, `SchemaVersion` 2.
    Trivy,
    /// `trivy image -f cosign-vuln`: the same in the predicate of an attestation.
    TrivyCosignVuln,
    /// `trivy image -f sarif`.
    TrivySarif,
    /// `grype -o json`.
    Grype,
    /// `grype -o sarif`.
    GrypeSarif,
    /// `osv-scanner --format json`.
    Osv,
    /// `docker scout cves --format sarif`.
    ScoutSarif,
    /// CycloneDX JSON with vulnerabilities.
    #[serde(rename = "cyclonedx")]
    CycloneDx,
    /// OpenVEX.
    #[serde(rename = "openvex")]
    OpenVex,
    /// CSAF 2.0 and 2.1, with its profile for VEX.
    Csaf,
    /// in-toto's predicate `vulns`, as an attestation holds it.
    InTotoVulns,
    /// `hadolint -f json`.
    Hadolint,
    /// `container-structure-test --output json`.
    StructureTest,
    /// SARIF of any other tool: Brakeman, CodeQL, a linter.
    Sarif,
    /// The status that a program ended with.
    ExitStatus,
}

/// Formats and their names, in configurations and on command lines.
const NAMES: [(Format, &str); 15] = [
    (Format::Trivy, "trivy"),
    (Format::TrivyCosignVuln, "trivy-cosign-vuln"),
    (Format::TrivySarif, "trivy-sarif"),
    (Format::Grype, "grype"),
    (Format::GrypeSarif, "grype-sarif"),
    (Format::Osv, "osv"),
    (Format::ScoutSarif, "scout-sarif"),
    (Format::CycloneDx, "cyclonedx"),
    (Format::OpenVex, "openvex"),
    (Format::Csaf, "csaf"),
    (Format::InTotoVulns, "in-toto-vulns"),
    (Format::Hadolint, "hadolint"),
    (Format::StructureTest, "structure-test"),
    (Format::Sarif, "sarif"),
    (Format::ExitStatus, "exit-status"),
];

impl Format {
    const MIB: usize = 1 << 20;

    /// The most bytes that are read of a document of this format.
    #[must_use]
    pub fn limit(self) -> usize {
        match self {
            Self::Hadolint | Self::StructureTest => 16 * Self::MIB,
            Self::OpenVex => 32 * Self::MIB,
            Self::ExitStatus => 64,
            _ => Self::LARGEST,
        }
    }

    /// The most bytes that are read of a document of which nothing is known yet.
    pub const LARGEST: usize = 128 * Self::MIB;

    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(format, _)| *format == self).map_or("", |(_, name)| name)
    }

    /// Tells the format from the content. An empty list is told by nothing: hadolint writes it for a clean file, and
    /// any program could.
    ///
    /// # Errors
    /// Where it is of no known format, or of one in a version that is not known.
    pub(super) fn of(document: &Value) -> Result<Self, ReadError> {
        let has = |name: &str| document.get(name).is_some_and(|value| !value.is_null());
        let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
        let unknown = || ReadError::new("", Problem::UnknownFormat);
        if let Some(items) = document.as_array() {
            let linted = |item: &Value| ["code", "level", "line"].iter().all(|name| item.get(name).is_some());
            return if !items.is_empty() && items.iter().all(linted) { Ok(Self::Hadolint) } else { Err(unknown()) };
        }
        let found = [
            (has("SchemaVersion"), Self::Trivy),
            (has("scanner") && has("metadata") && has("invocation"), Self::TrivyCosignVuln),
            (has("matches") && has("descriptor"), Self::Grype),
            (text("bomFormat") == "CycloneDX", Self::CycloneDx),
            (text("@context").starts_with("https://openvex.dev/ns"), Self::OpenVex),
            (document.pointer("/document/csaf_version").is_some(), Self::Csaf),
            (has("runs"), Self::of_sarif(document)),
            (has("results"), Self::Osv),
            (has("Pass") && has("Fail") && has("Total"), Self::StructureTest),
        ];
        let mut found = found.into_iter().filter(|(holds, _)| *holds);
        match (found.next(), found.next()) {
            (Some((_, format)), None) => Ok(format),
            _ => Err(unknown()),
        }
    }

    fn of_sarif(document: &Value) -> Self {
        match document.pointer("/runs/0/tool/driver/name").and_then(Value::as_str).map(str::to_lowercase).as_deref() {
            Some("trivy") => Self::TrivySarif,
            Some("grype") => Self::GrypeSarif,
            Some("docker scout") => Self::ScoutSarif,
            _ => Self::Sarif,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormatName;

    fn from_str(text: &str) -> Result<Self, UnknownFormatName> {
        NAMES.iter().find(|(_, name)| *name == text).map(|(format, _)| *format).ok_or(UnknownFormatName)
    }
}

/// A word that names no [`Format`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it names no format; trivy, grype, osv, sarif, cyclonedx, openvex and hadolint are some that do")]
pub struct UnknownFormatName;
