//! What a pipeline says of checks in variables: the commit that they ran on, and the status that a tool ended with.

use async_trait::async_trait;
use lockage_promote::GateError;
use lockage_promote::pipeline::documents::Surroundings;

use crate::gate::{Asked, FileReports, Found, Reports, Told};
use crate::scan::{CheckReport, ExitCodes};

/// Reports in files and statuses in variables, on the commit that a variable has. They are read when the gate is asked.
#[derive(Debug)]
pub(super) struct ToldReports {
    pub(super) files: FileReports,
    pub(super) statuses: Vec<Status>,
    pub(super) codes: ExitCodes,
    /// The variable with the commit that whatever does not say it itself ran on.
    pub(super) commit: Option<String>,
    pub(super) surroundings: Surroundings,
}

/// A tool, and the variable with the status that it ended with.
#[derive(Debug)]
pub(super) struct Status {
    pub(super) tool: String,
    pub(super) variable: String,
}

#[async_trait]
impl Reports for ToldReports {
    async fn reports(&self, asked: &Asked<'_>) -> Result<Found, GateError> {
        let mut found = self.files.reports(asked).await?;
        for Status { tool, variable } in &self.statuses {
            let said = self.variable(variable)?;
            match said.trim().parse() {
                Ok(code) => found.told_check(CheckReport::of_exit(tool, Some(code), &self.codes), &Told::nothing()),
                Err(_) => found.unreadable(variable, &format!("{said:?} is no exit status")),
            }
        }
        if let Some(variable) = &self.commit {
            let commit = self.variable(variable)?;
            if !matches!(commit.len(), 40 | 64) || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(format!("{variable}: {commit:?} is no whole commit").into());
            }
            found
                .checks
                .iter_mut()
                .for_each(|(report, _)| report.commit = report.commit.take().or(Some(commit.clone())));
        }
        Ok(found)
    }
}

impl ToldReports {
    fn variable(&self, name: &str) -> Result<String, GateError> {
        let value = self.surroundings.variable(name);
        value.ok_or_else(|| format!("the environment variable {name} is not set").into())
    }
}
