//! A promotion as a diff before and a receipt after, for a terminal.

use std::fmt;

use super::{KINDS, Report, ReportedGate, ReportedTag, Said, Standing, times};
use crate::human::{Bytes, Many};
use crate::{CopyPlan, Route};
use lockage_tagging::OneLine;

impl Standing {
    /// It, in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Ready => "ready",
            Self::Refused => "refused",
            Self::Undecided => "undecided",
            Self::Waiting => "waiting",
            Self::Done => "done",
        }
    }
}

impl Said {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::Wait => "wait",
            Self::Undecided => "????",
            Self::PassedBy => "OVER",
        }
    }
}

/// What a plan moves: `5 manifests, 11 blobs to ensure (4.1 MB), with 2 signatures`.
pub(super) fn content(plan: &CopyPlan) -> String {
    let blobs = Many(plan.blobs().len(), "blob");
    let manifests = Many(plan.manifests().len(), "manifest");
    let mut text = match plan.route() {
        Route::Present => "every blob and manifest is there".to_owned(),
        Route::Retag => "only tags move".to_owned(),
        Route::Mount => format!("{manifests}, {blobs} to mount"),
        Route::Stream => format!("{manifests}, {blobs} to ensure ({})", Bytes(plan.bytes())),
    };
    let counted = KINDS.map(|(kind, word)| {
        let count = plan.attachments().iter().filter(|one| one.kind == kind).count();
        (count > 0).then(|| Many(count, word).to_string())
    });
    let attached: Vec<String> = counted.into_iter().flatten().collect();
    if !attached.is_empty() {
        text += &format!(", with {}", attached.join(", "));
    }
    text
}

impl fmt::Display for Report {
    /// The [`diff`](Report::diff), and the [`outcome`](Report::outcome).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.before(f)?;
        self.end(f)
    }
}

/// One of the two halves of a report.
struct Half<'r>(&'r Report, fn(&Report, &mut fmt::Formatter<'_>) -> fmt::Result);

impl fmt::Display for Half<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1(self.0, f)
    }
}

impl Report {
    /// What is to be done, and every gate: what stands before the promotion.
    #[must_use]
    pub fn diff(&self) -> impl fmt::Display {
        Half(self, Self::before)
    }

    /// What came of it.
    #[must_use]
    pub fn outcome(&self) -> impl fmt::Display {
        Half(self, Self::end)
    }

    fn before(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.image, self.digest)?;
        if let Some(commit) = &self.facts.commit {
            write!(f, "  commit {}", OneLine(commit.get(..7).unwrap_or(commit)))?;
        }
        if let Some(number) = self.facts.pull_request {
            write!(f, "  PR #{number}")?;
        }
        if let Some(version) = &self.facts.version {
            write!(f, "  version {}", OneLine(version))?;
        }
        if let Some(age) = self.facts.created.and_then(|created| self.now.duration_since(created).ok()) {
            write!(f, "  built {} ago", times::rough(age))?;
        }
        writeln!(f, "\n{} → {}  {} → {}\n", self.from, self.to, self.source, self.target)?;
        let width = self.tags.iter().map(|tag| tag.tag.as_str().len()).max().unwrap_or(0);
        for tag in &self.tags {
            self.tag(f, tag, width)?;
        }
        writeln!(f, "  = {}", self.content)?;
        self.notes.iter().try_for_each(|note| writeln!(f, "  ! {}", OneLine(note)))?;
        if !self.gates.is_empty() {
            writeln!(f)?;
        }
        let width = self.gates.iter().map(|gate| gate.gate.len()).max().unwrap_or(0);
        for gate in &self.gates {
            self.gate(f, gate, width)?;
        }
        Ok(())
    }

    fn tag(&self, f: &mut fmt::Formatter<'_>, tag: &ReportedTag, width: usize) -> fmt::Result {
        let word = if tag.floats { "float" } else { "pin" };
        let name = tag.tag.as_str();
        match &tag.former {
            None => writeln!(f, "  + {word:<5}  {name:<width$}  create"),
            Some(former) if *former == self.digest => writeln!(f, "  = {word:<5}  {name:<width$}  holds it"),
            Some(former) => {
                let known = tag.former_is.as_ref().map(|known| format!("  ({})", OneLine(known))).unwrap_or_default();
                let (former, digest) = (former.short(), self.digest.short());
                writeln!(f, "  ~ {word:<5}  {name:<width$}  {former}{known}  →  {digest}")
            }
        }
    }

    fn gate(&self, f: &mut fmt::Formatter<'_>, gate: &ReportedGate, width: usize) -> fmt::Result {
        let word = if gate.advisory.is_some() { "note" } else { gate.said.word() };
        let mut lead = format!("  {word}  {:<width$}", gate.gate);
        for found in &gate.found {
            // What a gate says is a line, whatever it has in it.
            let words: Vec<_> = found.split_whitespace().collect();
            writeln!(f, "{lead}  {}", OneLine(words.join(" ")))?;
            lead = " ".repeat(lead.chars().count());
        }
        if let Some(wait) = gate.retry_after {
            let at = self.now.checked_add(wait).and_then(|at| jiff::Timestamp::try_from(at).ok());
            let at = at.map(|at| format!(", at {at:.0}")).unwrap_or_default();
            writeln!(f, "{lead}  ask again in {}{at}", times::rough(wait))?;
        }
        if let Some(reason) = &gate.overridden {
            writeln!(f, "{lead}  (passed by: {})", OneLine(reason))?;
        }
        match &gate.advisory {
            Some(reason) => writeln!(f, "{lead}  (advisory: {})", OneLine(reason)),
            None => Ok(()),
        }
    }

    fn end(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blocking = |said: Said| {
            let gates = self.gates.iter().filter(|gate| gate.advisory.is_none() && gate.said == said);
            gates.map(|gate| gate.gate.as_str()).collect::<Vec<_>>().join(", ")
        };
        match self.standing {
            Standing::Planned => write!(f, "Plan {}. Nothing was written.", self.plan),
            Standing::Ready => write!(f, "{}. Plan {}. Nothing was written.", self.open(), self.plan),
            Standing::Refused => write!(f, "Refused by {}. Nothing was written.", blocking(Said::Fail)),
            Standing::Undecided => {
                write!(f, "Undecided: {} could not tell. Nothing was written.", blocking(Said::Undecided))
            }
            Standing::Waiting => {
                let plan = &self.plan;
                write!(f, "Not yet: waiting for {}. Plan {plan}. Nothing was written.", blocking(Said::Wait))
            }
            Standing::Done => {
                writeln!(f, "{}", self.copied.as_deref().unwrap_or_default())?;
                if !blocking(Said::PassedBy).is_empty() {
                    writeln!(f, "{}; the ledger says why.", self.open())?;
                }
                write!(f, "Done. Deploy")?;
                self.references.iter().try_for_each(|reference| write!(f, "\n  {reference}"))
            }
        }
    }

    /// What let it through.
    fn open(&self) -> String {
        let by = self.gates.iter().filter(|gate| gate.said == Said::PassedBy);
        match by.map(|gate| gate.gate.as_str()).collect::<Vec<_>>().as_slice() {
            [] => "All gates pass".to_owned(),
            passed_by => format!("Passed by: {}; all other gates pass", passed_by.join(", ")),
        }
    }
}
