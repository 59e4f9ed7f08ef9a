//! `CheckGate`: linters and tests ran on what the image was built from, or on the image, and found nothing that counts.

use std::sync::Arc;

use async_trait::async_trait;
use lockage_promote::{Evidence, Gate, GateContext, GateError, Verdict};
use lockage_registry::Digest;
use serde_json::json;

use super::scan::failed;
use super::{Asked, Found, Reports, Undecided, subject};
use crate::scan::{self, CheckReport, ChecksConfig, ChecksVerdict, Code, Reason, decide_checks};

/// Passes an image whose checks let it pass, as [`decide_checks`] decides: SARIF of any tool, hadolint's and
/// container-structure-test's JSON, exit statuses.
///
/// Each report is bound: to the commit that the image was built from, by its own word or by whoever ran the tool; or to the
/// digest of the image. One of another commit, of another image, or of none, leaves the gate [`Undecided`].
///
/// ```
/// use lockage_policy::gate::{CheckGate, GivenReports};
/// use lockage_policy::scan::{CheckReport, ChecksConfig, ExitCodes, Level};
///
/// # let commit = "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081";
/// let brakeman = CheckReport::of_exit("brakeman", Some(0), &ExitCodes::default().fails(3)).told_commit(commit);
/// let gate = CheckGate::new(ChecksConfig::at_least(Level::Warning)).reports(GivenReports::new().check(brakeman, None));
/// # let _ = gate;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct CheckGate {
    id: String,
    config: ChecksConfig,
    reports: Vec<Arc<dyn Reports>>,
    tools: Vec<String>,
}

impl CheckGate {
    /// Decides by this. Without any [`reports`](Self::reports), it never does.
    pub fn new(config: ChecksConfig) -> Self {
        Self { id: "checks".to_owned(), config, reports: Vec::new(), tools: Vec::new() }
    }

    /// Gives the gate another name than `checks`.
    pub fn named(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// Asks for reports there too.
    pub fn reports(mut self, reports: impl Reports + 'static) -> Self {
        self.reports.push(Arc::new(reports));
        self
    }

    /// Expects a report of this tool.
    pub fn tool(mut self, tool: &str) -> Self {
        self.tools.push(tool.to_lowercase());
        self
    }
}

#[async_trait]
impl Gate for CheckGate {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let asked = subject::asked(context).await?;
        let mut found = Found::nothing();
        let mut cause = None;
        for source in &self.reports {
            match source.reports(&asked).await {
                Ok(more) => found.and(more),
                Err(error) => failed(error, &mut found, &mut cause),
            }
        }
        if !found.scans.is_empty() {
            found.unreadable(&self.id, "reports of scans are no checks: give them to a gate for scans");
        }
        // Some digits of a commit may be those of several.
        let commit = asked.commit.as_deref().filter(|commit| is_whole(commit));
        let decided = self.decide(&asked, &found, commit);
        let mut reasons: Vec<Reason> = found.unreadable.iter().chain(&decided.reasons).cloned().collect();
        for tool in &self.tools {
            if !found.checks.iter().any(|(report, _)| report.tool.split(", ").any(|name| name == tool)) {
                reasons.push(Reason::undecided(Code::NoReports, format!("there is no report of {tool}")));
            }
        }
        match scan::Verdict::of(&reasons) {
            scan::Verdict::Pass => Ok(Verdict::Pass(evidence(&asked, &found, commit, &decided))),
            scan::Verdict::Fail => {
                Ok(Verdict::Fail { reasons: reasons.into_iter().map(|reason| reason.message).collect() })
            }
            scan::Verdict::Undecided => Err(Undecided::new(&self.id, reasons, found.passed_over, cause).into()),
        }
    }
}

impl CheckGate {
    /// Reports that are bound to the image by digest need not name a commit; one that they name counts.
    fn decide(&self, asked: &Asked<'_>, found: &Found, commit: Option<&str>) -> ChecksVerdict {
        let (mut by_digest, mut by_commit, mut strangers) = (Vec::new(), Vec::new(), Vec::new());
        for (report, image) in &found.checks {
            match image {
                None => by_commit.push(report.clone()),
                Some(digest) if is_of(asked, digest) => by_digest.push(report.clone()),
                Some(digest) => strangers.push(stranger(report, digest)),
            }
        }
        let any_commit = self.config.clone().any_commit();
        let mut all = match (by_digest.is_empty(), by_commit.is_empty() && strangers.is_empty()) {
            (false, true) => decide_checks(&by_digest, commit, &any_commit),
            (false, false) => {
                let mut all = decide_checks(&by_digest, commit, &any_commit);
                if !by_commit.is_empty() {
                    let more = decide_checks(&by_commit, commit, &self.config);
                    all.reasons.extend(more.reasons);
                    all.problems.extend(more.problems);
                }
                all
            }
            (true, _) => decide_checks(&by_commit, commit, &self.config),
        };
        all.reasons.extend(strangers);
        all.verdict = scan::Verdict::of(&all.reasons);
        all
    }
}

/// SHA-1 or SHA-256, in hex.
fn is_whole(commit: &str) -> bool {
    matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_of(asked: &Asked<'_>, digest: &Digest) -> bool {
    asked.subject.digest() == digest || asked.subject.platforms().iter().any(|platform| platform.manifest == *digest)
}

fn stranger(report: &CheckReport, digest: &Digest) -> Reason {
    let message = format!("{} was run on {}, which is no platform of the image", report.tool, digest.short());
    Reason::undecided(Code::NotBound, message)
}

fn evidence(asked: &Asked<'_>, found: &Found, commit: Option<&str>, decided: &ChecksVerdict) -> Evidence {
    let tools: Vec<_> = found.checks.iter().map(|(report, _)| report.tool.as_str()).collect();
    let checks: Vec<_> = found
        .checks
        .iter()
        .map(|(report, image)| {
            json!({
                "tool": report.tool,
                "commit": report.commit,
                "image": image,
                "checked": report.checked,
                "problems": report.problems.len(),
            })
        })
        .collect();
    let summary = format!("{} found nothing that counts", tools.join(", "));
    Evidence::new(summary).with_details(json!({
        "digest": asked.subject.digest(),
        "commit": commit,
        "checks": checks,
        "ignored": decided.problems.iter().map(|(tool, check)| json!({ "tool": tool, "check": check })).collect::<Vec<_>>(),
    }))
}
