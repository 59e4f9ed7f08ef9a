//! Grype's JSON: the one report that says when its database was built, which manifest it saw, and what it left out.

use lockage_tagging::Digest;

use super::super::{
    Claims, Finding, Format, Gap, Origin, Os, OsClaim, Package, ReadError, Report, Status, Suppressed, Tool,
};
use super::node::Node;

pub(super) fn read(root: &Node<'_>) -> Result<Report, ReadError> {
    let descriptor = root.need("descriptor")?;
    if descriptor.need_text("name")? != "grype" {
        return Err(descriptor.need("name")?.wrong("the name grype"));
    }
    let mut report = Report::new(Format::Grype, Tool::new("grype").with_version(descriptor.text("version")?));
    report.scanned_at = descriptor.time("timestamp")?;
    database(&descriptor, &mut report)?;
    source(root, &mut report)?;
    report.os = distribution(root)?;
    for matched in root.need_list("matches")? {
        report.findings.push(finding(&matched)?);
    }
    for ignored in root.list("ignoredMatches")? {
        let mut finding = finding(&ignored)?;
        finding.suppressed = Some(rule(&ignored)?);
        report.findings.push(finding);
    }
    alerts(root, &mut report)?;
    if report.os == OsClaim::NoneFound && report.findings.is_empty() {
        report.gaps.push(Gap::NoResults);
    }
    // With it the matches that have no fix, or have one, are recorded as ignored; where nothing is, they are gone.
    if !root.has("ignoredMatches")
        && let Some(configuration) = descriptor.get("configuration")?
    {
        for option in ["only-fixed", "only-notfixed"] {
            if configuration.flag(option)? == Some(true) {
                report.gaps.push(Gap::Filtered(option.to_owned()));
            }
        }
    }
    Ok(report)
}

fn database(descriptor: &Node<'_>, report: &mut Report) -> Result<(), ReadError> {
    let Some(database) = descriptor.get("db")? else { return Ok(()) };
    // Before 0.88 at its top, then in a status.
    let status = database.get("status")?.unwrap_or(database);
    report.db_built = status.time("built")?;
    if let Some(error) = status.text("error")? {
        report.gaps.push(Gap::Failed(format!("its database: {}", super::super::excerpt(error))));
    }
    if status.flag("valid")? == Some(false) {
        report.gaps.push(Gap::Failed("its database is not valid".to_owned()));
    }
    Ok(())
}

fn source(root: &Node<'_>, report: &mut Report) -> Result<(), ReadError> {
    let Some(source) = root.get("source")? else { return Ok(()) };
    report.origin = match source.need_text("type")? {
        "image" => Origin::Image,
        "sbom" | "sbom-file" => Origin::Sbom { made_by: None },
        other => {
            report.origin = Origin::Other(other.to_owned());
            return Ok(());
        }
    };
    let Some(target) = source.get("target")? else { return Ok(()) };
    let mut claims = Claims { name: target.text("userInput")?.map(str::to_owned), ..Claims::default() };
    claims.config = target.digest("imageID")?;
    claims.manifest = target.digest("manifestDigest")?;
    for item in target.list("repoDigests")? {
        let digest = item.as_text()?.rsplit_once('@').and_then(|(_, digest)| digest.parse::<Digest>().ok());
        claims.repo_digests.push(digest.ok_or_else(|| item.wrong("a name with a digest"))?);
    }
    let (os, architecture) = (target.text("os")?, target.text("architecture")?);
    claims.platform = os.zip(architecture).map(|(os, architecture)| format!("{os}/{architecture}"));
    report.claims = claims;
    Ok(())
}

fn distribution(root: &Node<'_>) -> Result<OsClaim, ReadError> {
    let Some(distro) = root.get("distro")? else { return Ok(OsClaim::NoneFound) };
    let Some(name) = distro.text("name")? else { return Ok(OsClaim::NoneFound) };
    let version = distro.text("version")?.unwrap_or_default().to_owned();
    // Newer versions list alerts, and one on the end of life among them where it is over.
    let end_of_life = root.has("alertsByPackage").then_some(false);
    Ok(OsClaim::Known(Os { family: name.to_owned(), version, end_of_life }))
}

fn alerts(root: &Node<'_>, report: &mut Report) -> Result<(), ReadError> {
    let mut warned = Vec::new();
    for package in root.list("alertsByPackage")? {
        for alert in package.need_list("alerts")? {
            let kind = alert.need_text("type")?;
            match &mut report.os {
                OsClaim::Known(os) if kind.contains("eol") => os.end_of_life = Some(true),
                _ if !warned.iter().any(|known| known == kind) => warned.push(kind.to_owned()),
                _ => {}
            }
        }
    }
    report.gaps.extend(warned.into_iter().map(Gap::Warned));
    Ok(())
}

fn finding(matched: &Node<'_>) -> Result<Finding, ReadError> {
    let artifact = matched.need("artifact")?;
    let mut package = Package::new(artifact.need_text("name")?, artifact.text("version")?.unwrap_or_default());
    package.purl = artifact.purl("purl")?;
    if let Some(location) = artifact.list("locations")?.first() {
        // Trivy and the files with exceptions have paths without a slash at their beginning.
        package.path = location.text("path")?.map(|path| path.trim_start_matches('/').to_owned());
    }
    let found = matched.need("vulnerability")?;
    let mut finding = Finding::new(found.need_text("id")?, package, found.severity("severity")?);
    finding.severity_source = found.text("namespace")?.map(str::to_owned);
    for related in matched.list("relatedVulnerabilities")? {
        let id = related.need_text("id")?;
        if id != finding.id && !finding.aliases.iter().any(|known| known == id) {
            finding.aliases.push(id.to_owned());
        }
    }
    if let Some(fix) = found.get("fix")? {
        finding.fixed_versions = fix.texts("versions")?.into_iter().map(str::to_owned).collect();
        finding.status = match fix.text("state")? {
            Some("fixed") => Status::Fixed,
            Some("not-fixed") => Status::Affected,
            Some("wont-fix") => Status::WillNotFix,
            Some("unknown") | None => Status::Unknown,
            Some(_) => return Err(fix.need("state")?.wrong("a state that Grype has")),
        };
        for available in fix.list("available")? {
            let date = available.time("date")?;
            finding.fix_date = finding.fix_date.into_iter().chain(date).min();
        }
    }
    finding.published = found.time("publishedDate")?;
    finding.known_exploited = !found.list("knownExploited")?.is_empty();
    Ok(finding)
}

fn rule(ignored: &Node<'_>) -> Result<Suppressed, ReadError> {
    let rules = ignored.list("appliedIgnoreRules")?;
    let Some(rule) = rules.first() else {
        return Ok(Suppressed { by: "grype".to_owned(), reason: String::new() });
    };
    let mut reason = Vec::new();
    for name in ["reason", "vex-status", "vex-justification", "fix-state", "match-type"] {
        reason.extend(rule.text(name)?);
    }
    let by = rule.text("namespace")?.map_or_else(|| "grype".to_owned(), |namespace| format!("grype {namespace}"));
    Ok(Suppressed { by, reason: reason.join(", ") })
}
