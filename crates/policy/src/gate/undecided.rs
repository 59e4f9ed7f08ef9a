//! `Undecided`: why a gate could not decide, which stops a promotion as much as a refusal.

use std::fmt;

use lockage_promote::GateError;

use crate::scan::Reason;

/// Not enough is known to let the image pass, and nothing that refuses it.
#[derive(Debug)]
pub struct Undecided {
    gate: String,
    reasons: Vec<Reason>,
    passed_over: Vec<String>,
    cause: Option<GateError>,
}

impl Undecided {
    pub(super) fn new(gate: &str, reasons: Vec<Reason>, passed_over: Vec<String>, cause: Option<GateError>) -> Self {
        Self { gate: gate.to_owned(), reasons, passed_over, cause }
    }

    /// Everything that is not known.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// What was found and not believed, such as an attestation that nobody known has signed.
    #[must_use]
    pub fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        "Scan every platform by its digest with a fresh database, and give the gate these reports."
    }
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot decide", self.gate)?;
        for (n, reason) in self.reasons.iter().enumerate() {
            write!(f, "{}{}", if n == 0 { ": " } else { "; " }, reason.message)?;
        }
        for note in &self.passed_over {
            write!(f, "; not believed: {note}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Undecided {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// An error and its causes, in one line.
pub(super) fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !line.contains(&more) {
            line = format!("{line}: {more}");
        }
        next = cause.source();
    }
    line
}
