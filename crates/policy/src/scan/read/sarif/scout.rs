//! Docker Scout's SARIF: the severity is a property of the rule, which may stand for several packages.

use super::super::super::{Finding, Format, Package, Purl, ReadError, Report, Severity, Status, Tool};
use super::super::node::Node;
use super::{is_finding, only_run, suppression};

pub(in super::super) fn read(root: &Node<'_>) -> Result<Report, ReadError> {
    let run = only_run(root)?;
    let mut report =
        Report::new(Format::ScoutSarif, Tool::new("docker scout").with_version(run.driver.text("version")?));
    report.gaps = run.gaps()?;
    for result in &run.results {
        if !is_finding(result)? {
            continue;
        }
        let (id, rule) = run.need_rule(result)?;
        for finding in findings(id, rule, result)? {
            if !report.findings.contains(&finding) {
                report.findings.push(finding);
            }
        }
    }
    Ok(report)
}

fn findings(id: &str, rule: &Node<'_>, result: &Node<'_>) -> Result<Vec<Finding>, ReadError> {
    let properties = rule.need("properties")?;
    let severity = severity(&properties)?;
    let version = properties.text("affected_version")?.unwrap_or_default();
    let fixed: Vec<_> = match properties.text("fixed_version")? {
        None => Vec::new(),
        Some("not fixed") => Vec::new(),
        Some(fixed) => fixed.split(',').map(|version| version.trim().to_owned()).collect(),
    };
    let status = match properties.text("fixed_version")? {
        None => Status::Unknown,
        Some("not fixed") => Status::Affected,
        Some(_) => Status::Fixed,
    };
    let suppressed = suppression(result)?;
    let packages = packages(&properties, version)?;
    let finding = |package| {
        let mut finding = Finding::new(id, package, severity);
        finding.fixed_versions.clone_from(&fixed);
        finding.status = status;
        finding.suppressed.clone_from(&suppressed);
        finding
    };
    Ok(packages.into_iter().map(finding).collect())
}

/// `cvssV3_severity`, and the first tag where that is missing; the worse one where both are there.
fn severity(properties: &Node<'_>) -> Result<Severity, ReadError> {
    let stated = properties.get("cvssV3_severity")?.map(|word| word.as_severity()).transpose()?;
    let tagged = match properties.list("tags")?.first() {
        Some(tag) => tag.as_text()?.parse().ok(),
        None => None,
    };
    stated.max(tagged).ok_or_else(|| properties.wrong("a severity in cvssV3_severity or the first tag"))
}

/// `purl` of 0.24, `purls` of newer versions.
fn packages(properties: &Node<'_>, version: &str) -> Result<Vec<Package>, ReadError> {
    let mut purls = properties.list("purls")?;
    purls.extend(properties.get("purl")?);
    let mut packages = Vec::new();
    for purl in purls {
        let read: Purl = purl.as_text()?.parse().map_err(|_| purl.wrong("a package URL"))?;
        let path = read.as_str().split(['@', '?']).next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        let version = read.version().map_or_else(|| version.to_owned(), str::to_owned);
        packages.push(Package::new(name, version).with_purl(read));
    }
    if packages.is_empty() {
        return Err(properties.wrong("a package URL in purl or purls"));
    }
    Ok(packages)
}
