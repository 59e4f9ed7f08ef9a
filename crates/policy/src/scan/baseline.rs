//! What an environment has already: findings that a change does not bring.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Dropped, Finding, Report, ScanVerdict};

/// The findings that an environment has already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    environment: String,
    known: BTreeSet<Known>,
}

/// A finding by one of its names, in a package of any version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    name: String,
    package: String,
}

impl Baseline {
    /// An environment that has nothing.
    #[must_use]
    pub fn new(environment: impl Into<String>) -> Self {
        Self { environment: environment.into(), known: BTreeSet::new() }
    }

    /// Everything that these reports found in it.
    #[must_use]
    pub fn of_reports(environment: impl Into<String>, reports: &[Report]) -> Self {
        let mut baseline = Self::new(environment);
        for finding in reports.iter().flat_map(|report| &report.findings) {
            baseline.add(finding);
        }
        baseline
    }

    /// What was found when its image was let in, without what passed for a time only, by an exception or by grace: that
    /// would otherwise be accepted for ever.
    #[must_use]
    pub fn of_verdict(environment: impl Into<String>, verdict: &ScanVerdict) -> Self {
        let mut baseline = Self::new(environment);
        for judged in &verdict.findings {
            if !matches!(judged.dropped, Some(Dropped::Exception { .. } | Dropped::Grace { .. })) {
                baseline.add(&judged.finding);
            }
        }
        baseline
    }

    /// The environment.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    fn add(&mut self, finding: &Finding) {
        let known = |name: &str| Known { name: name.to_owned(), package: finding.package.name.clone() };
        self.known.extend(finding.cves().map(known));
        if finding.cves().next().is_none() {
            self.known.insert(known(&finding.id));
        }
    }

    /// Whether the environment has the finding in the same package: every CVE that it stands for, or, where one of the two
    /// has none, the finding of the same id. That a vendor's advisory is about both makes nothing known.
    pub(super) fn has(&self, finding: &Finding) -> bool {
        let is_known =
            |name: &str| self.known.contains(&Known { name: name.to_owned(), package: finding.package.name.clone() });
        is_known(&finding.id) || (finding.cves().next().is_some() && finding.cves().all(is_known))
    }
}
