//! What a pass of the scan gate stands on, to be read years later: counts, what did not count and why, ages and hashes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lockage_promote::Evidence;
use lockage_registry::{Algorithm, digest_of};
use serde_json::{Value, json};

use super::Cited;
use super::baseline::Standing;
use crate::scan::{Dropped, Judged, ScanConfig, ScanVerdict, Subject};

/// What the decision was made on, beside the reports.
pub(super) struct StandsOn<'a> {
    pub(super) subject: &'a Subject,
    pub(super) config: &'a ScanConfig,
    pub(super) cited: &'a [Cited],
    pub(super) standing: Option<&'a Standing>,
    pub(super) passed_over: &'a [String],
    pub(super) now: Timestamp,
}

pub(super) fn of(verdict: &ScanVerdict, on: &StandsOn<'_>) -> Result<Evidence, lockage_promote::GateError> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for judged in &verdict.findings {
        *counts.entry(judged.finding.severity.as_str()).or_default() += 1;
    }
    // Findings that are not bad enough are counted; each other that does not count is named.
    let ignored: Vec<Value> = verdict.findings.iter().filter(|judged| is_told(judged)).map(told).collect();
    let below = verdict.findings.len() - ignored.len();
    let platforms = on.subject.platforms();
    let summary = format!(
        "{} findings on {} platforms, none that counts; {} ignored, {below} not bad enough",
        verdict.findings.len(),
        platforms.len(),
        ignored.len(),
    );
    let age = |at: Option<Timestamp>| at.map(|at| on.now.duration_since(at).as_secs().max(0));
    let reports: Vec<Value> = verdict
        .reports
        .iter()
        .map(|report| {
            json!({
                "tool": report.tool,
                "platforms": report.platforms,
                "findings": report.findings,
                "scanned-at": report.scanned_at,
                "age-seconds": age(report.scanned_at),
                "database": report.db_built,
                "database-age-seconds": age(report.db_built),
            })
        })
        .collect();
    let baseline = on.standing.map(|standing| {
        json!({
            "environment": standing.baseline.environment(),
            "digest": standing.digest,
            "findings": standing.findings,
        })
    });
    let policy = digest_of(Algorithm::Sha256, &serde_json::to_vec(on.config)?)?;
    Ok(Evidence::new(summary).with_details(json!({
        "digest": on.subject.digest(),
        "platforms": platforms,
        "policy": policy,
        "findings": verdict.findings.len(),
        "severities": counts,
        "below-threshold": below,
        "ignored": ignored,
        "reports": reports,
        "documents": on.cited,
        "baseline": baseline,
        "warnings": verdict.warnings,
        "not-believed": on.passed_over,
    })))
}

fn is_told(judged: &Judged) -> bool {
    !matches!(judged.dropped, Some(Dropped::BelowThreshold | Dropped::Class { .. }))
}

fn told(judged: &Judged) -> Value {
    json!({
        "platform": judged.platform,
        "id": judged.finding.id,
        "package": judged.finding.package.name,
        "version": judged.finding.package.version,
        "severity": judged.finding.severity,
        "ignored": judged.dropped,
    })
}
