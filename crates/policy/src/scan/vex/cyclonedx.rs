//! The analyses in a CycloneDX document: what its author found out about each vulnerability.

use std::collections::HashMap;

use super::super::read::node::Node;
use super::super::{Format, Problem, Purl, ReadError};
use super::{Product, Vex, VexStatement, VexStatus};

pub(super) fn read(root: &Node<'_>) -> Result<Vex, ReadError> {
    let metadata = root.get("metadata")?;
    let (mut written, mut author) = (None, None);
    if let Some(metadata) = &metadata {
        written = metadata.time("timestamp")?;
        for place in ["supplier", "manufacturer", "manufacture"] {
            if author.is_none() {
                author = metadata.dig(&[place, "name"])?.map(|name| name.as_text()).transpose()?.map(str::to_owned);
            }
        }
        if author.is_none()
            && let Some(first) = metadata.list("authors")?.first()
        {
            author = first.text("name")?.map(str::to_owned);
        }
    }
    let mut purls = HashMap::new();
    for component in root.list("components")? {
        if let (Some(reference), Some(purl)) = (component.text("bom-ref")?, component.purl("purl")?) {
            purls.insert(reference, purl);
        }
    }
    let mut statements = Vec::new();
    for found in root.need_list("vulnerabilities")? {
        let Some(analysis) = found.get("analysis")? else { continue };
        let Some((status, justification)) = read_analysis(&analysis)? else { continue };
        let at = analysis.time("lastUpdated")?.or(written);
        let Some(at) = at else { return Err(ReadError::new("$.metadata.timestamp", Problem::Missing)) };
        let mut vulnerability = vec![found.need_text("id")?.to_owned()];
        for reference in found.list("references")? {
            vulnerability.push(reference.need_text("id")?.to_owned());
        }
        let mut products = Vec::new();
        for affected in found.need_list("affects")? {
            let reference = affected.need_text("ref")?;
            let purl = purls.get(reference).cloned().or_else(|| purl(reference));
            products.push(Product { purl, subcomponents: Vec::new() });
        }
        statements.push(VexStatement { vulnerability, products, status, justification, at });
    }
    Ok(Vex { format: Format::CycloneDx, author, statements })
}

/// A package URL, or a BOM link to one: `urn:cdx:SERIAL/VERSION#REF`, whose fragment is percent-encoded.
fn purl(reference: &str) -> Option<Purl> {
    let fragment = match reference.strip_prefix("urn:cdx:") {
        Some(link) => link.split_once('#')?.1,
        None => reference,
    };
    let decoded = fragment.replace("%3A", ":").replace("%2F", "/").replace("%40", "@");
    fragment.parse().or_else(|_| decoded.parse()).ok()
}

/// The state of an analysis, and why; nothing where it has none.
pub(in super::super) fn read_analysis(analysis: &Node<'_>) -> Result<Option<(VexStatus, String)>, ReadError> {
    let status = match analysis.text("state")? {
        None => return Ok(None),
        Some("resolved" | "resolved_with_pedigree") => VexStatus::Fixed,
        Some("not_affected" | "false_positive") => VexStatus::NotAffected,
        Some("exploitable") => VexStatus::Affected,
        Some("in_triage") => VexStatus::UnderInvestigation,
        Some(_) => return Err(analysis.need("state")?.wrong("a state of CycloneDX")),
    };
    let why = match analysis.text("justification")? {
        Some(why) => Some(why),
        None => analysis.text("detail")?,
    };
    Ok(Some((status, why.unwrap_or_default().to_owned())))
}
