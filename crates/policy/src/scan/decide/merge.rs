//! The same finding of several scanners, made one.

use std::collections::BTreeMap;

use super::super::{Finding, Kind, ScanConfig, Severity};
use super::bind::Bound;

/// A finding on one platform, as one scanner or several have it.
pub(super) struct Merged<'a> {
    pub(super) platform: &'a str,
    pub(super) members: Vec<(&'a str, &'a Finding)>,
}

impl<'a> Merged<'a> {
    /// All names that any scanner has for it.
    pub(super) fn names(&self) -> Vec<&'a str> {
        let mut names: Vec<_> = self.members.iter().flat_map(|(_, finding)| finding.names()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The worst severity that any scanner gives it, with what unknown counts as.
    pub(super) fn severity(&self, config: &ScanConfig) -> Severity {
        let counted = self.members.iter().map(|(_, finding)| config.counted(finding.severity));
        counted.max().unwrap_or(config.unknown_as)
    }

    /// Who found it.
    pub(super) fn tools(&self) -> Vec<String> {
        let mut tools: Vec<_> = self.members.iter().map(|(tool, _)| (*tool).to_owned()).collect();
        tools.sort_unstable();
        tools.dedup();
        tools
    }
}

type Key<'a> = (&'a str, Kind, &'a str, &'a str, &'a str);

/// Two findings are one where they are in the same package of the same version on the same platform, and go by the same
/// CVE. Advisories stand for several of these: a common one makes nothing one.
pub(super) fn merge<'a>(bound: &'a [Bound<'a>]) -> Vec<Merged<'a>> {
    let mut groups: BTreeMap<Key<'a>, Vec<(&'a str, &'a Finding)>> = BTreeMap::new();
    for bound in bound {
        for platform in bound.platforms.iter().map(String::as_str) {
            for finding in &bound.report.findings {
                let package = &finding.package;
                let name = canonical(finding);
                let key = (platform, finding.kind, package.name.as_str(), package.version.as_str(), name);
                groups.entry(key).or_default().push((&bound.report.tool.name, finding));
            }
        }
    }
    groups.into_iter().map(|((platform, ..), members)| Merged { platform, members }).collect()
}

/// The CVE, if the finding is one or has exactly one for an alias; else its own id.
fn canonical(finding: &Finding) -> &str {
    let is_cve = |name: &&str| name.starts_with("CVE-");
    if is_cve(&finding.id.as_str()) {
        return &finding.id;
    }
    let mut cves = finding.aliases.iter().map(String::as_str).filter(is_cve);
    match (cves.next(), cves.next()) {
        (Some(cve), None) => cve,
        _ => &finding.id,
    }
}
