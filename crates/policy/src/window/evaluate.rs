//! Whether an environment is open: what denies beats what allows, and the kill switch beats all.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::rule::{Action, Effect, Window};
use super::status::{KillSwitch, Override, WindowStatus};

/// The windows of an environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    windows: Vec<Window>,
}

/// How far ahead the next time that it opens or closes is looked for, after the last window that does not come again:
/// weeks are alike but for the changes of clocks, of which a year has all.
const FORESEEN: SignedDuration = SignedDuration::from_hours(24 * 370);

impl Windows {
    /// None: always open.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These, and this one.
    #[must_use]
    pub fn with(mut self, window: Window) -> Self {
        self.windows.push(window);
        self
    }

    /// Whether the environment is open for `action` at `now`.
    ///
    /// A kill switch closes it for every action, and no override opens it: whoever set the tag takes it away. An override
    /// opens what windows close, and is part of the answer.
    #[must_use]
    pub fn evaluate(
        &self,
        action: Action,
        kill_switch: Option<&KillSwitch>,
        r#override: Option<&Override>,
        now: Timestamp,
    ) -> WindowStatus {
        let mut status = WindowStatus {
            open: false,
            reason: None,
            closed_by: Vec::new(),
            next_open: None,
            next_close: None,
            next_close_reason: None,
            overridden: None,
        };
        if let Some(switch) = kill_switch {
            let why = switch.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
            status.reason = Some(format!("the kill switch {} is set{why}", switch.tag));
            return status;
        }
        match self.closed(action, now) {
            None => {
                status.open = true;
                if let Some((at, closed)) = self.next(action, now, |closed| closed.is_some()) {
                    status.next_close = Some(at);
                    status.next_close_reason = closed.map(|closed| closed.reason);
                }
            }
            Some(closed) => {
                status.reason = Some(closed.reason);
                status.closed_by = closed.by;
                status.next_open = self.next(action, now, |closed| closed.is_none()).map(|(at, _)| at);
                if let Some(given) = r#override {
                    status.open = true;
                    status.next_open = None;
                    status.overridden = Some(given.clone());
                }
            }
        }
        status
    }

    /// Whether the windows leave it open for `action` at `now`, without a look ahead.
    #[must_use]
    pub fn is_open(&self, action: Action, now: Timestamp) -> bool {
        self.closed(action, now).is_none()
    }

    /// What closes it at `at`; nothing where it is open.
    fn closed(&self, action: Action, at: Timestamp) -> Option<Closed> {
        let (deny, allow): (Vec<&Window>, Vec<&Window>) =
            self.matching(action).partition(|window| window.effect == Effect::Deny);
        let denying: Vec<_> = deny.into_iter().filter(|window| window.span.holds(at)).collect();
        if !denying.is_empty() {
            let words: Vec<_> = denying.iter().map(|window| words(window)).collect();
            let by = denying.iter().map(|window| window.name.clone()).collect();
            return Some(Closed { reason: words.join("; "), by });
        }
        if allow.is_empty() || allow.iter().any(|window| window.span.holds(at)) {
            return None;
        }
        let names: Vec<_> = allow.iter().map(|window| window.name.clone()).collect();
        Some(Closed { reason: format!("outside of {}", names.join(", ")), by: names })
    }

    /// The windows that are not without effect on the action.
    fn matching(&self, action: Action) -> impl Iterator<Item = &Window> {
        self.windows.iter().filter(move |window| !window.except.contains(&action))
    }

    /// The first moment after `now` that is as it is wanted. Between two beginnings or ends nothing changes.
    fn next(
        &self,
        action: Action,
        now: Timestamp,
        wanted: impl Fn(&Option<Closed>) -> bool,
    ) -> Option<(Timestamp, Option<Closed>)> {
        let last = self.matching(action).filter_map(|window| window.span.last()).fold(now, Timestamp::max);
        let horizon = last.saturating_add(FORESEEN).unwrap_or(Timestamp::MAX);
        let mut at = now;
        while at <= horizon {
            at = self.matching(action).filter_map(|window| window.span.next_change(at)).min()?;
            let closed = self.closed(action, at);
            if wanted(&closed) {
                return Some((at, closed));
            }
        }
        None
    }
}

struct Closed {
    reason: String,
    by: Vec<String>,
}

fn words(window: &Window) -> String {
    match &window.reason {
        Some(reason) => format!("{}: {reason}", window.name),
        None => window.name.clone(),
    }
}
