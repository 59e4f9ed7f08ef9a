//! The ref of a checkout, also of one that is on no branch.

use std::{cmp::Reverse, fmt};

use super::error::{ActionError, ActionProblem, Stage};

/// Answers what git would.
///
/// A closure from the arguments to the output is one.
pub trait GitAnswers {
    /// What `git` prints when it is started with `arguments`.
    ///
    /// # Errors
    ///
    /// When git cannot be started, or fails and says why.
    fn answer(&self, arguments: &[&str]) -> Result<String, GitFailure>;
}

impl<F: Fn(&[&str]) -> Result<String, GitFailure>> GitAnswers for F {
    fn answer(&self, arguments: &[&str]) -> Result<String, GitFailure> {
        self(arguments)
    }
}

/// Why git did not answer, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitFailure(pub String);

impl fmt::Display for GitFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for GitFailure {}

/// The ref of what is checked out. It asks up to five questions.
///
/// On a branch it is that branch. Else the decoration of the commit decides: a tag that points at it, a pull request,
/// a branch of a remote. Without any, it is the first branch or tag that contains the commit.
///
/// ```
/// use lockage_tagging::actions::{GitFailure, infer_ref};
///
/// let git = |arguments: &[&str]| {
///     Ok::<_, GitFailure>(match arguments {
///         ["show", ..] => "HEAD, tag: v1.2.3".to_owned(),
///         ["for-each-ref", _, "--points-at", ..] => "refs/tags/v1.2.3".to_owned(),
///         _ => String::new(),
///     })
/// };
/// assert_eq!(infer_ref(&git)?, "refs/tags/v1.2.3");
/// # Ok::<(), lockage_tagging::actions::ActionError>(())
/// ```
///
/// # Errors
///
/// When the ref cannot be told, and when git does not answer.
pub fn infer_ref(git: &dyn GitAnswers) -> Result<String, ActionError> {
    inferred(git).map_err(|problem| ActionError::new(Stage::GitRef, problem))
}

fn inferred(git: &dyn GitAnswers) -> Result<String, ActionProblem> {
    let branch = ask(git, &["branch", "--show-current"])?;
    if branch.is_empty() { detached(git) } else { ask(git, &["symbolic-ref", "HEAD"]) }
}

fn detached(git: &dyn GitAnswers) -> Result<String, ActionProblem> {
    let shown = ask(git, &["show", "-s", "--pretty=%D"])?;
    let decoration = shown.strip_prefix("grafted, ").unwrap_or(&shown).trim();
    if decoration == "HEAD" {
        return containing(git);
    }
    let Some(text) = decoration.strip_prefix("HEAD, ").map(str::trim) else {
        return Err(ActionProblem::NoDetachedRef(shown));
    };
    if text.starts_with("tag: ") {
        return decorating_tag(git, text)?.ok_or(ActionProblem::NoDetachedTag(shown));
    }
    if is_pull(text) {
        return Ok(format!("refs/{text}"));
    }
    match local_branch(text).or_else(|| remote_branch(text)) {
        Some(branch) => Ok(format!("refs/heads/{}", branch.trim())),
        None => Err(ActionProblem::UnsupportedDetachedRef(shown)),
    }
}

/// The first branch, or else tag, that contains the commit.
fn containing(git: &dyn GitAnswers) -> Result<String, ActionProblem> {
    if let Some(branch) = first_containing(git, "refs/heads/")? {
        return Ok(branch);
    }
    if let Some(remote) = first_containing(git, "refs/remotes/")? {
        let branch = remote.strip_prefix("refs/remotes/").and_then(remote_branch);
        return Ok(branch.map_or_else(|| remote.clone(), |branch| format!("refs/heads/{branch}")));
    }
    let tags = ask(git, &["tag", "--contains", "HEAD"])?;
    match lines(&tags).next() {
        Some(tag) => Ok(format!("refs/tags/{tag}")),
        None => Err(ActionProblem::CannotInferRef),
    }
}

fn first_containing(git: &dyn GitAnswers, scope: &str) -> Result<Option<String>, ActionProblem> {
    let arguments = ["for-each-ref", "--format=%(refname)", "--contains", "HEAD", "--sort=-committerdate", scope];
    Ok(lines(&ask(git, &arguments)?).next().map(str::to_owned))
}

/// The tag that `text` begins with. The name of a tag can hold a comma, so the longest that fits is the one.
fn decorating_tag(git: &dyn GitAnswers, text: &str) -> Result<Option<String>, ActionProblem> {
    let listed = ask(git, &["for-each-ref", "--format=%(refname)", "--points-at", "HEAD", "refs/tags/"])?;
    let mut tags: Vec<&str> = lines(&listed).collect();
    tags.sort_by_key(|tag| Reverse(tag.encode_utf16().count()));
    let decorates = |tag: &&str| {
        let name = tag.strip_prefix("refs/tags/").unwrap_or(tag);
        text.strip_prefix("tag: ")
            .and_then(|text| text.strip_prefix(name))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(", "))
    };
    let decorating = tags.iter().copied().find(decorates);
    Ok(match (decorating, tags.as_slice()) {
        (Some(tag), _) => Some(tag.to_owned()),
        (None, [only]) => Some((*only).to_owned()),
        (None, _) => None,
    })
}

