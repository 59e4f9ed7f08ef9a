//! What gates of all kinds ask: of whom, how many, and what has to be proven.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lockage_promote::pipeline::documents::TableProblem;
use serde::Deserialize;

use super::problem;
use crate::Policy;
use crate::gate::Signers;
use crate::policy::PolicyBuilder;
use crate::verify::Attestation;

/// Of whom it is asked.
pub(super) struct Asked {
    pub(super) signers: Vec<String>,
    pub(super) threshold: Option<usize>,
    pub(super) recursive: bool,
    pub(super) transparency_log: bool,
    pub(super) timestamp: bool,
}

impl Asked {
    /// The policy, to which more may be added; and whether it has a root, without which no time is proven.
    pub(super) fn policy(&self, known: &Signers) -> Result<(PolicyBuilder, bool), TableProblem> {
        if self.signers.is_empty() {
            return Err(problem("signers: nobody would have to sign", "Name those who may sign: signers = [\"…\"]."));
        }
        let mut policy = Policy::builder().threshold(self.threshold.unwrap_or(1));
        let mut first: Option<(&str, &Arc<crate::trust::TrustedRoot>)> = None;
        for (nth, name) in self.signers.iter().enumerate() {
            if self.signers.iter().take(nth).any(|other| other == name) {
                return Err(problem(format_args!("signers: {name} is there twice"), "Name everybody once."));
            }
            let member = known.get(name).map_err(|error| problem(format_args!("signers: {error}"), error.remedy()))?;
            match (member.root(), first) {
                (Some(root), Some((other, believed))) if !Arc::ptr_eq(root, believed) => {
                    return Err(problem(
                        format_args!("signers: {name} and {other} have different trusted roots"),
                        "Ask them in two gates.",
                    ));
                }
                (Some(root), None) => first = Some((name, root)),
                _ => {}
            }
            policy = member.join(policy);
        }
        if self.recursive {
            policy = policy.recursive();
        }
        if self.transparency_log {
            policy = policy.require_log();
        }
        if self.timestamp {
            policy = policy.require_timestamp();
        }
        Ok((policy, first.is_some()))
    }
}

/// A policy that can be met.
pub(super) fn built(policy: PolicyBuilder) -> Result<Policy, TableProblem> {
    policy.build().map_err(|error| problem(&error, error.remedy()))
}

/// One text, or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOf {
    One(String),
    Several(Vec<String>),
}

impl OneOf {
    /// Those of which one has to be it.
    pub(super) fn read(key: &str, written: Option<Self>) -> Result<Option<Vec<String>>, TableProblem> {
        let texts = match written {
            None => return Ok(None),
            Some(Self::One(text)) => vec![text],
            Some(Self::Several(texts)) => texts,
        };
        if texts.is_empty() || texts.iter().any(String::is_empty) {
            return Err(problem(format_args!("{key}: it is empty"), format!("Write {key} = \"…\", or leave it out.")));
        }
        Ok(Some(texts))
    }
}

/// As documents have them: `90m`, `36h`, `2d 4h`.
pub(super) fn max_age(written: Option<&str>) -> Result<Option<Duration>, TableProblem> {
    let read = |text: &str| {
        let span =
            text.parse::<jiff::Span>().and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()));
        let age = span.ok().and_then(|span| Duration::try_from(span).ok()).filter(|age| !age.is_zero());
        age.ok_or_else(|| problem(format_args!("max-age: {text:?} is no duration"), "Write 90m, 36h or 2d 4h."))
    };
    written.map(read).transpose()
}

/// Whether an attestation is young enough: by what it says itself, and by what is proven, whichever is earlier. Clocks may be
/// five minutes ahead.
pub(super) fn young(
    max_age: Duration,
    said: Option<&str>,
    attestation: &Attestation,
    now: SystemTime,
) -> Result<(), String> {
    const AHEAD: Duration = Duration::from_secs(300);
    let said = said.map(|text| {
        let time = text.parse::<jiff::Timestamp>();
        time.map(SystemTime::from).map_err(|error| format!("its time {text:?} cannot be read: {error}"))
    });
    let times = said.transpose()?.into_iter().chain(attestation.times.iter().copied());
    let at = times.min().ok_or("nobody says when it was made, so that its age is not known")?;
    if at > now + AHEAD {
        return Err("it is from the future".to_owned());
    }
    let age = now.duration_since(at).unwrap_or_default();
    match age > max_age {
        true => Err(format!("it is {} s old, and at most {} s are allowed", age.as_secs(), max_age.as_secs())),
        false => Ok(()),
    }
}
