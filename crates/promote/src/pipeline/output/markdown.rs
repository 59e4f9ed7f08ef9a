//! A promotion as a comment.

use super::escape::{code, plain};
use super::{Report, ReportedGate, Said, Standing};

pub(super) fn comment(report: &Report) -> String {
    let mut text = report.marker() + "\n";
    text += &format!(
        "### {} → {}: {}\n\n",
        plain(report.image.as_str()),
        plain(report.to.as_str()),
        report.standing.word()
    );
    let mut known = vec![code(report.digest.as_ref())];
    known.extend(report.facts.commit.as_ref().map(|commit| format!("commit {}", code(commit))));
    known.extend(report.facts.pull_request.map(|number| format!("pull request {number}")));
    known.extend(report.facts.version.as_ref().map(|version| format!("version {}", code(version))));
    text += &known.join(", ");
    text += "\n\n| tag | | before |\n|---|---|---|\n";
    for tag in &report.tags {
        let word = if tag.floats { "moves" } else { "created once" };
        let before = match &tag.former {
            None => "nothing".to_owned(),
            Some(former) if *former == report.digest => "this image".to_owned(),
            Some(former) => match &tag.former_is {
                Some(known) => format!("{} ({})", code(former.as_ref()), plain(known)),
                None => code(former.as_ref()),
            },
        };
        text += &format!("| {} | {word} | {before} |\n", code(&format!("{}:{}", report.target, tag.tag)));
    }
    if !report.gates.is_empty() {
        text += "\n| gate | | found |\n|---|---|---|\n";
        for gate in &report.gates {
            text += &line(gate);
        }
    }
    for note in &report.notes {
        text += &format!("\n* {}\n", code(note));
    }
    if report.standing == Standing::Done {
        text += "\nDeploy:\n";
        for reference in &report.references {
            text += &format!("* {}\n", code(&reference.to_string()));
        }
    } else {
        text += &format!("\nNothing was written. Plan {}.\n", code(report.plan.as_ref()));
    }
    text
}

fn line(gate: &ReportedGate) -> String {
    let sign = match gate.said {
        Said::Pass if gate.advisory.is_some() => "ℹ️ advisory",
        Said::Fail if gate.advisory.is_some() => "ℹ️ advisory: fail",
        Said::Wait if gate.advisory.is_some() => "ℹ️ advisory: wait",
        Said::Undecided if gate.advisory.is_some() => "ℹ️ advisory: undecided",
        Said::Pass => "✅ pass",
        Said::Fail => "❌ fail",
        Said::Wait => "⏳ wait",
        Said::Undecided => "❓ undecided",
        Said::PassedBy => "⚠️ passed by",
    };
    let found: Vec<String> = gate.found.iter().map(|found| code(found)).collect();
    let advisory = gate.advisory.as_ref().map(|reason| format!(" (advisory: {})", code(reason))).unwrap_or_default();
    let reason = gate.overridden.as_ref().map(|reason| format!(" (passed by: {})", code(reason))).unwrap_or_default();
    format!("| {} | {sign} | {}{advisory}{reason} |\n", code(&gate.gate), found.join("<br>"))
}
