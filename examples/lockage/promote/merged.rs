//! `--select`, and what it selects by: `merge:SHA` is the pull request that a commit merged, by all who know of it.

use std::fmt;

use lockage_promote::pipeline::http::Token;
use lockage_promote::pipeline::vcs::{GitHub, GitLab, MergeFacts, MergedFromError, Vcs, pull_request_of_merge};
use lockage_promote::pipeline::{Select, SelectError};
use lockage_tagging::ci::{self, CiContext, CiError, Variables};
use lockage_tagging::git::{GitError, GitProcess};

use super::Trouble;
use crate::report::Failure;

/// What `--select` says.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// An image, in words that registry and ledger know.
    Image(Select),
    /// The commit that merged a pull request.
    Merge(String),
}

/// What an image is selected by, and what people should know of how that was found.
#[derive(Clone, Debug)]
pub(crate) struct Selected {
    pub(crate) select: Select,
    pub(crate) note: Option<String>,
}

impl From<Select> for Selected {
    fn from(select: Select) -> Self {
        Self { select, note: None }
    }
}

#[derive(clap::Args)]
pub(crate) struct Forges {
    /// For merge:SHA, ask this forge too: github:OWNER/REPOSITORY, with the token in $GITHUB_TOKEN, or gitlab:GROUP/PROJECT,
    /// with that in $GITLAB_TOKEN. In a workflow of GitHub that has a token it is asked unless another is named.
    #[arg(long, value_name = "FORGE", value_parser = forge)]
    forge: Option<Forge>,

    /// The URL of its API, where it is not the public one.
    #[arg(long, value_name = "URL", requires = "forge")]
    forge_api: Option<String>,
}

#[derive(Clone, Debug)]
enum Forge {
    GitHub(String, String),
    GitLab(String),
}

pub(crate) fn asked(text: &str) -> Result<Asked, String> {
    let Some(commit) = text.strip_prefix("merge:") else {
        return text.parse().map(Asked::Image).map_err(|error: SelectError| format!("{error}. {}", error.remedy()));
    };
    let is_hex = commit.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    match (7..=64).contains(&commit.len()) && is_hex {
        true => Ok(Asked::Merge(commit.to_owned())),
        false => Err(format!("{text:?}: a commit is 7 to 64 hexadecimal digits in lower case")),
    }
}

fn forge(text: &str) -> Result<Forge, String> {
    match text.split_once(':') {
        Some(("github", name)) => match name.split_once('/') {
            Some((owner, name)) if !owner.is_empty() && !name.is_empty() => {
                Ok(Forge::GitHub(owner.into(), name.into()))
            }
            _ => Err("write github:OWNER/REPOSITORY".to_owned()),
        },
        Some(("gitlab", path)) if path.contains('/') => Ok(Forge::GitLab(path.to_owned())),
        _ => Err("write github:OWNER/REPOSITORY or gitlab:GROUP/PROJECT".to_owned()),
    }
}

impl Asked {
    /// What the image is selected by. Of a merge, the CI system, the checkout here and a forge are asked, as far as there are
    /// any, and have to agree.
    pub(crate) async fn image(&self, forges: &Forges) -> Result<Selected, Failure> {
        let short = match self {
            Self::Image(select) => return Ok(select.clone().into()),
            Self::Merge(commit) => commit,
        };
        let variables = variables();
        let build = build(&variables)?.filter(|build| build.sha.starts_with(short.as_str()));
        let here = checked_out(short)?;
        let commit =
            build.as_ref().map(|build| &build.sha).or(here.as_ref().map(|(commit, _)| commit)).unwrap_or(short);
        let message = build.as_ref().and_then(|build| build.commit_message.as_ref());
        let message = message.or(here.as_ref().map(|(_, message)| message));
        let vcs = forges.open(&variables, build.as_ref())?;
        if vcs.is_some() && !matches!(commit.len(), 40 | 64) {
            let trouble = Trouble::new(format_args!("merge:{short}: a forge knows whole commits alone"));
            return Err(Failure::usage(&trouble.remedy("Write all of its digits.")));
        }
        let mut facts = MergeFacts::new().commit(commit);
        if let Some(message) = message {
            facts = facts.message(message);
        }
        if let Some(number) = build.as_ref().and_then(|build| build.pull_request) {
            facts = facts.event(number);
        }
        match pull_request_of_merge(facts, vcs.as_deref()).await {
            Ok(Some(number)) => Ok(Selected {
                select: Select::PullRequest(number),
                note: Some(format!("commit {commit} merged pull request {number}")),
            }),
            Ok(None) => {
                let trouble = Trouble::new(format_args!("merge:{short}: nobody says which pull request it merged"));
                Err(Failure::error(&trouble.remedy(
                    "Say which: --select pr:NUMBER. Or say who knows: --forge github:OWNER/REPOSITORY, or run it in the checkout.",
                )))
            }
            Err(error) => {
                let remedy = error.remedy();
                let refused = matches!(error, MergedFromError::Ambiguous { .. } | MergedFromError::Message(_));
                let trouble = Trouble::new(format_args!("merge:{short}: it is not known which pull request it merged"));
                let trouble = trouble.because(error).remedy(remedy);
                Err(if refused { Failure::refused(&trouble) } else { Failure::error(&trouble) })
            }
        }
    }
}

