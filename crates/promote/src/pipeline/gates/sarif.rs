//! SARIF 2.1.0 of any tool: how many results there are, of which level.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::BoundError;
use crate::{Evidence, Verdict};

/// How many results are told one by one.
const SHOWN: usize = 20;

/// The level of a result (SARIF 2.1.0, 3.27.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the standard has these")]
pub enum Level {
    /// Nothing to do with a problem.
    None,
    /// A note.
    Note,
    /// A warning: what a result is that does not say.
    Warning,
    /// An error.
    Error,
}

#[derive(Deserialize)]
struct Log {
    version: String,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    results: Option<Vec<Finding>>,
    #[serde(default)]
    invocations: Vec<Invocation>,
    #[serde(default)]
    version_control_provenance: Vec<Revision>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Driver,
}

#[derive(Deserialize)]
struct Driver {
    name: String,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    default_configuration: Option<Configuration>,
}

#[derive(Deserialize)]
struct Configuration {
    level: Option<Level>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Revision {
    revision_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule_id: Option<String>,
    rule_index: Option<usize>,
    rule: Option<Named>,
    level: Option<Level>,
    kind: Option<String>,
    message: Message,
    #[serde(default)]
    suppressions: Option<Vec<Suppression>>,
}

#[derive(Deserialize)]
struct Named {
    id: Option<String>,
    index: Option<usize>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Suppression {
    status: Option<String>,
}

pub(super) fn judge(report: &[u8], commit: &str, at_least: Level) -> Result<Verdict, BoundError> {
    let unusable = |why: String| BoundError::Sarif { why };
    let log: Log = serde_json::from_slice(report).map_err(|error| unusable(error.to_string()))?;
    if log.version != "2.1.0" {
        return Err(unusable(format!("its version is {:?}", log.version)));
    }
    if log.runs.is_empty() {
        return Err(unusable("it has no run".to_owned()));
    }
    let (mut reasons, mut tools, mut suppressed, mut below) = (Vec::new(), BTreeMap::new(), 0_usize, 0_usize);
    for run in &log.runs {
        let tool = &run.tool.driver.name;
        if run.invocations.iter().any(|invocation| !invocation.execution_successful) {
            return Err(unusable(format!("{tool} says that it did not succeed")));
        }
        let said = run.version_control_provenance.iter().filter_map(|one| one.revision_id.as_deref());
        if let Some(other) = said.into_iter().find(|said| !said.eq_ignore_ascii_case(commit)) {
            return Err(BoundError::OtherCommit { said: other.to_owned(), asked: commit.to_owned() });
        }
        let results = run.results.as_ref().ok_or_else(|| unusable(format!("{tool} has no results, not even none")))?;
        *tools.entry(tool.clone()).or_insert(0_usize) += results.len();
        for result in results {
            let level = result.level(&run.tool.driver.rules);
            match (result.is_problem() && level >= at_least, result.is_suppressed()) {
                (false, _) => below += 1,
                (true, true) => suppressed += 1,
                (true, false) => {
                    let text = result.message.text.lines().next().unwrap_or_default();
                    let short: String = text.chars().take(120).collect();
                    reasons.push(format!("{tool}: {} {short}", result.rule().unwrap_or("?")).trim_end().to_owned());
                }
            }
        }
    }
    if reasons.is_empty() {
        let names: Vec<_> = tools.keys().map(String::as_str).collect();
        let details = json!({ "tools": tools, "suppressed": suppressed, "below": below });
        return Ok(Verdict::Pass(Evidence::new(format!("{} found nothing", names.join(", "))).with_details(details)));
    }
    let more = reasons.len().saturating_sub(SHOWN);
    reasons.truncate(SHOWN);
    if more > 0 {
        reasons.push(format!("and {more} more"));
    }
    Ok(Verdict::Fail { reasons })
}

impl Finding {
    fn rule(&self) -> Option<&str> {
        self.rule_id.as_deref().or_else(|| self.rule.as_ref()?.id.as_deref())
    }

    /// Its own, or its rule's, or a warning.
    fn level(&self, rules: &[Rule]) -> Level {
        let index = self.rule_index.or_else(|| self.rule.as_ref()?.index);
        let rule = match (index, self.rule()) {
            (Some(index), _) => rules.get(index),
            (None, Some(id)) => rules.iter().find(|rule| rule.id == id),
            (None, None) => None,
        };
        let of_rule = || rule?.default_configuration.as_ref()?.level;
        self.level.or_else(of_rule).unwrap_or(Level::Warning)
    }

    /// What is to be reviewed is a problem until it was.
    fn is_problem(&self) -> bool {
        !matches!(self.kind.as_deref(), Some("pass" | "notApplicable" | "informational"))
    }

    /// Accepted, and by nobody put in doubt (3.35.3: what has no status is accepted).
    fn is_suppressed(&self) -> bool {
        let accepted = |one: &Suppression| one.status.as_deref().is_none_or(|status| status == "accepted");
        self.suppressions.as_ref().is_some_and(|all| !all.is_empty() && all.iter().all(accepted))
    }
}
