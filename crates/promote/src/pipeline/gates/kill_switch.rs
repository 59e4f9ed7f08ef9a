//! `RepositoryTagGate`: a tag that stops every pipeline while it is there.

use std::sync::Arc;

use async_trait::async_trait;
use lockage_registry::{Repository, Source, Tag, TagOrDigest};

use crate::{Evidence, Gate, GateContext, GateError, Verdict};

/// Waits, or fails, while a tag is there: `crane tag … freeze` stops everything, and deleting it lets it go on.
///
/// Only a registry that says 404 says that the tag is not there; whatever else goes wrong is an error, and nothing moves.
/// A repository that is not there has no tag. One HEAD.
#[derive(Clone, Debug)]
#[must_use]
pub struct RepositoryTagGate {
    id: String,
    source: Arc<dyn Source>,
    repository: Repository,
    tag: Tag,
    fails: bool,
}

impl RepositoryTagGate {
    /// Waits while `tag` is in `repository`.
    pub fn new(source: impl Source + 'static, repository: Repository, tag: Tag) -> Self {
        Self { id: "freeze".to_owned(), source: Arc::new(source), repository, tag, fails: false }
    }

    /// Gives the gate another name than `freeze`.
    pub fn named(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// Fails, and does not wait, while it is there.
    pub fn fails(self) -> Self {
        Self { fails: true, ..self }
    }
}

#[async_trait]
impl Gate for RepositoryTagGate {
    fn id(&self) -> &str {
        &self.id
    }

    async fn evaluate(&self, _: &GateContext<'_>) -> Result<Verdict, GateError> {
        let Self { repository, tag, .. } = self;
        match self.source.resolve(repository, &TagOrDigest::Tag(tag.clone())).await {
            Err(error) if error.is_not_found() => {
                Ok(Verdict::Pass(Evidence::new(format!("{repository}:{tag} is not there"))))
            }
            Err(error) => Err(error.into()),
            Ok(_) if self.fails => Ok(Verdict::fail(format!("{repository}:{tag} is there"))),
            Ok(_) => Ok(Verdict::wait(format!("{repository}:{tag} is there; delete it to go on"))),
        }
    }
}
