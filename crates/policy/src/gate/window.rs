//! `WindowGate`: an environment that is closed keeps whoever comes waiting.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use lockage_promote::pipeline::gates::RepositoryTagGate;
use lockage_promote::{Evidence, Gate, GateContext, GateError, Verdict, Way};
use lockage_registry::{Repository, Source, Tag};
use serde_json::json;

use crate::window::{Action, WindowStatus, Windows};

/// Waits while an environment is closed, and says until when.
///
/// A freeze ends by itself, so it is no refusal: what waits may be asked again. A kill switch is a tag in a repository, is
/// looked for first, and closes for everything, for going back too. Where it cannot be looked for, nothing moves.
///
/// ```
/// use lockage_policy::gate::WindowGate;
/// use lockage_policy::window::{Action, Window, Windows};
///
/// let windows = Windows::new()
///     .with(Window::deny("year-end", "2026-12-18", "2027-01-04", "Europe/Berlin")?.except(Action::Rollback));
/// let gate = WindowGate::new(windows); // an edge that asks it on a rollback too is not kept from one by this window
/// # let _ = gate;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct WindowGate {
    id: String,
    windows: Windows,
    action: Option<Action>,
    kill_switch: Option<RepositoryTagGate>,
}

impl WindowGate {
    /// Waits for these windows. What is done is what the promoter does: a promotion, a hotfix, or a rollback where the edge
    /// asks the gate on those.
    pub fn new(windows: Windows) -> Self {
        Self { id: "window".to_owned(), windows, action: None, kill_switch: None }
    }

    /// Gives the gate another name than `window`.
    pub fn named(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// What is done, whatever the promoter says: windows may leave going back, or a hotfix, alone.
    pub fn action(self, action: Action) -> Self {
        Self { action: Some(action), ..self }
    }

    /// Waits also while `tag` is in `repository`, whatever is done. One HEAD.
    pub fn kill_switch(self, source: impl Source + 'static, repository: Repository, tag: Tag) -> Self {
        Self { kill_switch: Some(RepositoryTagGate::new(source, repository, tag)), ..self }
    }
}

#[async_trait]
impl Gate for WindowGate {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        if let Some(switch) = &self.kill_switch {
            match switch.evaluate(context).await? {
                Verdict::Pass(_) => {}
                Verdict::Wait { reason, retry_after } => {
                    return Ok(Verdict::Wait { reason: format!("the kill switch {reason}"), retry_after });
                }
                fail @ Verdict::Fail { .. } => return Ok(fail),
            }
        }
        let now = Timestamp::try_from(context.now)?;
        let action = self.action.unwrap_or_else(|| done(context));
        let status = self.windows.evaluate(action, None, None, now);
        Ok(if status.open { open(&status, action, self.kill_switch.is_some()) } else { closed(&status, now) })
    }
}

/// What is done, by the promoter. A copy along no edge goes on.
fn done(context: &GateContext<'_>) -> Action {
    match context.passage.map(|passage| passage.way) {
        Some(Way::Rollback) => Action::Rollback,
        Some(Way::Hotfix) => Action::Hotfix,
        _ => Action::Promotion,
    }
}

fn open(status: &WindowStatus, action: Action, looked_for_a_switch: bool) -> Verdict {
    let reason = status.next_close_reason.as_deref().unwrap_or_default();
    let summary = match status.next_close {
        Some(at) => format!("open until {at}, {reason}"),
        None => "open".to_owned(),
    };
    Verdict::Pass(Evidence::new(summary).with_details(json!({
        "action": action,
        "next-close": status.next_close,
        "next-close-reason": status.next_close_reason,
        "kill-switch": looked_for_a_switch.then_some("not set"),
    })))
}

fn closed(status: &WindowStatus, now: Timestamp) -> Verdict {
    let why = status.reason.as_deref().unwrap_or("no window is open");
    let (reason, retry_after) = match status.next_open {
        Some(at) => (format!("closed until {at}: {why}"), Duration::try_from(at.duration_since(now)).ok()),
        None => (format!("closed, and nothing foreseeable opens it: {why}"), None),
    };
    Verdict::Wait { reason, retry_after }
}
