//! SARIF 2.1.0: its runs, rules and results. What a severity is, each tool says in a place of its own.

pub(super) mod grype;
pub(super) mod scout;
pub(super) mod trivy;

use std::collections::HashMap;

use super::super::{Gap, Problem, ReadError, excerpt};
use super::node::Node;

/// One run of a tool.
pub(in super::super) struct Run<'a> {
    pub(in super::super) node: Node<'a>,
    pub(in super::super) driver: Node<'a>,
    rules: Vec<Node<'a>>,
    by_id: HashMap<&'a str, usize>,
    pub(in super::super) results: Vec<Node<'a>>,
}

/// The runs of a document; each has its results, be they none. A run without a list of results did not finish (SARIF
/// 2.1.0, 3.14.23).
pub(in super::super) fn runs<'a>(root: &Node<'a>) -> Result<Vec<Run<'a>>, ReadError> {
    match root.need_text("version")? {
        "2.1.0" => {}
        version => return Err(ReadError::new("$.version", Problem::UnknownVersion(excerpt(version)))),
    }
    let runs = root.need_list("runs")?;
    if runs.is_empty() {
        return Err(ReadError::new("$.runs", Problem::Missing));
    }
    runs.into_iter().map(run).collect()
}

fn run(node: Node<'_>) -> Result<Run<'_>, ReadError> {
    let driver = node.need("tool")?.need("driver")?;
    let rules = driver.list("rules")?;
    let mut by_id = HashMap::new();
    for (index, rule) in rules.iter().enumerate() {
        by_id.entry(rule.need_text("id")?).or_insert(index);
    }
    let results = node.need_list("results")?;
    Ok(Run { node, driver, rules, by_id, results })
}

impl<'a> Run<'a> {
    /// The id of a result's rule, and the rule where the driver describes it.
    pub(in super::super) fn rule(&self, result: &Node<'a>) -> Result<(&'a str, Option<&Node<'a>>), ReadError> {
        let reference = result.get("rule")?;
        let mut id = result.text("ruleId")?;
        let mut index = result.count("ruleIndex")?;
        if let Some(reference) = &reference {
            id = id.or(reference.text("id")?);
            index = index.or(reference.count("index")?);
        }
        let by_index = index.and_then(|index| self.rules.get(usize::try_from(index).ok()?));
        let id = match (id, by_index) {
            (Some(id), _) => id,
            (None, Some(rule)) => rule.need_text("id")?,
            (None, None) => return Err(result.contradiction("a result names no rule")),
        };
        if let Some(rule) = by_index
            // A hierarchical id, `CA2101/1`, belongs to the rule at its beginning (3.27.5).
            && id.strip_prefix(rule.need_text("id")?).is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/'))
        {
            return Err(result.contradiction("ruleId and ruleIndex name different rules"));
        }
        Ok((id, by_index.or_else(|| self.by_id.get(id).and_then(|index| self.rules.get(*index)))))
    }

    /// The rule, which a scanner's result cannot be understood without.
    fn need_rule(&self, result: &Node<'a>) -> Result<(&'a str, &Node<'a>), ReadError> {
        let (id, rule) = self.rule(result)?;
        Ok((id, rule.ok_or_else(|| result.contradiction("its rule is not described, and with it the severity"))?))
    }

    /// What the tool says of its own failure, and of what it was told to leave out.
    pub(in super::super) fn gaps(&self) -> Result<Vec<Gap>, ReadError> {
        let mut gaps = Vec::new();
        for invocation in self.node.list("invocations")? {
            if invocation.flag("executionSuccessful")? == Some(false) {
                gaps.push(Gap::Failed("it was not executed successfully".to_owned()));
            }
            let mut words = invocation.texts("arguments")?;
            words.extend(invocation.text("commandLine")?.unwrap_or_default().split_whitespace());
            for option in FILTERS {
                if words.iter().any(|word| word.split('=').next() == Some(option)) {
                    gaps.push(Gap::Filtered(option.to_owned()));
                }
            }
        }
        Ok(gaps)
    }
}

/// Options of scanners that leave findings out without a trace in the results.
const FILTERS: [&str; 10] = [
    "--severity",
    "--ignore-status",
    "--ignore-unfixed",
    "--only-severity",
    "--only-severities",
    "--only-fixed",
    "--only-unfixed",
    "--only-notfixed",
    "--only-cve-id",
    "--ignorefile",
];

/// Whether a result is a finding: of kind `fail`, which is the default, or one of the kinds that leave it open.
pub(in super::super) fn is_finding(result: &Node<'_>) -> Result<bool, ReadError> {
    Ok(!matches!(result.text("kind")?, Some("pass" | "notApplicable")))
}

/// What hides a result, in the words of GitHub: accepted, or without a status, which means the same (3.35.3). One that is under
/// review or rejected puts all in doubt.
pub(in super::super) fn suppression(result: &Node<'_>) -> Result<Option<super::super::Suppressed>, ReadError> {
    let suppressions = result.list("suppressions")?;
    for suppression in &suppressions {
        if !matches!(suppression.text("status")?, None | Some("accepted")) {
            return Ok(None);
        }
    }
    let Some(first) = suppressions.first() else { return Ok(None) };
    Ok(Some(super::super::Suppressed {
        by: first.need_text("kind")?.to_owned(),
        reason: first.text("justification")?.unwrap_or_default().to_owned(),
    }))
}

/// The only run of a scanner's document.
fn only_run<'a>(root: &Node<'a>) -> Result<Run<'a>, ReadError> {
    let mut runs = runs(root)?;
    match (runs.pop(), runs.is_empty()) {
        (Some(run), true) => Ok(run),
        _ => Err(root.contradiction("one run is expected of a scanner, not several")),
    }
}

/// The rest of the line that begins with `label`, trimmed; nothing where no line does.
fn line<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(label)).map(str::trim)
}

/// What a line says of the severity; an error where there is a line and it is none.
fn severity_line(node: &Node<'_>, text: &str) -> Result<Option<super::super::Severity>, ReadError> {
    line(text, "Severity:").map(|word| word.parse().map_err(|_| node.wrong("a text with a severity"))).transpose()
}
