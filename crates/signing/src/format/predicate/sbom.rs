//! `Sbom`: what is in it: SPDX 2 in JSON or as tags and values, SPDX 3, CycloneDX.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::strict::Object;
use super::{FormatError, given, object};

/// What an SBOM is, and how much of it there is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sbom {
    /// The format.
    pub format: SbomFormat,
    /// Its version: `2.3`, `1.6`.
    pub version: String,
    /// How many packages, or components, those within others counted.
    pub packages: usize,
}

/// The format of an SBOM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SbomFormat {
    /// SPDX.
    Spdx,
    /// CycloneDX.
    CycloneDx,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spdx {
    spdx_version: Option<String>,
    packages: Option<Vec<IgnoredAny>>,
    #[serde(rename = "@graph")]
    graph: Option<Vec<Object<Element>>>,
}

/// An element of SPDX 3.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Element {
    #[serde(rename = "type")]
    kind: Option<String>,
    spec_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CycloneDx {
    bom_format: Option<String>,
    spec_version: Option<String>,
    components: Option<Vec<Object<Component>>>,
}

#[derive(Deserialize)]
struct Component {
    components: Option<Vec<Object<Component>>>,
}

/// SPDX. cosign's short name `spdx` makes a string of the document, `spdxjson` leaves it JSON; both have one type.
pub(super) fn spdx(raw: &RawValue) -> Result<Sbom, FormatError> {
    const WHAT: &str = "SPDX";
    let unreadable = |error: serde_json::Error| FormatError::new(WHAT, error.to_string());
    if raw.get().starts_with('"') {
        let text: String = serde_json::from_str(raw.get()).map_err(unreadable)?;
        if text.trim_start().starts_with('{') {
            let document = RawValue::from_string(text.trim().to_owned()).map_err(unreadable)?;
            return spdx_json(WHAT, &document);
        }
        return spdx_tags(WHAT, &text);
    }
    spdx_json(WHAT, raw)
}

fn spdx_json(what: &'static str, raw: &RawValue) -> Result<Sbom, FormatError> {
    let Spdx { spdx_version, packages, graph } = object(what, raw)?;
    let (version, packages) = match graph {
        None => (spdx_version, packages.unwrap_or_default().len()),
        Some(graph) => {
            let of = |kind: &'static str| move |element: &&Object<Element>| element.0.kind.as_deref() == Some(kind);
            let version = graph.iter().find(of("CreationInfo")).and_then(|element| element.0.spec_version.clone());
            (version, graph.iter().filter(of("software_Package")).count())
        }
    };
    let version = given(what, "version", version)?;
    let version = version.strip_prefix("SPDX-").unwrap_or(&version).to_owned();
    Ok(Sbom { format: SbomFormat::Spdx, version, packages })
}

fn spdx_tags(what: &'static str, text: &str) -> Result<Sbom, FormatError> {
    let tags = || text.lines().filter_map(|line| line.trim().split_once(':'));
    let version =
        tags().find(|(tag, _)| *tag == "SPDXVersion").and_then(|(_, value)| value.trim().strip_prefix("SPDX-"));
    let version = given(what, "version", version.map(str::to_owned))?;
    let packages = tags().filter(|(tag, _)| *tag == "PackageName").count();
    Ok(Sbom { format: SbomFormat::Spdx, version, packages })
}

pub(super) fn cyclonedx(raw: &RawValue) -> Result<Sbom, FormatError> {
    const WHAT: &str = "CycloneDX";
    let CycloneDx { bom_format, spec_version, components } = object(WHAT, raw)?;
    if bom_format.as_deref() != Some(WHAT) {
        return Err(FormatError::new(WHAT, format!("its bomFormat is {bom_format:?}")));
    }
    let version = given(WHAT, "specVersion", spec_version)?;
    Ok(Sbom { format: SbomFormat::CycloneDx, version, packages: count(components.as_deref()) })
}

fn count(components: Option<&[Object<Component>]>) -> usize {
    let components = components.unwrap_or_default();
    components.iter().map(|Object(component)| 1 + count(component.components.as_deref())).sum()
}
