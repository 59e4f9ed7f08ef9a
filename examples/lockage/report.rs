//! Errors on a terminal: one line, the causes, and what to do; and the exit code that goes with them.

use std::error::Error;
use std::fmt;
use std::io::{BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lockage_promote::pipeline::PromoteError;
use lockage_promote::pipeline::approval::ApprovalError;
use lockage_promote::pipeline::documents::DocumentError;
use lockage_tagging::OneLine;

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

    /// Whether the answer is no.
    pub(crate) fn is_refusal(&self) -> bool {
        self.code == 1
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

/// Prints lines for people. What others wrote is on a line of ours by [`OneLine`], and whatever slips through moves no cursor.
/// Whoever stops reading has seen enough, which is no error.
pub(crate) fn say(lines: impl fmt::Display) -> Result<(), Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let text = lines.to_string();
    let mut lines = text.split('\n').map(OneLine);
    match lines.try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::error(&error)),
    }
}

/// Prints a JSON document on one line, as it is made: no copy of it is in memory.
pub(crate) fn say_json(document: &impl serde::Serialize) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let written = serde_json::to_writer(&mut out, document).map_err(std::io::Error::from);
    match written.and_then(|()| writeln!(out)).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::error(&error)),
    }
}

/// `error: …` and its details, a `caused by:` line for each cause, and the remedy: each on one line, whatever others said in it.
/// What has several lines by itself has the others below the first, where none of them passes for one of these.
pub(crate) fn describe(error: &(dyn Error + 'static)) -> String {
    let mut text = format!("error: {}\n", Indented(error));
    for (word, what) in details(error) {
        text += &format!("  {word:<8}  {}\n", OneLine(what));
    }
    let mut remedy = remedy(error);
    let mut cause = error.source();
    let mut last = error.to_string();
    while let Some(error) = cause {
        let line = error.to_string();
        // One that has the words of its cause says them once.
        if line != last {
            text += &format!("  caused by: {}\n", Indented(&line));
        }
        last = line;
        remedy = remedy.or_else(|| self::remedy(error));
        cause = error.source();
    }
    if let Some(remedy) = remedy {
        text += &format!("{}\n", OneLine(remedy));
    }
    text
}

/// A text whose lines after the first stand further in than any line of an error's own.
struct Indented<T>(T);

impl<T: fmt::Display> fmt::Display for Indented<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let mut lines = text.trim_end().split('\n');
        lines.next().iter().try_for_each(|first| write!(f, "{}", OneLine(first)))?;
        lines.try_for_each(|line| write!(f, "\n      {}", OneLine(line)))
    }
}

fn details(error: &(dyn Error + 'static)) -> Vec<(&'static str, String)> {
    if let Some(error) = error.downcast_ref::<lockage_promote::Error>() {
        return error.details();
    }
    let Some(error) = error.downcast_ref::<PromoteError>() else { return Vec::new() };
    let mut details = error.details();
    if let PromoteError::Step { source, .. } = error.cause()
        && let Some(ended) = source.downcast_ref::<crate::promote::steps::Ended>()
    {
        details.extend(ended.last.iter().map(|line| ("said", line.clone())));
    }
    details
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
    error.downcast_ref::<lockage_tagging::NameError>()?.remedy().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_what_others_wrote_passes_for_one_of_an_error() {
        let error = std::io::Error::other("bad\n  caused by: nothing\nerror: \u{1b}[2K\n");
        assert_eq!(describe(&error), "error: bad\n        caused by: nothing\n      error: \\u{1b}[2K\n");
    }
}
