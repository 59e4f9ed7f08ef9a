//! Whether a report can be believed: what was scanned, how much of it, and how long ago.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::super::period::write;
use super::super::{Code, Gap, Limit, Origin, Os, OsClaim, OsRule, Reason, Report, ScanConfig, start_of};

/// How far a clock elsewhere may be ahead of ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn doubts(report: &Report, config: &ScanConfig, now: Timestamp) -> Vec<Reason> {
    let mut doubts = Vec::new();
    doubts.extend(origin(report));
    doubts.extend(report.gaps.iter().map(|gap| incomplete(report, gap)));
    doubts.extend(operating_system(report, config, now));
    let label = report.label();
    doubts.extend(age(
        report.scanned_at,
        config.max_evidence_age,
        now,
        (Code::EvidenceUndated, format!("{label}: it does not say when it was made")),
        (Code::EvidenceStale, format!("{label}: it was made")),
    ));
    doubts.extend(age(
        report.db_built,
        config.max_db_age,
        now,
        (Code::DatabaseUnknown, format!("{label}: nobody says how old its vulnerability database was")),
        (Code::DatabaseStale, format!("{label}: its vulnerability database was built")),
    ));
    doubts
}

fn origin(report: &Report) -> Option<Reason> {
    let label = report.label();
    match &report.origin {
        Origin::Image | Origin::Unstated => None,
        Origin::Sbom { made_by: Some(tool) } if same_maker(&report.tool.name, tool) => None,
        Origin::Sbom { made_by } => {
            let by = made_by.as_deref().map_or("nobody says by what".to_owned(), |tool| format!("by {tool}"));
            let message =
                format!("{label}: it is of a list of packages, made {by}, and misses what is written otherwise there");
            Some(Reason::undecided(Code::SbomDerived, message))
        }
        Origin::Other(what) => {
            let message = format!("{label}: it is about {}, not an image", super::super::excerpt(what));
            Some(Reason::undecided(Code::NotAnImage, message))
        }
    }
}

/// A scanner understands the lists of packages that it writes itself; Grype's are Syft's.
fn same_maker(scanner: &str, maker: &str) -> bool {
    scanner == maker || scanner == "grype" && maker == "syft"
}

fn incomplete(report: &Report, gap: &Gap) -> Reason {
    let label = report.label();
    let unscannable = |why: &str| Reason::fail(Code::Unscannable, format!("{label}: {why}"));
    let partial = |why: String| Reason::undecided(Code::Incomplete, format!("{label}: {why}"));
    match gap {
        Gap::NoResults => unscannable("there is nothing in the image that the scanner can scan"),
        Gap::NoOsPackages => partial("the packages of the operating system were not scanned".to_owned()),
        Gap::Inventory => partial("it could be a mere inventory, in which nothing was looked for".to_owned()),
        Gap::Failed(why) => partial(format!("the scanner says that it failed: {why}")),
        Gap::Filtered(option) => partial(format!("{option} left findings out")),
        Gap::Warned(kind) => partial(format!("the scanner warns: {}", super::super::excerpt(kind))),
    }
}

fn operating_system(report: &Report, config: &ScanConfig, now: Timestamp) -> Option<Reason> {
    let label = report.label();
    match &report.os {
        OsClaim::NoneFound if config.os == OsRule::PackagesSuffice && report.gaps.is_empty() => None,
        OsClaim::NoneFound => {
            let message = format!("{label}: the scanner recognised no operating system");
            Some(Reason::fail(Code::Unscannable, message))
        }
        OsClaim::Unstated if config.os == OsRule::MayBeUnstated => None,
        OsClaim::Unstated => {
            let message = format!("{label}: the format does not say which operating system was seen, if any");
            Some(Reason::undecided(Code::OsUnstated, message))
        }
        // Advisories are kept by release: without one nothing is looked up, and nothing is found.
        OsClaim::Known(os) if os.version.trim().is_empty() && config.os != OsRule::MayBeUnstated => {
            let message = format!("{label}: it does not say which release of {} was seen", os.family);
            Some(Reason::undecided(Code::OsUnstated, message))
        }
        OsClaim::Known(os) => end_of_life(&label, os, config, now),
    }
}

fn end_of_life(label: &str, os: &Os, config: &ScanConfig, now: Timestamp) -> Option<Reason> {
    let name = format!("{} {}", os.family, os.version);
    let over = || {
        let message = format!("{label}: {name} is past its end of life, and gets neither fixes nor advisories");
        Some(Reason::fail(Code::EndOfLife, message))
    };
    let known = config.end_of_life.iter().find(|(known, _)| is_release_of(&name, known));
    match (os.end_of_life, known) {
        (Some(true), _) => over(),
        // A day that cannot be reckoned with is over.
        (_, Some((_, date))) if start_of(*date).is_none_or(|end| end <= now) => over(),
        (_, Some(_)) | (Some(false), None) => None,
        (None, None) => {
            let message = format!("{label}: nobody says whether {name} is past its end of life");
            Some(Reason::undecided(Code::EndOfLifeUnknown, message))
        }
    }
}

/// `debian 12.5` is a release of `debian 12`, and `debian 120` is not.
fn is_release_of(name: &str, known: &str) -> bool {
    let (name, known) = (name.to_lowercase(), known.to_lowercase());
    name.strip_prefix(&known).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ' ', '-']))
}

fn age(
    at: Option<Timestamp>,
    limit: Limit,
    now: Timestamp,
    (unknown, undated): (Code, String),
    (stale, dated): (Code, String),
) -> Option<Reason> {
    let Limit::Within(most) = limit else { return None };
    let Some(at) = at else { return Some(Reason::undecided(unknown, undated)) };
    let age = now.duration_since(at);
    if age < -SKEW {
        return Some(Reason::undecided(unknown, format!("{dated} in the future, at {at}")));
    }
    let age = Duration::try_from(age).unwrap_or_default();
    (age > most)
        .then(|| Reason::fail(stale, format!("{dated} at {at}, {} ago, and {} is the most", rounded(age), write(most))))
}

/// In whole days or hours, so that a reason can be read.
fn rounded(age: Duration) -> String {
    let hours = age.as_secs() / 3600;
    match hours {
        48.. => format!("{} days", hours / 24),
        2.. => format!("{hours} hours"),
        _ => format!("{} minutes", age.as_secs() / 60),
    }
}
