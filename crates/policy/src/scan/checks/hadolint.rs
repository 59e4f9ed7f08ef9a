//! `hadolint -f json`: a list of what is wrong with a Dockerfile. An empty one is a clean file.

use super::super::read::node::Node;
use super::super::{Format, ReadError};
use super::{Check, CheckReport, Level};

pub(in super::super) fn read(root: &Node<'_>) -> Result<CheckReport, ReadError> {
    let mut report = CheckReport::new(Format::Hadolint, "hadolint");
    for item in root.items()? {
        let level = match item.need_text("level")? {
            "error" => Level::Error,
            "warning" => Level::Warning,
            "info" => Level::Note,
            "style" => Level::None,
            _ => return Err(item.need("level")?.wrong("error, warning, info or style")),
        };
        let file = item.text("file")?.unwrap_or_default();
        let place = item.count("line")?.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"));
        report.problems.push(Check {
            id: item.need_text("code")?.to_owned(),
            level,
            message: item.text("message")?.unwrap_or_default().to_owned(),
            place: Some(place),
            suppressed: None,
        });
    }
    Ok(report)
}
