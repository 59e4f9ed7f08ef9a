//! `container-structure-test --output json`: tests of an image, counted.

use super::super::read::node::Node;
use super::super::{Format, Gap, Problem, ReadError};
use super::{Check, CheckReport, Level};

pub(in super::super) fn read(root: &Node<'_>) -> Result<CheckReport, ReadError> {
    let count = |name: &str| root.count(name)?.ok_or_else(|| ReadError::new(format!("$.{name}"), Problem::Missing));
    let (passed, failed, total) = (count("Pass")?, count("Fail")?, count("Total")?);
    let mut report = CheckReport::new(Format::StructureTest, "container-structure-test");
    let (mut seen, mut good) = (0_u64, 0_u64);
    for result in root.list("Results")? {
        seen += 1;
        let name = result.need_text("Name")?;
        match result.flag("Pass")? {
            Some(true) => good += 1,
            Some(false) => report.problems.push(Check {
                id: name.to_owned(),
                level: Level::Error,
                message: result.texts("Errors")?.join("; "),
                place: None,
                suppressed: None,
            }),
            None => return Err(result.contradiction("a test neither passed nor failed")),
        }
    }
    if seen != total || good != passed || passed.checked_add(failed) != Some(total) {
        return Err(root.contradiction("the tests and their counts do not agree"));
    }
    if total == 0 {
        report.gaps.push(Gap::NoResults);
    }
    report.checked = Some(total);
    Ok(report)
}
