//! The repository: a registry's host and a path in it.

use std::{fmt, str::FromStr, sync::Arc};

use super::{
    digest::is_lower_hex,
    error::{NameError, NameKind, NameProblem},
    host::{Host, names_host},
};
use crate::excerpt::quoted;

/// The namespace of `docker.io` that people leave out.
const OFFICIAL: &str = "library/";

/// The most bytes a path can have.
const PATH_LIMIT: usize = 255;

/// A repository: the host of a registry and a path in it.
///
/// Parsing takes the canonical form and the one people write, by the rules of container engines:
/// what stands before the first `/` is the host if it contains a `.` or a `:` or is `localhost`;
/// else the host is `docker.io`, where a path of one component lives in `library/`.
///
/// Two cases that engines let pass are refused because their text would not lead back to them:
/// an upper-case first component (`Acme/app`), which engines take for a host, and a host without
/// a dot or a port.
///
/// ```
/// use lockage_tagging::Repository;
///
/// let repository: Repository = "alpine".parse()?;
/// assert_eq!(repository.to_string(), "docker.io/library/alpine");
/// assert_eq!(repository.familiar(), "alpine");
/// # Ok::<(), lockage_tagging::NameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    host: Host,
    path: Arc<str>,
}

impl Repository {
    /// The repository at `path` in the registry at `host`.
    ///
    /// # Errors
    ///
    /// When `path` is not a legal path, or when `host` could not be told from a path's component.
    pub fn new(host: Host, path: &str) -> Result<Self, NameError> {
        Self::checked(&host, path).map_err(|problem| refuse(problem, &format!("{host}/{path}"), &host, path))
    }

    /// The registry's host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The path, as the registry knows it: `library/alpine`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The shortest text that parses to this repository, the one people write: `alpine`,
    /// `acme/app`, `ghcr.io/acme/app`.
    pub fn familiar(&self) -> String {
        if self.host != Host::DOCKER_HUB {
            return self.to_string();
        }
        let name = self.path.strip_prefix(OFFICIAL);
        match name.filter(|name| !name.contains('/') && !is_identifier(name)) {
            Some(name) => name.to_owned(),
            None if self.path.split('/').next().is_some_and(names_host) => self.to_string(),
            None => self.path.to_string(),
        }
    }

    fn checked(host: &Host, path: &str) -> Result<Self, NameProblem> {
        if !host.is_unmistakable() {
            return Err(NameProblem::AmbiguousHost { host: quoted(host.as_str()) });
        }
        check_grammar(path)?;
        let official = *host == Host::DOCKER_HUB && !path.contains('/');
        let path: Arc<str> = if official { format!("{OFFICIAL}{path}").into() } else { path.into() };
        if path.len() > PATH_LIMIT {
            return Err(NameProblem::TooLong { length: path.len(), limit: PATH_LIMIT });
        }
        Ok(Self { host: host.clone(), path })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

impl FromStr for Repository {
    type Err = NameError;

    fn from_str(input: &str) -> Result<Self, NameError> {
        let fail = |problem| Err(NameError::new(NameKind::Repository, input, problem));
        if input.is_empty() {
            return fail(NameProblem::Empty);
        }
        if is_identifier(input) {
            return fail(NameProblem::Identifier);
        }
        let within = |error: NameError| error.within(NameKind::Repository, input);
        let (host, path) = match input.split_once('/') {
            Some((host, path)) if names_host(host) => (host.parse().map_err(within)?, path),
            _ => (Host::docker_hub(), input),
        };
        Self::checked(&host, path).map_err(|problem| refuse(problem, input, &host, path))
    }
}

name_conversions!(Repository, "a repository such as ghcr.io/acme/app");

/// Reports what is wrong with `path`, which is the end of `input`.
fn refuse(problem: NameProblem, input: &str, host: &Host, path: &str) -> NameError {
    let problem = problem.shifted(input.len() - path.len());
    let upper_case = problem == NameProblem::UpperCase;
    let error = NameError::new(NameKind::Repository, input, problem);
    if upper_case && let Ok(legal) = Repository::checked(host, &path.to_ascii_lowercase()) {
        return error.with_remedy(format!("try {}", legal.familiar()));
    }
    error
}

/// Whether engines would take `name` for the identifier of an image.
fn is_identifier(name: &str) -> bool {
    name.len() == 64 && name.chars().all(is_lower_hex)
}

fn check_grammar(path: &str) -> Result<(), NameProblem> {
    if path.is_empty() {
        return Err(NameProblem::Dangling { separator: '/' });
    }
    NameProblem::check_characters(path, |character| {
        character.is_ascii_alphanumeric() || matches!(character, '/' | '.' | '_' | '-')
    })?;
    if path.contains(|character: char| character.is_ascii_uppercase()) {
        return Err(NameProblem::UpperCase);
    }
    if let Some(component) = path.split('/').find(|component| !is_component(component)) {
        return Err(NameProblem::Component { component: quoted(component) });
    }
    Ok(())
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, in a text that has no other characters.
fn is_component(text: &str) -> bool {
    let mut separators = text.split(|character: char| character.is_ascii_alphanumeric());
    // Before the first and after the last letter stands nothing; between two letters, nothing or one separator.
    let (Some(""), Some("")) = (separators.next(), separators.next_back()) else {
        return false;
    };
    separators.all(|separator| matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-'))
}
