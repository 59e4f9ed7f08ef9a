//! Grype's SARIF: the severity is a line of the rule's help. Its `security-severity` is a raw score: 8.2 on a low one.

use super::super::super::{Finding, Format, Package, ReadError, Report, Status, Tool};
use super::super::node::Node;
use super::{is_finding, line, only_run, severity_line, suppression};

pub(in super::super) fn read(root: &Node<'_>) -> Result<Report, ReadError> {
    let run = only_run(root)?;
    let mut report = Report::new(Format::GrypeSarif, Tool::new("grype").with_version(run.driver.text("version")?));
    report.gaps = run.gaps()?;
    for result in &run.results {
        if is_finding(result)? {
            let (id, rule) = run.need_rule(result)?;
            report.findings.push(finding(id, rule, result)?);
        }
    }
    Ok(report)
}

fn finding(id: &str, rule: &Node<'_>, result: &Node<'_>) -> Result<Finding, ReadError> {
    let help = rule.need("help")?;
    let text = help.need_text("text")?;
    let severity = severity_line(&help, text)?.ok_or_else(|| help.wrong("a text with a severity"))?;
    let name = line(text, "Package:").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| help.wrong("a text with a package"))?;
    let mut package = Package::new(name, line(text, "Version:").unwrap_or_default());
    if let Some(properties) = rule.get("properties")?
        && let [purl] = properties.list("purls")?.as_slice()
    {
        let read = purl.as_text()?.parse().map_err(|_| purl.wrong("a package URL"))?;
        package.purl = Some(read);
    }
    package.path = line(text, "Location:").map(|path| path.trim_start_matches('/').to_owned());
    // The rule is called after the package too: `CVE-2023-45853-zlib1g`.
    let id = line(text, "Vulnerability ").unwrap_or_else(|| id.strip_suffix(&format!("-{name}")).unwrap_or(id));
    let mut finding = Finding::new(id, package, severity);
    if let Some(fixed) = line(text, "Fix Version:") {
        let versions = fixed.split(',').map(str::trim).filter(|version| !version.is_empty());
        finding.fixed_versions = versions.map(str::to_owned).collect();
        // An empty line is written for "not fixed" and for "not known" alike.
        finding.status = if finding.fixed_versions.is_empty() { Status::Unknown } else { Status::Fixed };
    }
    finding.suppressed = suppression(result)?;
    Ok(finding)
}
