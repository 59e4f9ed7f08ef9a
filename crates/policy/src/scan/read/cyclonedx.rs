//! CycloneDX with vulnerabilities. Trivy writes one rating a vendor for each, low, medium and critical side by side.

use std::collections::HashMap;

use lockage_tagging::Digest;

use super::super::{
    Finding, Format, Gap, Origin, Os, OsClaim, Package, Problem, Purl, ReadError, Report, Severity, Status, Suppressed,
    Tool, excerpt,
};
use super::node::Node;

pub(super) fn read(root: &Node<'_>) -> Result<Report, ReadError> {
    let version = root.need_text("specVersion")?;
    if !["1.4", "1.5", "1.6", "1.7"].contains(&version) {
        return Err(ReadError::new("$.specVersion", Problem::UnknownVersion(excerpt(version))));
    }
    let metadata = root.need("metadata")?;
    let tools = tools(&metadata)?;
    let Some((tool, others)) = tools.split_first() else {
        return Err(ReadError::new("$.metadata.tools", Problem::Missing));
    };
    let mut report = Report::new(Format::CycloneDx, tool.clone());
    report.scanned_at = metadata.time("timestamp")?;
    subject(&metadata, &mut report)?;
    if let Some(other) = others.iter().find(|other| other.name != tool.name) {
        report.origin = Origin::Sbom { made_by: Some(other.name.clone()) };
    }
    let components = components(root)?;
    report.os = OsClaim::NoneFound;
    let mut seen = 0_u64;
    for component in &components {
        match component.text("type")? {
            Some("operating-system") => {
                let version = component.text("version")?.unwrap_or_default().to_owned();
                report.os =
                    OsClaim::Known(Os { family: component.need_text("name")?.to_owned(), version, end_of_life: None });
            }
            Some("library") => seen += 1,
            _ => {}
        }
    }
    report.packages_seen = Some(seen);
    let packages = packages(&components)?;
    for vulnerability in root.need_list("vulnerabilities")? {
        findings(&vulnerability, &packages, &mut report.findings)?;
    }
    // The same empty list stands in an inventory that nothing was looked up for.
    if report.findings.is_empty() {
        report.gaps.push(Gap::Inventory);
    }
    Ok(report)
}

/// The tools, in the shape of 1.4 (a list) or of 1.5 (components).
fn tools(metadata: &Node<'_>) -> Result<Vec<Tool>, ReadError> {
    let tools = metadata.need("tools")?;
    let listed = match tools.items() {
        Ok(items) => items,
        Err(_) => tools.list("components")?,
    };
    listed.iter().map(|tool| Ok(Tool::new(tool.need_text("name")?).with_version(tool.text("version")?))).collect()
}

fn subject(metadata: &Node<'_>, report: &mut Report) -> Result<(), ReadError> {
    let Some(component) = metadata.get("component")? else { return Ok(()) };
    report.claims.name = component.text("name")?.map(str::to_owned);
    report.origin = match component.text("type")? {
        Some("container") => Origin::Image,
        other => Origin::Other(other.unwrap_or("nothing").to_owned()),
    };
    for property in component.list("properties")? {
        let digest = |text: &str| text.parse::<Digest>().map_err(|_| property.wrong("a property with a digest"));
        let Some(value) = property.text("value")? else { continue };
        match property.text("name")? {
            Some("aquasecurity:trivy:ImageID") => report.claims.config = Some(digest(value)?),
            Some("aquasecurity:trivy:RepoDigest") => {
                report.claims.repo_digests.push(digest(value.rsplit_once('@').map_or(value, |(_, digest)| digest))?);
            }
            _ => {}
        }
    }
    Ok(())
}

/// All components, nested ones too.
fn components<'a>(root: &Node<'a>) -> Result<Vec<Node<'a>>, ReadError> {
    let mut all = Vec::new();
    let mut open = root.list("components")?;
    while let Some(component) = open.pop() {
        open.extend(component.list("components")?);
        all.push(component);
    }
    Ok(all)
}

