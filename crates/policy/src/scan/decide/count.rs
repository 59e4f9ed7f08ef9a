//! What does not count of what was found, and why: the order is that of the steps, and the first that applies is kept.
//!
//! Where several scanners have a finding, a step has to apply to what each of them says, by the names that it has itself.
//! So nothing that is found in addition can make another finding count less.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lockage_tagging::Digest;

use super::super::exception::{Exception, Scope};
use super::super::{Dropped, Finding, GraceFrom, Judged, Limit, ScanConfig, Severity, VexStatement, excerpt};
use super::Case;
use super::merge::Merged;

pub(super) fn judge(
    merged: &[Merged<'_>],
    case: &Case<'_>,
    config: &ScanConfig,
    now: Timestamp,
    warnings: &mut Vec<String>,
) -> Vec<Judged> {
    let mut used = BTreeSet::new();
    let judged = merged.iter().map(|merged| one(merged, case, config, now, &mut used)).collect();
    for (number, exception) in case.exceptions.iter().flat_map(|exceptions| exceptions.iter()).enumerate() {
        if !used.contains(&number) {
            warnings.push(format!("nothing needs the exception {}", exception.label()));
        }
    }
    judged
}

fn one(
    merged: &Merged<'_>,
    case: &Case<'_>,
    config: &ScanConfig,
    now: Timestamp,
    used: &mut BTreeSet<usize>,
) -> Judged {
    let heard = hear(merged, case, config, now, used);
    let dropped = of_class(merged, config)
        .or_else(|| hidden(merged, config))
        .or_else(|| vexed(merged, case, config, now))
        .or(heard.dropped)
        .or_else(|| unfixed(merged, config))
        .or_else(|| grace(merged, config, now))
        // What an exception covered until it ended is back, also where it is in the environment already.
        .or_else(|| if heard.ended { None } else { baseline(merged, case, config) })
        .or_else(|| (merged.severity(config) < config.at_least).then_some(Dropped::BelowThreshold));
    Judged {
        platform: merged.platform.to_owned(),
        finding: shown(merged),
        tools: merged.tools(),
        dropped,
        notes: heard.notes,
    }
}

/// The first scanner's finding, with all names, the worst severity, and every fix.
fn shown(merged: &Merged<'_>) -> Finding {
    let Some((_, first)) = merged.members.first() else {
        return Finding::new("", super::super::Package::default(), Severity::Unknown);
    };
    let mut finding = (*first).clone();
    finding.aliases = merged.names().into_iter().filter(|name| *name != first.id).map(str::to_owned).collect();
    for (_, other) in &merged.members {
        if other.severity > finding.severity {
            finding.severity = other.severity;
            finding.severity_source.clone_from(&other.severity_source);
        }
        for version in &other.fixed_versions {
            if !finding.fixed_versions.contains(version) {
                finding.fixed_versions.push(version.clone());
            }
        }
        finding.published = finding.published.into_iter().chain(other.published).min();
        finding.fix_date = finding.fix_date.into_iter().chain(other.fix_date).min();
        finding.known_exploited |= other.known_exploited;
    }
    finding
}

fn of_class(merged: &Merged<'_>, config: &ScanConfig) -> Option<Dropped> {
    let classes = config.classes.as_ref()?;
    let (_, first) = merged.members.first()?;
    (!classes.contains(&first.kind)).then_some(Dropped::Class { kind: first.kind })
}

fn hidden(merged: &Merged<'_>, config: &ScanConfig) -> Option<Dropped> {
    if !config.believe_suppressed || merged.members.iter().any(|(_, finding)| finding.suppressed.is_none()) {
        return None;
    }
    let suppressed = merged.members.first()?.1.suppressed.clone()?;
    Some(Dropped::Scanner { by: suppressed.by, reason: suppressed.reason })
}

fn vexed(merged: &Merged<'_>, case: &Case<'_>, config: &ScanConfig, now: Timestamp) -> Option<Dropped> {
    let mut digests: Vec<&Digest> = Vec::new();
    if let Some(subject) = case.subject {
        digests.push(subject.digest());
        let own = subject.platforms().iter().filter(|platform| subject.label(platform) == merged.platform);
        digests.extend(own.map(|platform| &platform.manifest));
    }
    let mut last = None;
    for (_, finding) in &merged.members {
        let (author, statement) = latest(finding, &digests, case, config, now)?;
        if !statement.status.suppresses() {
            return None;
        }
        last = Some(Dropped::Vex {
            author: author.map(str::to_owned),
            status: statement.status,
            justification: statement.justification.clone(),
        });
    }
    last
}

/// The latest statement on the finding; of several at one time, one that does not suppress.
fn latest<'a>(
    finding: &Finding,
    digests: &[&Digest],
    case: &Case<'a>,
    config: &ScanConfig,
    now: Timestamp,
) -> Option<(Option<&'a str>, &'a VexStatement)> {
    let authors = &config.vex.authors;
    let heard = |author: Option<&str>| {
        authors.is_empty() || author.is_some_and(|author| authors.iter().any(|known| known == author))
    };
    let recent = |at: Timestamp| match config.vex.max_age {
        Limit::Unlimited => at <= now,
        Limit::Within(most) => {
            at <= now && SignedDuration::try_from(most).is_ok_and(|most| now.duration_since(at) <= most)
        }
    };
    let about = |statement: &VexStatement| {
        finding.is_meant_by(statement.vulnerability.iter().map(String::as_str))
            && statement.products.iter().any(|product| product.covers(finding, digests))
    };
    case.vex
        .iter()
        .filter(|vex| heard(vex.author.as_deref()))
        .flat_map(|vex| vex.statements.iter().map(|statement| (vex.author.as_deref(), statement)))
        .filter(|(_, statement)| about(statement) && recent(statement.at))
        .max_by_key(|(_, statement)| (statement.at, !statement.status.suppresses()))
}

