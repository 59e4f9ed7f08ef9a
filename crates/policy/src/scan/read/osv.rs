//! OSV-Scanner's JSON: one finding a group of aliases, its severity from a score, because there is no word for it.

use std::collections::BTreeSet;

use super::super::{
    Finding, Format, Gap, Origin, Os, OsClaim, Package, ReadError, Report, Severity, Status, Suppressed, Tool,
};
use super::node::Node;

pub(super) fn read(root: &Node<'_>) -> Result<Report, ReadError> {
    let mut report = Report::new(Format::Osv, Tool::new("osv-scanner"));
    let mut sources = BTreeSet::new();
    let mut packages = 0_u64;
    for result in root.need_list("results")? {
        let source = result.need("source")?;
        sources.insert(source.text("type")?.unwrap_or("unknown").to_owned());
        let path = source.text("path")?;
        for found in result.need_list("packages")? {
            packages += 1;
            package(&found, path, &mut report)?;
        }
    }
    let image = root.get("image_metadata")?;
    report.origin = match &image {
        Some(_) => Origin::Image,
        None if sources.contains("sbom") => Origin::Sbom { made_by: None },
        None if sources.is_empty() => Origin::Unstated,
        None => Origin::Other(sources.into_iter().collect::<Vec<_>>().join(", ")),
    };
    if let Some(image) = image {
        report.os = image.text("os")?.map_or(OsClaim::NoneFound, operating_system);
    }
    // Without --all-packages a clean image and one without any package look the same.
    match packages {
        0 => report.gaps.push(Gap::NoResults),
        seen => report.packages_seen = Some(seen),
    }
    Ok(report)
}

/// `Debian GNU/Linux 12 (bookworm)`, `Alpine Linux v3.19`.
fn operating_system(text: &str) -> OsClaim {
    let family = text.split_whitespace().next().unwrap_or_default().to_lowercase();
    let mut words = text.split_whitespace().map(|word| word.strip_prefix('v').unwrap_or(word));
    let version = words.find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    OsClaim::Known(Os { family, version: version.unwrap_or_default().to_owned(), end_of_life: None })
}

fn package(found: &Node<'_>, path: Option<&str>, report: &mut Report) -> Result<(), ReadError> {
    let described = found.need("package")?;
    let (name, ecosystem) = (described.need_text("name")?, described.text("ecosystem")?.unwrap_or_default());
    let mut package = Package::new(name, described.text("version")?.unwrap_or_default());
    package.path = path.map(|path| path.trim_start_matches('/').to_owned());
    let vulnerabilities = found.list("vulnerabilities")?;
    let mut grouped = BTreeSet::new();
    for group in found.list("groups")? {
        let ids = group.texts("ids")?;
        let members: Vec<_> = {
            let mut members = Vec::new();
            for vulnerability in &vulnerabilities {
                if ids.contains(&vulnerability.need_text("id")?) {
                    members.push(vulnerability);
                }
            }
            members
        };
        grouped.extend(ids.iter().copied());
        let Some((id, others)) = ids.split_first() else { return Err(group.contradiction("a group names no finding")) };
        let score = group.score("max_severity")?;
        let severity = score.map_or(Severity::Unknown, Severity::of_score);
        let mut finding = Finding::new(*id, package.clone(), severity);
        finding.severity_source = score.map(|score| format!("CVSS {score}"));
        let aliases = others.iter().copied().chain(group.texts("aliases")?).filter(|alias| alias != id);
        finding.aliases = aliases.map(str::to_owned).collect();
        for member in members {
            describe(member, name, ecosystem, &mut finding)?;
        }
        finding.suppressed = analysed(&group, &ids)?;
        report.findings.push(tidy(finding));
    }
    for vulnerability in &vulnerabilities {
        let id = vulnerability.need_text("id")?;
        if !grouped.contains(id) {
            let mut finding = Finding::new(id, package.clone(), Severity::Unknown);
            describe(vulnerability, name, ecosystem, &mut finding)?;
            report.findings.push(tidy(finding));
        }
    }
    Ok(())
}

/// Adds what one vulnerability of a group says of its names, its date and its fix.
fn describe(found: &Node<'_>, name: &str, ecosystem: &str, finding: &mut Finding) -> Result<(), ReadError> {
    finding.aliases.extend(found.texts("aliases")?.into_iter().map(str::to_owned));
    finding.published = finding.published.into_iter().chain(found.time("published")?).min();
    // Debian:12 and Debian are the same packages.
    let base = |ecosystem: &str| ecosystem.split(':').next().unwrap_or_default().to_lowercase();
    for affected in found.list("affected")? {
        let Some(package) = affected.get("package")? else { continue };
        if package.text("name")? != Some(name)
            || base(package.text("ecosystem")?.unwrap_or_default()) != base(ecosystem)
        {
            continue;
        }
        for range in affected.list("ranges")? {
            for event in range.list("events")? {
                finding.fixed_versions.extend(event.text("fixed")?.map(str::to_owned));
            }
        }
        if finding.status == Status::Unknown {
            finding.status = Status::Affected;
        }
    }
    if !finding.fixed_versions.is_empty() {
        finding.status = Status::Fixed;
    }
    Ok(())
}

fn tidy(mut finding: Finding) -> Finding {
    let mut seen = BTreeSet::from([finding.id.clone()]);
    finding.aliases.retain(|alias| seen.insert(alias.clone()));
    let mut seen = BTreeSet::new();
    finding.fixed_versions.retain(|version| seen.insert(version.clone()));
    finding
}

/// Set where the analysis of calls, or the distribution, took every finding of the group for harmless.
fn analysed(group: &Node<'_>, ids: &[&str]) -> Result<Option<Suppressed>, ReadError> {
    let Some(analysis) = group.get("experimental_analysis")? else { return Ok(None) };
    let mut harmless = 0;
    for id in ids {
        let Some(judged) = analysis.get(id)? else { continue };
        harmless += usize::from(judged.flag("called")? == Some(false) || judged.flag("unimportant")? == Some(true));
    }
    let all = harmless == ids.len() && harmless > 0;
    Ok(all.then(|| Suppressed { by: "osv-scanner".to_owned(), reason: "its analysis of calls".to_owned() }))
}
