//! Trivy's JSON, `SchemaVersion` 2, as 0.30 wrote it and as 0.69 does; and the same inside of a `cosign-vuln` predicate.

use lockage_tagging::Digest;

use super::super::{
    Claims, Finding, Format, Gap, Kind, Origin, Os, OsClaim, Package, Problem, ReadError, Report, Status, Suppressed,
    Tool,
};
use super::node::Node;

/// `-f cosign-vuln`: its `scanner.db` is left empty by Trivy and is read where somebody filled it in.
pub(super) fn read_cosign_vuln(root: &Node<'_>) -> Result<Report, ReadError> {
    let scanner = root.need("scanner")?;
    if scanner.text("uri")?.is_some_and(|uri| !uri.contains("/trivy")) {
        return Err(scanner.wrong("a result of Trivy"));
    }
    let mut report = read(&scanner.need("result")?)?;
    report.format = Format::TrivyCosignVuln;
    report.tool.version = report.tool.version.or(scanner.text("version")?.map(str::to_owned));
    if let Some(database) = scanner.get("db")? {
        report.db_built = database.time("lastUpdate")?;
    }
    Ok(report)
}

pub(super) fn read(root: &Node<'_>) -> Result<Report, ReadError> {
    match root.count("SchemaVersion")? {
        Some(2) => {}
        version => {
            let version = version.map_or_else(String::new, |version| version.to_string());
            return Err(ReadError::new("$.SchemaVersion", Problem::UnknownVersion(version)));
        }
    }
    let version = root.dig(&["Trivy", "Version"])?.map(|version| version.as_text()).transpose()?;
    let mut report = Report::new(Format::Trivy, Tool::new("trivy").with_version(version));
    report.scanned_at = root.time("CreatedAt")?;
    report.origin = match root.need_text("ArtifactType")? {
        "container_image" => Origin::Image,
        "cyclonedx" | "spdx" => Origin::Sbom { made_by: None },
        other => Origin::Other(other.to_owned()),
    };
    report.claims.name = root.text("ArtifactName")?.map(str::to_owned);
    report.os = OsClaim::NoneFound;
    if let Some(metadata) = root.get("Metadata")? {
        claims(&metadata, &mut report.claims)?;
        report.os = operating_system(&metadata)?;
    }
    results(root, &mut report)?;
    Ok(report)
}

fn claims(metadata: &Node<'_>, claims: &mut Claims) -> Result<(), ReadError> {
    claims.config = metadata.digest("ImageID")?;
    for item in metadata.list("RepoDigests")? {
        let name = item.as_text()?;
        let digest = name.rsplit_once('@').and_then(|(_, digest)| digest.parse::<Digest>().ok());
        claims.repo_digests.push(digest.ok_or_else(|| item.wrong("a name with a digest"))?);
    }
    if let Some(config) = metadata.get("ImageConfig")? {
        let (os, architecture) = (config.text("os")?, config.text("architecture")?);
        claims.platform = os.zip(architecture).map(|(os, architecture)| format!("{os}/{architecture}"));
    }
    Ok(())
}

fn operating_system(metadata: &Node<'_>) -> Result<OsClaim, ReadError> {
    let Some(os) = metadata.get("OS")? else { return Ok(OsClaim::NoneFound) };
    let Some(family) = os.text("Family")?.filter(|family| *family != "none") else { return Ok(OsClaim::NoneFound) };
    let version = os.text("Name")?.unwrap_or_default().to_owned();
    // Written only where it is true.
    let end_of_life = Some(os.flag("EOSL")?.unwrap_or(false));
    Ok(OsClaim::Known(Os { family: family.to_owned(), version, end_of_life }))
}

fn results(root: &Node<'_>, report: &mut Report) -> Result<(), ReadError> {
    let (mut os_packages, mut packages) = (false, false);
    for result in root.list("Results")? {
        let target = result.text("Target")?.unwrap_or_default();
        match result.need_text("Class")? {
            "os-pkgs" => (os_packages, packages) = (true, true),
            "lang-pkgs" => packages = true,
            // Licences, secrets and settings say nothing of vulnerabilities having been looked for.
            _ => {}
        }
        if result.get("Packages")?.is_some() {
            let seen = u64::try_from(result.list("Packages")?.len()).unwrap_or(u64::MAX);
            report.packages_seen = Some(report.packages_seen.unwrap_or(0).saturating_add(seen));
        }
        for found in result.list("Vulnerabilities")? {
            report.findings.push(vulnerability(&found, target)?);
        }
        for found in result.list("Secrets")? {
            report.findings.push(other(&found, Kind::Secret, "RuleID", target)?);
        }
        for found in result.list("Misconfigurations")? {
            report.findings.extend(misconfiguration(&found, target)?);
        }
        for found in result.list("Licenses")? {
            let at = found.text("PkgName")?.or(found.text("FilePath")?).unwrap_or(target);
            report.findings.push(other(&found, Kind::License, "Name", at)?);
        }
        for modified in result.list("ExperimentalModifiedFindings")? {
            report.findings.extend(suppressed(&modified, target)?);
        }
    }
    if !packages {
        report.gaps.push(Gap::NoResults);
    } else if !os_packages && matches!(report.os, OsClaim::Known(_)) {
        report.gaps.push(Gap::NoOsPackages);
    }
    Ok(())
}