/// What the exceptions say of a finding.
struct Heard {
    dropped: Option<Dropped>,
    /// Whether one would cover it that has ended.
    ended: bool,
    notes: Vec<String>,
}

fn hear(
    merged: &Merged<'_>,
    case: &Case<'_>,
    config: &ScanConfig,
    now: Timestamp,
    used: &mut BTreeSet<usize>,
) -> Heard {
    let image = case.subject.and_then(super::super::Subject::reference);
    let scope = Scope { image, environment: case.environment };
    let mut heard = Heard { dropped: None, ended: false, notes: Vec::new() };
    let mut covered = vec![false; merged.members.len()];
    let mut first = None;
    for (number, exception) in case.exceptions.iter().flat_map(|exceptions| exceptions.iter()).enumerate() {
        let means: Vec<bool> = merged.members.iter().map(|(_, finding)| exception.means(finding, scope)).collect();
        if !means.contains(&true) {
            continue;
        }
        used.insert(number);
        match refusal(exception, config, now) {
            Some((ended, why)) => {
                heard.ended |= ended;
                heard.notes.push(format!("the exception {} {why}", exception.label()));
            }
            None => {
                first = first.or(Some(exception));
                covered.iter_mut().zip(means).for_each(|(covered, means)| *covered |= means);
            }
        }
    }
    if covered.iter().all(|covered| *covered) {
        heard.dropped = first.map(|exception| Dropped::Exception {
            exception: exception.label(),
            owner: exception.owner.clone(),
            reason: exception.reason.clone(),
            expires: exception.expires,
        });
    }
    heard
}

/// Why an exception is not heard, and whether that is because it has ended.
fn refusal(exception: &Exception, config: &ScanConfig, now: Timestamp) -> Option<(bool, String)> {
    let rules = &config.exceptions;
    match exception.expires {
        Some(expires) if expires < now => return Some((true, format!("expired at {expires}"))),
        Some(expires) => {
            if let Limit::Within(most) = rules.max
                && SignedDuration::try_from(most).is_ok_and(|most| expires.duration_since(now) > most)
            {
                return Some((false, format!("lasts to {expires}, and {} ahead is the most", rules.max)));
            }
        }
        None if !rules.without_expiry => return Some((false, "has no last day".to_owned())),
        None => {}
    }
    let owned = exception.owner.as_ref().is_some_and(|owner| !owner.trim().is_empty());
    (!owned && !rules.without_owner).then(|| (false, "has no owner".to_owned()))
}

fn unfixed(merged: &Merged<'_>, config: &ScanConfig) -> Option<Dropped> {
    let all = merged.members.iter().all(|(_, finding)| finding.is_unfixed());
    (config.ignore_unfixed && all).then_some(Dropped::Unfixed)
}

/// Whether each scanner's severity has grace, and its date is known and within it.
fn grace(merged: &Merged<'_>, config: &ScanConfig, now: Timestamp) -> Option<Dropped> {
    let mut until = None;
    for (_, finding) in &merged.members {
        let period = config.grace.get(&config.counted(finding.severity))?;
        let date = match config.grace_from {
            GraceFrom::Published => finding.published,
            GraceFrom::FixAvailable => finding.fix_date,
        };
        let from = date.filter(|date| *date <= now && !finding.known_exploited)?;
        let end = from.checked_add(SignedDuration::try_from(period.0).ok()?).ok().filter(|end| now < *end)?;
        until = until.into_iter().chain([end]).min();
    }
    Some(Dropped::Grace { until: until? })
}

fn baseline(merged: &Merged<'_>, case: &Case<'_>, config: &ScanConfig) -> Option<Dropped> {
    let environment = config.only_new_since.as_ref()?;
    let baseline = case.baseline.filter(|baseline| baseline.environment() == environment)?;
    let known = merged.members.iter().all(|(_, finding)| baseline.has(finding));
    known.then(|| Dropped::Baseline { environment: environment.clone() })
}

/// The reason that a finding is, in one line.
pub(super) fn denial(judged: &Judged) -> String {
    let finding = &judged.finding;
    let package = &finding.package;
    let mut line = format!(
        "{} {} in {} {} on {}",
        finding.severity,
        excerpt(&finding.id),
        excerpt(&package.name),
        excerpt(&package.version),
        judged.platform
    );
    if !finding.fixed_versions.is_empty() {
        line += &format!(", fixed in {}", excerpt(&finding.fixed_versions.join(", ")));
    }
    for note in &judged.notes {
        line += &format!("; {note}");
    }
    line
}
