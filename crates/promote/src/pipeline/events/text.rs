//! A line for a chat, in Slack's mrkdwn.

use super::{Happening, What};

/// What happened, in two lines for a chat. What comes from others is escaped, so that nobody mentions a channel by a reason.
#[must_use]
pub fn slack(happening: &Happening) -> String {
    let Happening { what, image, environment, digest, facts, actor, edge, .. } = happening;
    let word = match what {
        What::Started => ":arrow_forward: promoting",
        What::Done => ":white_check_mark: promoted",
        What::Failed { .. } => ":x: not promoted",
        What::Waiting { .. } => ":hourglass: waiting",
        What::RolledBack { .. } => ":rewind: rolled back",
    };
    let mut known = vec![format!("`{}`", digest.short())];
    known.extend(facts.version.as_ref().map(|version| escape(version)));
    known.extend(facts.commit.as_ref().map(|commit| format!("commit {}", escape(commit.get(..7).unwrap_or(commit)))));
    known.extend(facts.pull_request.map(|number| format!("PR #{number}")));
    let head = format!("{word}: *{}* to *{}*", escape(image.as_str()), escape(environment.as_str()));
    let tail = format!("{}, by {}, along {}", known.join(", "), escape(actor), escape(edge.as_str()));
    match what {
        What::Failed { why } | What::Waiting { why } | What::RolledBack { why, .. } => {
            format!("{head}\n{tail}\n> {}", escape(&why.replace(['\n', '\r'], " ")))
        }
        What::Started | What::Done => format!("{head}\n{tail}"),
    }
}

/// Slack, "Formatting text": these three, and no others.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
