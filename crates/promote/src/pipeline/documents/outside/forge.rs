//! Gates over a forge: checks, protected branches, reviews.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;

use super::super::{Parameters, Surroundings, TableProblem};
use super::token as secret;
use crate::pipeline::Name;
use crate::pipeline::gates::along;
use crate::pipeline::http::Token;
use crate::pipeline::vcs::{ChecksGate, GitHub, GitLab, ReachableGate, ReviewedGate, Vcs, VcsError};
use crate::{Gate, GateContext, GateError, Verdict};

const KEYS: [&str; 4] = ["api", "github", "gitlab", "token-env"];

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    github: Option<String>,
    gitlab: Option<String>,
    api: Option<String>,
    token_env: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Checks {
    #[serde(default)]
    required: Vec<String>,
    #[serde(default)]
    ignored: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Reachable {
    branches: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Reviewed {
    #[serde(default = "one")]
    quorum: usize,
    #[serde(default)]
    stale_too: bool,
}

fn one() -> usize {
    1
}

#[derive(Debug)]
enum Question {
    Checks { required: Vec<String>, ignored: Vec<String> },
    Reachable { branches: Vec<String> },
    Reviewed { quorum: usize, stale_too: bool },
}

/// A repository at a forge, whose name may have `{image}` in it.
#[derive(Debug)]
struct Forge {
    is_github: bool,
    api: String,
    template: String,
    token: Option<Token>,
}

#[derive(Debug)]
struct ForgeGate {
    id: String,
    forge: Forge,
    question: Question,
}

pub(super) fn gate(
    name: &str,
    kind: &str,
    parameters: &Parameters,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Gate>, TableProblem> {
    let (of_forge, others) = parameters.split(&KEYS);
    let forge = Forge::of(of_forge.read()?, surroundings)?;
    let question = match kind {
        "checks-green" => {
            let Checks { required, ignored } = others.read()?;
            Question::Checks { required, ignored }
        }
        "reachable" => {
            let Reachable { branches } = others.read()?;
            if branches.is_empty() {
                return Err(TableProblem::parameters("branches: none is given on which a commit should be"));
            }
            Question::Reachable { branches }
        }
        _ => {
            let Reviewed { quorum, stale_too } = others.read()?;
            if quorum == 0 {
                return Err(TableProblem::parameters("quorum: nobody would have to approve"));
            }
            Question::Reviewed { quorum, stale_too }
        }
    };
    Ok(Arc::new(ForgeGate { id: name.to_owned(), forge, question }))
}

impl Forge {
    fn of(written: Written, surroundings: &Surroundings) -> Result<Self, TableProblem> {
        let Written { github, gitlab, api, token_env } = written;
        let (is_github, template, public) = match (github, gitlab) {
            (Some(template), None) => (true, template, "https://api.github.com"),
            (None, Some(template)) => (false, template, "https://gitlab.com/api/v4"),
            _ => {
                return Err(TableProblem::Parameters {
                    why: "it asks a forge, and one has to be named".to_owned(),
                    remedy: Some("Write github = \"owner/repository\", or gitlab = \"group/project\".".to_owned()),
                });
            }
        };
        let token = if is_github { Token::bearer } else { Token::private };
        let token = secret(surroundings, token_env.as_deref(), token)?;
        let forge = Self { is_github, api: api.unwrap_or_else(|| public.to_owned()), template, token };
        // What no image could make good is told with its line.
        let tried = forge.named(&forge.template.replace("{image}", "app"));
        tried.map_err(|error| TableProblem::parameters(error.to_string()))?;
        Ok(forge)
    }

    fn named(&self, repository: &str) -> Result<Arc<dyn Vcs>, VcsError> {
        let token = self.token.clone();
        Ok(match self.is_github {
            true => {
                let (owner, repository) = repository.split_once('/').unwrap_or(("", repository));
                Arc::new(GitHub::new(&self.api, owner, repository, token)?)
            }
            false => Arc::new(GitLab::new(&self.api, repository, token)?),
        })
    }

    fn of_image(&self, image: &Name) -> Result<Arc<dyn Vcs>, VcsError> {
        self.named(&self.template.replace("{image}", image.as_str()))
    }
}

#[async_trait]
impl Gate for ForgeGate {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, context: &GateContext<'_>) -> Result<Verdict, GateError> {
        let vcs = self.forge.of_image(&along(context)?.passage.pinned.image)?;
        match &self.question {
            Question::Checks { required, ignored } => {
                let gate = required.iter().fold(ChecksGate::new(vcs), ChecksGate::require);
                ignored.iter().fold(gate, ChecksGate::ignore).evaluate(context).await
            }
            Question::Reachable { branches } => ReachableGate::new(vcs, branches).evaluate(context).await,
            Question::Reviewed { quorum, stale_too } => {
                let gate = ReviewedGate::new(vcs).quorum(*quorum);
                let gate = if *stale_too { gate.stale_too() } else { gate };
                gate.evaluate(context).await
            }
        }
    }
}