fn packages<'a>(components: &[Node<'a>]) -> Result<HashMap<&'a str, Package>, ReadError> {
    let mut packages = HashMap::new();
    for component in components {
        let Some(reference) = component.text("bom-ref")? else { continue };
        let mut package = Package::new(component.need_text("name")?, component.text("version")?.unwrap_or_default());
        package.purl = component.purl("purl")?;
        packages.insert(reference, package);
    }
    Ok(packages)
}

fn findings(found: &Node<'_>, packages: &HashMap<&str, Package>, findings: &mut Vec<Finding>) -> Result<(), ReadError> {
    let (severity, source) = severity(found)?;
    let analysis = match found.get("analysis")? {
        Some(analysis) => super::super::vex::read_analysis(&analysis)?,
        None => None,
    };
    let affects = found.need_list("affects")?;
    if affects.is_empty() {
        return Err(found.contradiction("a vulnerability affects nothing"));
    }
    let recommendation = found.text("recommendation")?.unwrap_or_default();
    for affected in affects {
        let reference = affected.need_text("ref")?;
        let package = match packages.get(reference) {
            Some(package) => package.clone(),
            // A reference into another document, or a package URL that stands for itself.
            None => {
                let mut package = Package::new(reference, "");
                package.purl = reference.parse::<Purl>().ok();
                package
            }
        };
        let mut finding = Finding::new(found.need_text("id")?, package, severity);
        finding.severity_source.clone_from(&source);
        for reference in found.list("references")? {
            let id = reference.need_text("id")?;
            if id != finding.id {
                finding.aliases.push(id.to_owned());
            }
        }
        finding.published = found.time("published")?;
        if let Some(fixed) = fix(recommendation, &finding.package.name) {
            finding.fixed_versions = vec![fixed.to_owned()];
            finding.status = Status::Fixed;
        }
        finding.suppressed = analysis.as_ref().and_then(|(state, why)| {
            let reason = if why.is_empty() { state.as_str().to_owned() } else { format!("{}: {why}", state.as_str()) };
            state.suppresses().then(|| Suppressed { by: "analysis".to_owned(), reason })
        });
        findings.push(finding);
    }
    Ok(())
}

/// `Upgrade libssl3 to version 3.0.15; Upgrade openssl to version 3.0.15`: all that the format can say of a fix.
fn fix<'t>(recommendation: &'t str, name: &str) -> Option<&'t str> {
    let upgrade =
        |part: &'t str| part.trim().strip_prefix("Upgrade ")?.strip_prefix(name)?.strip_prefix(" to version ");
    recommendation.split(';').find_map(upgrade).map(str::trim).filter(|version| !version.is_empty())
}

/// The severity by the source that reports the vulnerability, then by NVD, then the one that all sources agree on. Where
/// they differ, none is chosen: the highest and the lowest would both be wrong for someone.
fn severity(found: &Node<'_>) -> Result<(Severity, Option<String>), ReadError> {
    let own = found.dig(&["source", "name"])?.map(|name| name.as_text()).transpose()?;
    let mut ratings = Vec::new();
    for rating in found.list("ratings")? {
        let severity = match rating.get("severity")? {
            Some(word) if word.as_text()? == "info" => Severity::Negligible,
            Some(word) => word.as_severity()?,
            None => rating.score("score")?.map_or(Severity::Unknown, Severity::of_score),
        };
        let source = rating.dig(&["source", "name"])?.map(|name| name.as_text()).transpose()?;
        ratings.push((source, severity));
    }
    for wanted in [own, Some("nvd")].into_iter().flatten() {
        let of_source: Vec<_> = ratings.iter().filter(|(source, _)| *source == Some(wanted)).collect();
        // One source may rate by several methods, and means the worst.
        if let Some((_, severity)) = of_source.iter().max_by_key(|(_, severity)| *severity) {
            return Ok((*severity, Some(wanted.to_owned())));
        }
    }
    match ratings.split_first() {
        Some(((source, severity), rest)) if rest.iter().all(|(_, other)| other == severity) => {
            Ok((*severity, source.map(str::to_owned)))
        }
        _ => Ok((Severity::Unknown, None)),
    }
}
