//! Where a promotion is told beside the terminal: a comment, and outputs for later steps.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use lockage_promote::pipeline::output::Report;

use super::Trouble;
use crate::report::Failure;

pub(super) struct Outputs<'a> {
    markdown: Option<&'a Path>,
    github: Option<PathBuf>,
}

impl<'a> Outputs<'a> {
    /// Known before anything begins, so that nothing is promoted whose outputs have nowhere to go.
    pub(super) fn of(markdown: Option<&'a Path>, github: bool) -> Result<Self, Failure> {
        let named = || std::env::var_os("GITHUB_OUTPUT").filter(|file| !file.is_empty());
        let github = match github {
            true => Some(named().ok_or_else(|| {
                let trouble = Trouble::new("--github-output: $GITHUB_OUTPUT names no file");
                Failure::usage(&trouble.remedy("Run it as a step of a workflow, or leave --github-output out."))
            })?),
            false => None,
        };
        Ok(Self { markdown, github: github.map(PathBuf::from) })
    }

    pub(super) fn write(&self, report: &Report) -> Result<(), Failure> {
        let unwritable =
            |file: &Path, error| Failure::error(&Trouble::at(file, "the outputs cannot be written").because(error));
        if let Some(file) = self.markdown {
            fs::write(file, report.markdown()).map_err(|error| unwritable(file, error))?;
        }
        if let Some(file) = &self.github {
            let appended = OpenOptions::new()
                .create(true)
                .append(true)
                .open(file)
                .and_then(|mut file| file.write_all(report.github().to_string().as_bytes()));
            appended.map_err(|error| unwritable(file, error))?;
        }
        Ok(())
    }
}