fn vulnerability(found: &Node<'_>, target: &str) -> Result<Finding, ReadError> {
    let mut package = Package::new(found.need_text("PkgName")?, found.text("InstalledVersion")?.unwrap_or_default());
    if let Some(identifier) = found.get("PkgIdentifier")? {
        package.purl = identifier.purl("PURL")?;
    }
    package.path = Some(found.text("PkgPath")?.unwrap_or(target).to_owned());
    let mut finding = Finding::new(found.need_text("VulnerabilityID")?, package, found.severity("Severity")?);
    finding.aliases = found.texts("VendorIDs")?.into_iter().map(str::to_owned).collect();
    finding.severity_source = found.text("SeveritySource")?.map(str::to_owned);
    let fixed = found.text("FixedVersion")?.unwrap_or_default();
    let versions = fixed.split(',').map(str::trim).filter(|version| !version.is_empty());
    finding.fixed_versions = versions.map(str::to_owned).collect();
    finding.status = match found.text("Status")? {
        Some(status) => read_status(status).ok_or_else(|| match found.need("Status") {
            Ok(status) => status.wrong("a status that Trivy has"),
            Err(error) => error,
        })?,
        // Before there were statuses, a finding without a fixed version had no fix.
        None if finding.fixed_versions.is_empty() => Status::Affected,
        None => Status::Fixed,
    };
    finding.published = found.time("PublishedDate")?;
    Ok(finding)
}

pub(super) fn read_status(text: &str) -> Option<Status> {
    Some(match text {
        "unknown" => Status::Unknown,
        "not_affected" => Status::NotAffected,
        "affected" => Status::Affected,
        "fixed" => Status::Fixed,
        "under_investigation" => Status::UnderInvestigation,
        "will_not_fix" => Status::WillNotFix,
        "fix_deferred" => Status::FixDeferred,
        "end_of_life" => Status::EndOfLife,
        _ => return None,
    })
}

fn other(found: &Node<'_>, kind: Kind, id: &str, target: &str) -> Result<Finding, ReadError> {
    let package = Package::new(target, "").with_path(target);
    let mut finding = Finding::new(found.need_text(id)?, package, found.severity("Severity")?);
    finding.kind = kind;
    Ok(finding)
}

fn misconfiguration(found: &Node<'_>, target: &str) -> Result<Option<Finding>, ReadError> {
    let mut finding = other(found, Kind::Misconfiguration, "ID", target)?;
    finding.aliases = found.text("AVDID")?.into_iter().map(str::to_owned).collect();
    match found.need_text("Status")? {
        "PASS" => return Ok(None),
        "FAIL" => {}
        "EXCEPTION" => {
            finding.suppressed = Some(Suppressed { by: "trivy".to_owned(), reason: "exception".to_owned() });
        }
        _ => return Err(found.need("Status")?.wrong("PASS, FAIL or EXCEPTION")),
    }
    Ok(Some(finding))
}

/// What `--show-suppressed` tells of a file with exceptions or of VEX.
fn suppressed(modified: &Node<'_>, target: &str) -> Result<Option<Finding>, ReadError> {
    let found = modified.need("Finding")?;
    let mut finding = match modified.need_text("Type")? {
        "vulnerability" => vulnerability(&found, target)?,
        "secret" => other(&found, Kind::Secret, "RuleID", target)?,
        "license" => other(&found, Kind::License, "Name", target)?,
        "misconfiguration" => match misconfiguration(&found, target)? {
            Some(finding) => finding,
            None => return Ok(None),
        },
        _ => return Err(modified.need("Type")?.wrong("a class of findings that Trivy has")),
    };
    let (status, statement) = (modified.need_text("Status")?, modified.text("Statement")?);
    finding.suppressed = Some(Suppressed {
        by: modified.text("Source")?.unwrap_or("trivy").to_owned(),
        reason: statement.map_or_else(|| status.to_owned(), |statement| format!("{status}: {statement}")),
    });
    Ok(Some(finding))
}
