//! Errors on a terminal: one line, the causes, and what to do; and the exit code that goes with them.

use std::error::Error;
use std::fmt;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lockage_promote::pipeline::PromoteError;
use lockage_promote::pipeline::approval::ApprovalError;
use lockage_promote::pipeline::documents::DocumentError;

/// What ends a command, ready to be printed.
pub(crate) struct Failure {
    text: String,
    code: u8,
}

impl Failure {
    /// The arguments, or a document, make no sense: exit code 2.
    pub(crate) fn usage(error: &(dyn Error + 'static)) -> Self {
        Self { text: describe(error), code: 2 }
    }

    /// The answer is no: exit code 1.
    pub(crate) fn refused(error: &(dyn Error + 'static)) -> Self {
        Self { text: describe(error), code: 1 }
    }

    /// It failed or could not be decided: exit code 3.
    pub(crate) fn error(error: &(dyn Error + 'static)) -> Self {
        Self { text: describe(error), code: 3 }
    }

    /// Its first line.
    pub(crate) fn line(&self) -> &str {
        let line = self.text.lines().next().unwrap_or_default();
        line.strip_prefix("error: ").unwrap_or(line)
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A file that an argument names, and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Unusable {
    file: PathBuf,
    source: Box<dyn Error>,
}

impl Unusable {
    pub(crate) fn of(file: &Path) -> impl Fn(Box<dyn Error>) -> Self {
        move |source| Self { file: file.to_owned(), source }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: cannot be used", self.file.display())
    }
}

impl Error for Unusable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

/// What a file that an argument names holds; what cannot be read is a mistake in the arguments.
pub(crate) fn read<T>(file: &Path, parse: impl Fn(&[u8]) -> Result<T, Box<dyn Error>>) -> Result<T, Failure> {
    let bytes = std::fs::read(file).map_err(Into::into);
    bytes.and_then(|bytes| parse(&bytes)).map_err(|error| Failure::usage(&Unusable::of(file)(error)))
}

/// Prints a line. Whoever stops reading has seen enough, which is no error.
pub(crate) fn say(line: impl fmt::Display) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::error(&error)),
    }
}

/// `error: …`, its details, a `caused by:` line for each cause, and the remedy.
pub(crate) fn describe(error: &(dyn Error + 'static)) -> String {
    let mut text = format!("error: {error}\n");
    for (word, what) in details(error) {
        text += &format!("  {word:<8}  {what}\n");
    }
    let mut remedy = remedy(error);
    let mut cause = error.source();
    let mut last = error.to_string();
    while let Some(error) = cause {
        let line = error.to_string();
        // One that has the words of its cause says them once.
        if line != last {
            text += &format!("  caused by: {line}\n");
        }
        last = line;
        remedy = remedy.or_else(|| self::remedy(error));
        cause = error.source();
    }
    if let Some(remedy) = remedy {
        text += &format!("{remedy}\n");
    }
    text
}

fn details(error: &(dyn Error + 'static)) -> Vec<(&'static str, String)> {
    if let Some(error) = error.downcast_ref::<lockage_promote::Error>() {
        return error.details();
    }
    if let Some(PromoteError::Step { source, .. }) = error.downcast_ref::<PromoteError>()
        && let Some(ended) = source.downcast_ref::<crate::promote::steps::Ended>()
    {
        return ended.last.iter().map(|line| ("said", line.clone())).collect();
    }
    error.downcast_ref::<PromoteError>().map(PromoteError::details).unwrap_or_default()
}

/// What the crates' errors say about what to do.
fn remedy(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<lockage_promote::Error>() {
        return error.remedy();
    }
    if let Some(error) = error.downcast_ref::<PromoteError>() {
        return error.remedy();
    }
    if let Some(error) = error.downcast_ref::<lockage_promote::ledger::LedgerError>() {
        return error.remedy();
    }
    if let Some(error) = error.downcast_ref::<ApprovalError>() {
        return error.remedy();
    }
    if let Some(error) = error.downcast_ref::<DocumentError>() {
        return Some(error.remedy());
    }
    if let Some(trouble) = error.downcast_ref::<crate::promote::Trouble>() {
        return trouble.remedy_line();
    }
    if let Some(error) = error.downcast_ref::<lockage_policy::apply::ApplyError>() {
        return Some(error.remedy().to_owned());
    }
    if let Some(error) = error.downcast_ref::<lockage_registry::Error>() {
        return error.remedy().map(str::to_owned);
    }
    if let Some(error) = error.downcast_ref::<lockage_signing::Error>() {
        return error.remedy();
    }
    if let Some(error) = error.downcast_ref::<lockage_signing::key::KeyError>() {
        return Some(error.remedy().to_owned());
    }
    if let Some(error) = error.downcast_ref::<lockage_signing::policy::PolicyError>() {
        return Some(error.remedy().to_owned());
    }
    if let Some(error) = error.downcast_ref::<lockage_signing::keyless::KeylessError>() {
        return Some(error.remedy().to_owned());
    }
    if error.is::<crate::signing::password::NoPassword>() {
        return Some(crate::signing::password::NoPassword::remedy());
    }
    if let Some(error) = error.downcast_ref::<lockage_tagging::ci::CiError>() {
        return Some(error.remedy());
    }
    if let Some(error) = error.downcast_ref::<lockage_tagging::git::GitError>() {
        return error.remedy();
    }
    if let Some(error) = error.downcast_ref::<lockage_promote::pipeline::vcs::VcsError>() {
        return Some(error.remedy().to_owned());
    }
    if let Some(trouble) = error.downcast_ref::<crate::tags::Trouble>() {
        return trouble.remedy_line();
    }
    error.downcast_ref::<lockage_tagging::NameError>()?.remedy().map(str::to_owned)
}
