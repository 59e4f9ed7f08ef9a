//! `ReferenceRule`: what the place where an image was signed has to be.

use lockage_tagging::{Reference, Repository};

/// How the `docker-reference` of a signature in the old layout is looked at.
///
/// cosign ignores it; containers/image (podman, skopeo) checks it. It says where the signer saw the image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferenceRule {
    /// It may be anything.
    #[default]
    Ignore,
    /// It names the repository that is looked at, with any tag or none.
    MatchRepository,
    /// It is exactly this.
    Exact(String),
    /// It names the repository that is looked at, after this prefix of it has become that one: for mirrors.
    Remap {
        /// The prefix here, such as `mirror.example/upstream`.
        here: String,
        /// The prefix where it was signed.
        signed: String,
    },
}

impl ReferenceRule {
    /// Whether a signature that was made for `said` counts in `repo`. `None` is a signature that does not say.
    #[must_use]
    pub fn allows(&self, said: Option<&str>, repo: &Repository) -> bool {
        let repo = repo.to_string();
        match self {
            Self::Ignore => true,
            Self::Exact(wanted) => said == Some(wanted),
            Self::MatchRepository => said.and_then(repository).is_some_and(|said| said == repo),
            Self::Remap { here, signed } => {
                let rest = repo.strip_prefix(here.trim_end_matches('/'));
                // A prefix ends where a part of the path does.
                let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with('/'));
                let expected = rest.map(|rest| format!("{}{rest}", signed.trim_end_matches('/')));
                expected.is_some_and(|expected| said.and_then(repository).is_some_and(|said| said == expected))
            }
        }
    }
}

/// The repository of a reference, as it prints.
fn repository(reference: &str) -> Option<String> {
    reference.parse::<Reference>().ok().map(|reference| reference.repository().to_string())
}
