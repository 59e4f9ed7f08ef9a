//! `GithubOutput`: lines for the file that `$GITHUB_OUTPUT` names.

use std::fmt;

use super::{Report, Standing};

/// Outputs of a step, as the file that `$GITHUB_OUTPUT` names wants them. [`Display`](fmt::Display) is what to append.
///
/// No value can end early and set another output: its delimiter is one that it does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GithubOutput(Vec<(&'static str, String)>);

impl GithubOutput {
    /// The outputs, by name.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

pub(super) fn outputs(report: &Report) -> GithubOutput {
    let lines = |lines: Vec<String>| lines.join("\n");
    let image = report.references.first().map(ToString::to_string).unwrap_or_default();
    let tags = if report.standing == Standing::Done { report.tags.as_slice() } else { &[] };
    GithubOutput(vec![
        ("result", report.standing.word().to_owned()),
        ("image", image),
        ("images", lines(report.references.iter().map(ToString::to_string).collect())),
        ("tags", lines(tags.iter().map(|tag| tag.tag.to_string()).collect())),
        ("digest", report.digest.to_string()),
        ("environment", report.to.to_string()),
        ("plan", report.plan.to_string()),
        ("commit", report.facts.commit.clone().unwrap_or_default()),
        ("version", report.facts.version.clone().unwrap_or_default()),
    ])
}

impl fmt::Display for GithubOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, value)| {
            if !value.contains(['\n', '\r']) && !value.contains("<<") {
                return writeln!(f, "{name}={value}");
            }
            let delimiter = delimiter(value);
            writeln!(f, "{name}<<{delimiter}\n{value}\n{delimiter}")
        })
    }
}

/// A line that `value` does not have.
fn delimiter(value: &str) -> String {
    let mut delimiter = "lockage".to_owned();
    while value.contains(&delimiter) {
        // It grows beyond every one in the value, and ends.
        delimiter.push('_');
    }
    delimiter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_set_another_output() {
        let value = "v1\nlockage\nimage=evil\nlockage_\ndigest<<lockage__";
        let text = GithubOutput(vec![("version", value.to_owned()), ("commit", "2b2e927".to_owned())]).to_string();
        let mut lines = text.lines();
        let (name, delimiter) = lines.next().unwrap().split_once("<<").unwrap();
        let held: Vec<_> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        assert_eq!((name, held.join("\n").as_str()), ("version", value));
        assert_eq!(lines.collect::<Vec<_>>(), ["commit=2b2e927"]);
    }

    #[test]
    fn a_carriage_return_is_a_line_end_to_some_readers() {
        let text = GithubOutput(vec![("version", "a\rimage=evil".to_owned())]).to_string();
        assert!(text.starts_with("version<<lockage\n"), "{text}");
    }
}
