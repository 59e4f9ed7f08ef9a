//! The pull request that a commit on a branch came from, by its message.

use std::collections::BTreeSet;

use crate::excerpt::quoted;

/// The number of the pull request, or merge request, that a commit with this `message` merged; `None` for a commit that
/// does not name one as forges do.
///
/// | Written by | Form |
/// |---|---|
/// | GitHub, Gitea: squash | the subject ends with `(#42)` |
/// | GitHub: merge | the subject starts with `Merge pull request #42 from` |
/// | Gitea, Forgejo: merge | the subject starts with `Merge pull request '` and has `' (#42) from` |
/// | GitLab: merge, squash | a line of the body is `See merge request group/project!42` |
/// | Bitbucket: merge | the subject ends with `(pull request #42)` |
/// | Azure Repos | the subject starts with `Merged PR 42:` |
///
/// A number elsewhere in the text is a mention and does not count: `Fixes #7`, and the quoted subject of a revert.
///
/// ```
/// use lockage_tagging::merges::pull_request_of;
///
/// assert_eq!(pull_request_of("Fix the lock (#42)\n\nCloses #7"), Ok(Some(42)));
/// assert_eq!(pull_request_of("Merge pull request #42 from acme/fix"), Ok(Some(42)));
/// assert_eq!(pull_request_of("Merge branch 'fix' into 'main'\n\nSee merge request acme/app!42"), Ok(Some(42)));
/// assert_eq!(pull_request_of("Revert \"Fix the lock (#42)\" (#43)"), Ok(Some(43)));
/// assert_eq!(pull_request_of("Fix #7"), Ok(None));
/// assert!(pull_request_of("Fix the lock (#42) (#43)").is_err());
/// ```
///
/// # Errors
///
/// [`MergeError::Ambiguous`] when the message names several: a backport is often `Fix (#42) (#43)`, and whether 42 or 43
/// is meant decides which image is promoted. [`MergeError::Number`] when the number is 0 or no number of 64 bits.
pub fn pull_request_of(message: &str) -> Result<Option<u64>, MergeError> {
    let subject = message.trim_start().lines().next().unwrap_or_default().trim_end();
    let body = message.trim_start().lines().skip(1);
    let mut found = BTreeSet::new();
    for number in of_subject(subject).into_iter().chain(body.filter_map(of_trailer)) {
        match number.parse::<u64>() {
            Ok(number) if number > 0 => found.insert(number),
            _ => return Err(MergeError::Number { number: quoted(number) }),
        };
    }
    let mut numbers = found.iter().copied();
    match (numbers.next(), numbers.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(MergeError::Ambiguous { numbers: found.into_iter().collect() }),
    }
}

/// Why a message does not say which pull request its commit came from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// The message names several, each in a form that names the one.
    #[error("the message names several pull requests: {}", list(.numbers))]
    Ambiguous {
        /// The numbers, in ascending order.
        numbers: Vec<u64>,
    },
    /// What stands in the place of the number is 0 or too large.
    #[error("{number} is no number of a pull request")]
    Number {
        /// What stands there.
        number: String,
    },
}

fn list(numbers: &[u64]) -> String {
    numbers.iter().map(|number| format!("#{number}")).collect::<Vec<_>>().join(", ")
}

/// The numbers that the forms of the first line name.
fn of_subject(subject: &str) -> Vec<&str> {
    if let Some(rest) = subject.strip_prefix("Merge pull request #") {
        let (number, end) = digits(rest);
        return Some(number).filter(|number| !number.is_empty() && end.starts_with(" from ")).into_iter().collect();
    }
    if let Some(rest) = subject.strip_prefix("Merge pull request '") {
        let number = rest.rsplit_once("' (#").map(|(_, rest)| digits(rest));
        let number = number.filter(|(number, end)| !number.is_empty() && end.starts_with(") from "));
        return number.into_iter().map(|(number, _)| number).collect();
    }
    if let Some(rest) = subject.strip_prefix("Merged PR ") {
        let (number, end) = digits(rest);
        return Some(number).filter(|number| !number.is_empty() && end.starts_with(':')).into_iter().collect();
    }
    let mut numbers = Vec::new();
    let mut rest = subject;
    while let Some((before, number)) = of_end(rest) {
        numbers.push(number);
        rest = before.trim_end();
    }
    numbers
}

/// The number of a `(#42)` or `(pull request #42)` at the end of a subject, and what is before it.
fn of_end(subject: &str) -> Option<(&str, &str)> {
    let (before, inner) = subject.strip_suffix(')')?.rsplit_once('(')?;
    let number = inner.strip_prefix("pull request ").unwrap_or(inner).strip_prefix('#')?;
    let whole = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    whole.then_some((before, number))
}

/// The number of GitLab's line in the body: `See merge request group/project!42`.
fn of_trailer(line: &str) -> Option<&str> {
    let (project, number) = line.trim().strip_prefix("See merge request ")?.rsplit_once('!')?;
    let whole = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (whole && !project.contains(char::is_whitespace)).then_some(number)
}

fn digits(text: &str) -> (&str, &str) {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(count).unwrap_or(("", text))
}
