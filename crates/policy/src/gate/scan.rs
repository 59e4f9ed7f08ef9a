//! `ScanGate`: every platform of the image was scanned lately, and nothing that was found counts.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use async_trait::async_trait;
use jiff::Timestamp;
use lockage_promote::pipeline::RepositoryTemplate;
use lockage_promote::{Gate, GateContext, GateError, OnRollback, Verdict};
use lockage_registry::Source;

use super::baseline::{self, Elsewhere, Rules};
use super::{Cited, Found, Reports, Undecided, evidence, subject, undecided};
use crate::scan::{self, Case, Code, Exceptions, Reason, ScanConfig, Vex, decide};

/// Passes an image whose scan reports let it pass, as [`decide`] decides; and nothing else.
///
/// It holds the reports against the digests of the image that is promoted. What is known to be wrong is a refusal with all
/// reasons; what is not known is an [`Undecided`] error: no report, one that cannot be read, of another image, of a platform
/// too few, too old, or a source of reports that fails. The configuration says how old reports may be that are there already;
/// `max_evidence_age = "0m"` is for those that are made now.
///
/// ```
/// use lockage_policy::gate::{GivenReports, ScanGate};
/// use lockage_policy::scan::{ScanConfig, Severity};
///
/// # let report = Vec::new();
/// let reports = GivenReports::new().document("trivy.json", report);
/// let gate = ScanGate::new(ScanConfig::at_least(Severity::High).ignore_unfixed()).reports(reports);
/// # let _ = gate;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ScanGate {
    id: String,
    config: ScanConfig,
    reports: Vec<Arc<dyn Reports>>,
    baseline_reports: Vec<Arc<dyn Reports>>,
    elsewhere: Option<Elsewhere>,
    exceptions: Exceptions,
    vex: Vec<Vex>,
    cited: Vec<Cited>,
}

impl ScanGate {
    /// Decides by this. Without any [`reports`](Self::reports), it never does.
    pub fn new(config: ScanConfig) -> Self {
        Self {
            id: "scan".to_owned(),
            config,
            reports: Vec::new(),
            baseline_reports: Vec::new(),
            elsewhere: None,
            exceptions: Exceptions::none(),
            vex: Vec::new(),
            cited: Vec::new(),
        }
    }

    /// Gives the gate another name than `scan`.
    pub fn named(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// Asks for reports there too. All sources are asked, and what each finds counts.
    pub fn reports(mut self, reports: impl Reports + 'static) -> Self {
        self.reports.push(Arc::new(reports));
        self
    }

    /// Asks there, and not where the image's own are, for reports on what an environment has already.
    pub fn baseline_reports(mut self, reports: impl Reports + 'static) -> Self {
        self.baseline_reports.push(Arc::new(reports));
        self
    }

    /// Reads what an environment has through this, in the repository to which the plan leads, if it is that environment.
    /// Otherwise it is read where the edge begins.
    pub fn baseline_read_by(self, source: impl Source + 'static) -> Self {
        Self { elsewhere: Some(Elsewhere { source: Arc::new(source), repository: None }), ..self }
    }

    /// Reads what an environment has through this, in the repository of this template.
    pub fn baseline_read_in(self, source: impl Source + 'static, repository: RepositoryTemplate) -> Self {
        Self { elsewhere: Some(Elsewhere { source: Arc::new(source), repository: Some(repository) }), ..self }
    }

    /// Hears these exceptions, from a document whose hash goes into the evidence.
    pub fn exceptions(mut self, exceptions: Exceptions, from: Cited) -> Self {
        self.exceptions = self.exceptions.and(exceptions);
        self.cited.push(from);
        self
    }

    /// Hears this VEX, from a document whose hash goes into the evidence. Whoever gives it answers for its author.
    pub fn vex(mut self, vex: Vex, from: Cited) -> Self {
        self.vex.push(vex);
        self.cited.push(from);
        self
    }
}

#[async_trait]
impl Gate for ScanGate {
    fn id(&self) -> &str {
        &self.id
    }

    /// What became known since the image was let in is told, and neither that nor a scanner that is down keeps it from going
    /// back: what it would replace is worse. An edge that names the gate for its rollbacks has it block.
    fn on_rollback(&self) -> OnRollback {
        OnRollback::Advisory
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let began = Instant::now();
        let asked = subject::asked(context).await?;
        let mut found = Found::nothing();
        let mut cause = None;
        for source in &self.reports {
            match source.reports(&asked).await {
                Ok(more) => found.and(more),
                Err(error) => failed(error, &mut found, &mut cause),
            }
        }
        if !found.checks.is_empty() {
            found.unreadable(&self.id, "reports of checks are no scans: give them to a gate for checks");
        }
        let environment = context.passage.map(|promoted| promoted.passage.to.as_str());
        let rules = Rules { config: &self.config, exceptions: &self.exceptions, vex: &self.vex };
        let mut standing = None;
        if let Some(since) = self.config.baseline_environment() {
            let reports = if self.baseline_reports.is_empty() { &self.reports } else { &self.baseline_reports };
            match baseline::of(context, since, reports, self.elsewhere.as_ref(), &rules).await {
                Ok(known) => standing = known,
                Err(error) => failed(error, &mut found, &mut cause),
            }
        }
        // A scan of now is not of the future, however long it took.
        let now = later(context.now, began)?;
        let mut case = Case::new(&asked.subject, &found.scans).exceptions(&self.exceptions).vex(&self.vex);
        if let Some(environment) = environment {
            case = case.environment(environment);
        }
        if let Some(standing) = &standing {
            case = case.baseline(&standing.baseline);
        }
        let decided = decide(&case, &self.config, now);
        let reasons: Vec<Reason> = found.unreadable.iter().chain(&decided.reasons).cloned().collect();
        match scan::Verdict::of(&reasons) {
            scan::Verdict::Pass => {
                let stands_on = evidence::StandsOn {
                    subject: &asked.subject,
                    config: &self.config,
                    cited: &self.cited,
                    standing: standing.as_ref(),
                    passed_over: &found.passed_over,
                    now,
                };
                Ok(Verdict::Pass(evidence::of(&decided, &stands_on)?))
            }
            scan::Verdict::Fail => {
                Ok(Verdict::Fail { reasons: reasons.into_iter().map(|reason| reason.message).collect() })
            }
            scan::Verdict::Undecided => Err(Undecided::new(&self.id, reasons, found.passed_over, cause).into()),
        }
    }
}

/// A source that fails is no empty one. The others are asked all the same, so that every refusal is told at once.
pub(super) fn failed(error: GateError, found: &mut Found, cause: &mut Option<GateError>) {
    found.unreadable.push(Reason::undecided(Code::Unreadable, undecided::words(&*error)));
    cause.get_or_insert(error);
}

fn later(now: SystemTime, began: Instant) -> Result<Timestamp, GateError> {
    let now = now.checked_add(began.elapsed()).ok_or("the time cannot be reckoned with")?;
    Ok(Timestamp::try_from(now)?)
}