/// The variables of this process; one that is not text is none of those that are read here.
pub(super) fn variables() -> Variables {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// What the CI system says, if one runs this.
pub(super) fn build(variables: &Variables) -> Result<Option<CiContext>, Failure> {
    let event = match variables.get("GITHUB_EVENT_PATH") {
        Some(file) => Some(crate::report::read(file.as_ref(), |bytes| Ok(serde_json::from_slice(bytes)?))?),
        None => None,
    };
    match ci::read(variables, event.as_ref()) {
        Ok(build) => Ok(Some(build)),
        Err(CiError::NoProvider) => Ok(None),
        Err(error) => Err(Failure::error(&error)),
    }
}

/// The whole commit and its message, where this is a checkout that has it.
fn checked_out(commit: &str) -> Result<Option<(String, String)>, Failure> {
    let git = GitProcess::in_directory(".");
    let whole = match git.ask(&["rev-parse", "--verify", "--quiet", &format!("{commit}^{{commit}}")]) {
        Ok(whole) => whole,
        // With --quiet this status says that there is none.
        Err(
            GitError::NotInstalled { .. } | GitError::NoRepository { .. } | GitError::Failed { status: Some(1), .. },
        ) => {
            return Ok(None);
        }
        Err(error) => return Err(Failure::error(&error)),
    };
    let message = git.ask(&["show", "-s", "--format=%B", &whole]).map_err(|error| Failure::error(&error))?;
    Ok(Some((whole, message)))
}

impl Forges {
    fn open(&self, variables: &Variables, build: Option<&CiContext>) -> Result<Option<Box<dyn Vcs>>, Failure> {
        let workflow = || {
            let (owner, name) = variables.get("GITHUB_REPOSITORY")?.split_once('/')?;
            variables.get("GITHUB_TOKEN")?;
            build.map(|_| Forge::GitHub(owner.to_owned(), name.to_owned()))
        };
        let Some(forge) = self.forge.clone().or_else(workflow) else { return Ok(None) };
        let api = |variable: &str, public: &str| {
            let given = self.forge_api.as_deref().or_else(|| variables.get(variable));
            given.unwrap_or(public).to_owned()
        };
        let opened: Result<Box<dyn Vcs>, _> = match forge {
            Forge::GitHub(owner, name) => {
                let token = variables.get("GITHUB_TOKEN").map(Token::bearer);
                GitHub::new(&api("GITHUB_API_URL", "https://api.github.com"), owner, name, token)
                    .map(|forge| Box::new(forge) as Box<dyn Vcs>)
            }
            Forge::GitLab(path) => {
                let token = variables.get("GITLAB_TOKEN").map(Token::private);
                GitLab::new(&api("CI_API_V4_URL", "https://gitlab.com/api/v4"), path, token)
                    .map(|forge| Box::new(forge) as Box<dyn Vcs>)
            }
        };
        opened.map(Some).map_err(|error| Failure::usage(&error))
    }
}

impl fmt::Display for Selected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.select.fmt(f)
    }
}