/// `pull/<number>/head` and `pull/<number>/merge`.
fn is_pull(text: &str) -> bool {
    let Some((number, kind)) = text.strip_prefix("pull/").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && matches!(kind, "head" | "merge")
}

/// The `LOCAL` of `REMOTE/NAME, LOCAL`, where no slash is in `NAME` and `NAME` is as long as it can be.
fn local_branch(text: &str) -> Option<&str> {
    let name_on = remote_branch(text)?;
    let name_end = name_on.find('/').unwrap_or(name_on.len());
    // The comma must be in front of the next slash, the local name may have slashes itself.
    let comma = name_on.get(..name_end)?.rmatch_indices(", ").map(|(at, _)| at).find(|at| *at > 0)?;
    name_on.get(comma + 2..).filter(|local| !local.is_empty())
}

/// What follows the first slash, if there is something on both sides.
fn remote_branch(text: &str) -> Option<&str> {
    text.split_once('/').filter(|(remote, branch)| !remote.is_empty() && !branch.is_empty()).map(|(_, branch)| branch)
}

fn ask(git: &dyn GitAnswers, arguments: &[&str]) -> Result<String, ActionProblem> {
    match git.answer(arguments) {
        Ok(output) => Ok(output.trim().to_owned()),
        Err(GitFailure(reason)) => Err(ActionProblem::Git(reason)),
    }
}

fn lines(output: &str) -> impl Iterator<Item = &str> {
    output.lines().map(str::trim).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: &str = "for-each-ref --format=%(refname) --contains HEAD --sort=-committerdate refs/heads/";
    const REMOTES: &str = "for-each-ref --format=%(refname) --contains HEAD --sort=-committerdate refs/remotes/";
    const TAGS: &str = "for-each-ref --format=%(refname) --points-at HEAD refs/tags/";
    const SHOW: &str = "show -s --pretty=%D";

    /// The ref when git answers with `script`, and with nothing to every other question.
    fn inferred(script: &[(&str, &str)]) -> Result<String, String> {
        let git = |arguments: &[&str]| {
            let question = arguments.join(" ");
            let answer = script.iter().find(|(known, _)| *known == question);
            Ok(answer.map_or_else(String::new, |(_, answer)| format!("{answer}\n")))
        };
        infer_ref(&git).map_err(|error| error.message())
    }

    #[test]
    fn a_branch_is_what_head_names() {
        let script = [("branch --show-current", "main"), ("symbolic-ref HEAD", "refs/heads/main")];
        assert_eq!(inferred(&script).as_deref(), Ok("refs/heads/main"));
    }

    #[test]
    fn the_longest_tag_that_the_decoration_begins_with_is_the_one() {
        let decoration = "HEAD, tag: v1, a, tag: v1, origin/main";
        let script = [(SHOW, decoration), (TAGS, "refs/tags/v1\nrefs/tags/v1, a\nrefs/tags/v1, ab")];
        assert_eq!(inferred(&script).as_deref(), Ok("refs/tags/v1, a"));
    }

    #[test]
    fn the_decoration_of_a_remote_names_the_branch() {
        for (decoration, expected) in [
            ("HEAD, origin/main, main", "refs/heads/main"),
            ("HEAD, origin/main, a, b/c", "refs/heads/b/c"),
            ("HEAD, origin/feature/x", "refs/heads/feature/x"),
            ("HEAD, origin/feature/x, feature/x", "refs/heads/feature/x, feature/x"),
            ("HEAD, pull/7/head, main", "refs/heads/7/head, main"),
            ("grafted, HEAD, pull/7/merge", "refs/pull/7/merge"),
        ] {
            assert_eq!(inferred(&[(SHOW, decoration)]).as_deref(), Ok(expected), "{decoration}");
        }
        assert_eq!(inferred(&[(SHOW, "HEAD, /x")]).unwrap_err(), "Unsupported detached HEAD ref in \"HEAD, /x\"");
    }

    #[test]
    fn without_a_decoration_it_is_what_contains_the_commit() {
        let tag = [(SHOW, "HEAD"), ("tag --contains HEAD", "v1.0.0\nv0.9.0")];
        assert_eq!(inferred(&tag).as_deref(), Ok("refs/tags/v1.0.0"));
        let remote = [(SHOW, "HEAD"), (REMOTES, "refs/remotes/origin/a/b"), ("tag --contains HEAD", "v1")];
        assert_eq!(inferred(&remote).as_deref(), Ok("refs/heads/a/b"));
        let local = [(SHOW, "grafted, HEAD"), (HEADS, "refs/heads/x\nrefs/heads/y")];
        assert_eq!(inferred(&local).as_deref(), Ok("refs/heads/x"));
        assert_eq!(inferred(&[(SHOW, "HEAD")]).unwrap_err(), "Cannot infer ref from detached HEAD");
    }

    #[test]
    fn a_git_that_fails_is_an_error() {
        let git = |_: &[&str]| Err::<String, _>(GitFailure("no repository".to_owned()));
        assert_eq!(infer_ref(&git).unwrap_err().to_string(), "git cannot be asked: no repository");
    }
}
