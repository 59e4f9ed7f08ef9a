//! SARIF of any tool: its levels, as SARIF 2.1.0 defines them, and the commit that it was run on.

use super::super::read::node::Node;
use super::super::read::sarif::{is_finding, runs, suppression};
use super::super::{Format, ReadError};
use super::{Check, CheckReport, Level};

pub(in super::super) fn read(root: &Node<'_>) -> Result<CheckReport, ReadError> {
    let runs = runs(root)?;
    let mut names: Vec<&str> = Vec::new();
    let mut report = CheckReport::new(Format::Sarif, "");
    for run in &runs {
        let name = run.driver.need_text("name")?;
        if !names.contains(&name) {
            names.push(name);
        }
        report.gaps.extend(run.gaps()?);
        for provenance in run.node.list("versionControlProvenance")? {
            let Some(revision) = provenance.text("revisionId")? else { continue };
            if report.commit.as_deref().is_some_and(|known| known != revision) {
                return Err(provenance.contradiction("it was run on several commits"));
            }
            report.commit = Some(revision.to_owned());
        }
        for result in &run.results {
            if !is_finding(result)? {
                continue;
            }
            let (id, rule) = run.rule(result)?;
            report.problems.push(Check {
                id: id.to_owned(),
                level: level(result, rule)?,
                message: message(result)?,
                place: place(result)?,
                suppressed: suppression(result)?,
            });
        }
    }
    report.tool = names.join(", ").to_lowercase();
    Ok(report)
}

/// The result's own level, else its rule's, else `warning` (3.27.10).
fn level(result: &Node<'_>, rule: Option<&Node<'_>>) -> Result<Level, ReadError> {
    let own = result.get("level")?;
    let of_rule = match rule {
        Some(rule) => rule.dig(&["defaultConfiguration", "level"])?,
        None => None,
    };
    let Some(node) = own.or(of_rule) else { return Ok(Level::Warning) };
    match node.as_text()? {
        "none" => Ok(Level::None),
        "note" => Ok(Level::Note),
        "warning" => Ok(Level::Warning),
        "error" => Ok(Level::Error),
        _ => Err(node.wrong("none, note, warning or error")),
    }
}

fn message(result: &Node<'_>) -> Result<String, ReadError> {
    let text = result.dig(&["message", "text"])?.map(|text| text.as_text()).transpose()?;
    Ok(text.unwrap_or_default().to_owned())
}

fn place(result: &Node<'_>) -> Result<Option<String>, ReadError> {
    let locations = result.list("locations")?;
    let Some(physical) = locations.first().map(|location| location.get("physicalLocation")).transpose()?.flatten()
    else {
        return Ok(None);
    };
    let uri = physical.dig(&["artifactLocation", "uri"])?.map(|uri| uri.as_text()).transpose()?.unwrap_or_default();
    let line = match physical.get("region")? {
        Some(region) => region.count("startLine")?,
        None => None,
    };
    Ok(Some(line.map_or_else(|| uri.to_owned(), |line| format!("{uri}:{line}"))))
}
