//! The CI systems that are known, and how a build tells which of them it runs in.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::{CiContext, CiError, Variables, azure, bitbucket, circle, forgejo, github, gitlab, jenkins};

/// A CI system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Provider {
    /// GitHub Actions.
    GitHub,
    /// Forgejo Actions, and Gitea Actions.
    Forgejo,
    /// GitLab CI/CD.
    GitLab,
    /// Jenkins.
    Jenkins,
    /// CircleCI.
    #[doc(alias = "CircleCI")]
    Circle,
    /// Azure Pipelines.
    Azure,
    /// Bitbucket Pipelines.
    Bitbucket,
}

impl Provider {
    /// All that are known.
    pub const ALL: [Self; 7] =
        [Self::GitHub, Self::Forgejo, Self::GitLab, Self::Jenkins, Self::Circle, Self::Azure, Self::Bitbucket];

    /// The short name: `github`, `forgejo`, `gitlab`, `jenkins`, `circleci`, `azure`, `bitbucket`.
    pub fn name(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::Forgejo => "forgejo",
            Self::GitLab => "gitlab",
            Self::Jenkins => "jenkins",
            Self::Circle => "circleci",
            Self::Azure => "azure",
            Self::Bitbucket => "bitbucket",
        }
    }

    /// The context of a build in this system.
    ///
    /// `event` is the event document of GitHub and Forgejo; the others do not look at it.
    ///
    /// # Errors
    ///
    /// When a variable that says what is built is missing, broken, or contradicts another one.
    pub fn context(self, variables: &Variables, event: Option<&Value>) -> Result<CiContext, CiError> {
        match self {
            Self::GitHub => github::context(variables, event),
            Self::Forgejo => forgejo::context(variables, event),
            Self::GitLab => gitlab::context(variables),
            Self::Jenkins => jenkins::context(variables),
            Self::Circle => circle::context(variables),
            Self::Azure => azure::context(variables),
            Self::Bitbucket => bitbucket::context(variables),
        }
    }

    /// The variable by which this system is recognised, if it is set.
    fn mark(self, variables: &Variables) -> Option<&'static str> {
        let marks: &[&'static str] = match self {
            Self::GitHub => &["GITHUB_ACTIONS"],
            Self::Forgejo => &["FORGEJO_ACTIONS", "GITEA_ACTIONS"],
            Self::GitLab => &["GITLAB_CI"],
            Self::Jenkins => return variables.get("JENKINS_URL").map(|_| "JENKINS_URL"),
            Self::Circle => &["CIRCLECI"],
            Self::Azure => &["TF_BUILD"],
            Self::Bitbucket => return variables.get("BITBUCKET_BUILD_NUMBER").map(|_| "BITBUCKET_BUILD_NUMBER"),
        };
        marks.iter().copied().find(|mark| variables.is_true(mark))
    }
}

/// The system whose marks `variables` carry.
///
/// | System | Mark |
/// |---|---|
/// | GitHub Actions | `GITHUB_ACTIONS=true` |
/// | Forgejo, Gitea | `FORGEJO_ACTIONS=true` or `GITEA_ACTIONS=true`; they set GitHub's mark too |
/// | GitLab | `GITLAB_CI=true` |
/// | Jenkins | `JENKINS_URL` |
/// | CircleCI | `CIRCLECI=true` |
/// | Azure Pipelines | `TF_BUILD=True` |
/// | Bitbucket | `BITBUCKET_BUILD_NUMBER` |
///
/// # Errors
///
/// [`CiError::NoProvider`] when there is no mark, [`CiError::SeveralProviders`] when there are those of two systems.
pub fn detect(variables: &Variables) -> Result<Provider, CiError> {
    let mut found: Vec<_> = Provider::ALL.into_iter().filter_map(|one| Some((one, one.mark(variables)?))).collect();
    if found.iter().any(|(provider, _)| *provider == Provider::Forgejo) {
        found.retain(|(provider, _)| *provider != Provider::GitHub);
    }
    match found.as_slice() {
        [] => Err(CiError::NoProvider),
        [(provider, _)] => Ok(*provider),
        _ => Err(CiError::SeveralProviders { marks: found.into_iter().map(|(_, mark)| mark).collect() }),
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::GitHub => "GitHub Actions",
            Self::Forgejo => "Forgejo Actions",
            Self::GitLab => "GitLab CI",
            Self::Jenkins => "Jenkins",
            Self::Circle => "CircleCI",
            Self::Azure => "Azure Pipelines",
            Self::Bitbucket => "Bitbucket Pipelines",
        })
    }
}

impl FromStr for Provider {
    type Err = CiError;

    fn from_str(name: &str) -> Result<Self, CiError> {
        let known = Self::ALL.into_iter().find(|provider| provider.name() == name);
        known.ok_or_else(|| CiError::UnknownProvider { name: crate::excerpt::quoted(name) })
    }
}
