//! Trivy's SARIF: the severity is a tag of the rule. Its `security-severity` is another number: 2.0 for what NVD gives 9.8.

use lockage_tagging::Digest;

use super::super::super::{Finding, Format, Kind, Origin, Package, ReadError, Report, Severity, Status, Tool};
use super::super::node::Node;
use super::{is_finding, line, only_run, severity_line, suppression};

pub(in super::super) fn read(root: &Node<'_>) -> Result<Report, ReadError> {
    let run = only_run(root)?;
    let mut report = Report::new(Format::TrivySarif, Tool::new("trivy").with_version(run.driver.text("version")?));
    report.gaps = run.gaps()?;
    report.origin = Origin::Other("what is no image".to_owned());
    if let Some(properties) = run.node.get("properties")? {
        report.claims.name = properties.text("imageName")?.map(str::to_owned);
        report.claims.config = properties.digest("imageID")?;
        if report.claims.config.is_some() {
            report.origin = Origin::Image;
        }
        for item in properties.list("repoDigests")? {
            let digest = item.as_text()?.rsplit_once('@').and_then(|(_, digest)| digest.parse::<Digest>().ok());
            report.claims.repo_digests.push(digest.ok_or_else(|| item.wrong("a name with a digest"))?);
        }
    }
    for result in &run.results {
        if !is_finding(result)? {
            continue;
        }
        let (id, rule) = run.need_rule(result)?;
        report.findings.push(finding(id, rule, result)?);
    }
    Ok(report)
}

fn finding(id: &str, rule: &Node<'_>, result: &Node<'_>) -> Result<Finding, ReadError> {
    let message = result.need("message")?;
    let text = message.need_text("text")?;
    let tags = rule.need("properties")?;
    let mut severity = None;
    for tag in tags.need_list("tags")? {
        severity = severity.max(word(tag.as_text()?));
    }
    // One rule stands for all packages of an id, and the message for this one: the worse of the two is meant.
    let severity = severity.max(severity_line(&message, text)?);
    let Some(severity) = severity else { return Err(tags.wrong("a severity among the tags")) };
    let target = match result.list("locations")?.first() {
        Some(location) => location.dig(&["physicalLocation", "artifactLocation", "uri"])?,
        None => None,
    };
    let target = target.map(|uri| uri.as_text()).transpose()?.unwrap_or_default();
    let package = line(text, "Package:").unwrap_or(target);
    let package = Package::new(package, line(text, "Installed Version:").unwrap_or_default()).with_path(target);
    let mut finding = Finding::new(id, package, severity);
    finding.kind = match rule.text("name")?.unwrap_or_default() {
        "Secret" => Kind::Secret,
        "Misconfiguration" => Kind::Misconfiguration,
        "License" => Kind::License,
        _ => Kind::Vulnerability,
    };
    if let Some(fixed) = line(text, "Fixed Version:") {
        let versions = fixed.split(',').map(str::trim).filter(|version| !version.is_empty());
        finding.fixed_versions = versions.map(str::to_owned).collect();
        finding.status = if finding.fixed_versions.is_empty() { Status::Affected } else { Status::Fixed };
    }
    finding.suppressed = suppression(result)?;
    Ok(finding)
}

/// The tags that are severities, and no others.
fn word(tag: &str) -> Option<Severity> {
    match tag {
        "UNKNOWN" => Some(Severity::Unknown),
        "LOW" => Some(Severity::Low),
        "MEDIUM" => Some(Severity::Medium),
        "HIGH" => Some(Severity::High),
        "CRITICAL" => Some(Severity::Critical),
        _ => None,
    }
}
