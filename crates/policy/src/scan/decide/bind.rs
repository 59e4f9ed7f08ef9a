//! Which platforms a report covers. Only the digest of a configuration or of a platform's manifest shows it.

use std::collections::BTreeSet;

use super::super::{Claims, Code, PlatformImage, Reason, Report, ScanConfig, Subject, excerpt};
use super::Case;

/// A report, and the platforms that it covers.
pub(super) struct Bound<'a> {
    pub(super) report: &'a Report,
    pub(super) platforms: Vec<String>,
    pub(super) reasons: Vec<Reason>,
}

pub(super) fn bind<'a>(number: usize, report: &'a Report, case: &Case<'a>) -> Bound<'a> {
    let label = report.label();
    let Some(subject) = case.subject else { return alone(number, report) };
    match covered(subject, &report.claims) {
        Ok(covered) => {
            let mut reasons = Vec::new();
            for platform in &covered {
                if let Some(claimed) = &report.claims.platform
                    && !same_platform(claimed, &platform.platform)
                {
                    let message = format!("{label}: it names the image of {}, and says {claimed}", platform.platform);
                    reasons.push(Reason::undecided(Code::Contradiction, message));
                }
            }
            let platforms = covered.into_iter().map(|platform| subject.label(platform)).collect();
            Bound { report, platforms, reasons }
        }
        Err((code, why)) => {
            let reasons = vec![Reason::undecided(code, format!("{label}: {why}"))];
            Bound { report, platforms: Vec::new(), reasons }
        }
    }
}

/// Without an image, each report stands for itself, and those on the same configuration stand for one.
fn alone(number: usize, report: &Report) -> Bound<'_> {
    let claims = &report.claims;
    let digest = claims.config.as_ref().or(claims.manifest.as_ref()).or(claims.told.as_ref());
    let platform = match (&claims.platform, digest) {
        (Some(platform), Some(digest)) => format!("{platform} {}", digest.short()),
        (None, Some(digest)) => digest.short().to_owned(),
        (Some(platform), None) => format!("{platform} of report {}", number + 1),
        (None, None) => format!("report {}", number + 1),
    };
    Bound { report, platforms: vec![platform], reasons: Vec::new() }
}

type Refusal = (Code, String);

fn covered<'a>(subject: &'a Subject, claims: &Claims) -> Result<Vec<&'a PlatformImage>, Refusal> {
    let told = match &claims.told {
        None => None,
        Some(told) => Some(of_manifest(subject, told)?),
    };
    let claimed = claimed(subject, claims);
    match (told, claimed) {
        (None, claimed) => claimed,
        // It says nothing itself: whoever ran the scanner by this digest knows.
        (Some(told), Err((Code::NotBound, _))) if claims.config.is_none() && claims.manifest.is_none() => Ok(told),
        (Some(_), Err(refusal)) => Err(refusal),
        (Some(told), Ok(claimed)) if told.iter().all(|platform| claimed.contains(platform)) => Ok(told),
        (Some(_), Ok(_)) => {
            let why = "it was said to be of one platform, and says that it is of another";
            Err((Code::Contradiction, why.to_owned()))
        }
    }
}

/// By what the report says itself: the digest of the configuration where it has one, else that of a manifest.
fn claimed<'a>(subject: &'a Subject, claims: &Claims) -> Result<Vec<&'a PlatformImage>, Refusal> {
    if let Some(config) = &claims.config {
        let found: Vec<_> = subject.platforms().iter().filter(|platform| platform.config == *config).collect();
        if found.is_empty() {
            let why = format!("it is about configuration {}, which no platform of the image has", config.short());
            return Err((Code::NotBound, why));
        }
        return Ok(found);
    }
    if let Some(manifest) = &claims.manifest {
        return of_manifest(subject, manifest);
    }
    let mut refusal = (Code::NotBound, "it does not say which image it is about".to_owned());
    for digest in &claims.repo_digests {
        match of_manifest(subject, digest) {
            Ok(found) => return Ok(found),
            Err(why) => refusal = why,
        }
    }
    Err(refusal)
}

fn of_manifest<'a>(
    subject: &'a Subject,
    manifest: &lockage_tagging::Digest,
) -> Result<Vec<&'a PlatformImage>, Refusal> {
    let found: Vec<_> = subject.platforms().iter().filter(|platform| platform.manifest == *manifest).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let short = manifest.short();
    if subject.attestations().contains(manifest) {
        return Err((Code::Attestation, format!("it is about {short}, an attestation and no platform")));
    }
    let why = if subject.digest() == manifest {
        "it names the digest of the index, which is the same whichever platform was scanned".to_owned()
    } else {
        format!("it is about {short}, which is no platform of the image")
    };
    Err((Code::NotBound, why))
}

/// Every platform has a report, of every scanner that is asked for; and the image has every platform that is.
pub(super) fn coverage(bound: &[Bound<'_>], case: &Case<'_>, config: &ScanConfig, reasons: &mut Vec<Reason>) {
    let present: BTreeSet<String> = match case.subject {
        Some(subject) => subject.platforms().iter().map(|platform| subject.label(platform)).collect(),
        None => bound.iter().filter_map(|bound| bound.report.claims.platform.clone()).collect(),
    };
    for expected in &config.platforms {
        if !present.iter().any(|platform| same_platform(platform, expected)) {
            let message = format!("the image has no platform {}", excerpt(expected));
            reasons.push(Reason::undecided(Code::PlatformMissing, message));
        }
    }
    let covered: BTreeSet<&str> = bound.iter().flat_map(|bound| &bound.platforms).map(String::as_str).collect();
    let needed: BTreeSet<&str> = match case.subject {
        Some(_) => present.iter().map(String::as_str).collect(),
        None => covered.clone(),
    };
    if case.subject.is_some() && needed.is_empty() {
        reasons.push(Reason::undecided(Code::NotCovered, "the image has no platform"));
    }
    for platform in needed {
        if !covered.contains(platform) {
            reasons.push(Reason::undecided(Code::NotCovered, format!("no report is about {platform}")));
            continue;
        }
        for tool in &config.tools {
            let of_tool = |bound: &Bound<'_>| {
                bound.report.tool.name == *tool && bound.platforms.iter().any(|covered| covered == platform)
            };
            if !bound.iter().any(of_tool) {
                let message = format!("no report of {} is about {platform}", excerpt(tool));
                reasons.push(Reason::undecided(Code::NotCovered, message));
            }
        }
    }
}

/// Operating system and architecture are the same. Variants are left out by scanners.
fn same_platform(one: &str, other: &str) -> bool {
    let parts = |platform: &str| {
        // A label may go on with a digest.
        let name = platform.split(' ').next().unwrap_or_default();
        let mut parts = name.split('/').map(str::to_owned);
        (parts.next(), parts.next())
    };
    parts(one) == parts(other)
}
