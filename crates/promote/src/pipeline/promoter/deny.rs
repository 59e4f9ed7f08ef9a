//! Denying: an image that may not move, of which something is known.

use std::time::SystemTime;

use futures::TryStreamExt as _;

use super::orders::{digest_of, reasoned};
use super::{OrderProblem, Ordered, PromoteError, Promoter};
use crate::ledger::{Chronicle, Kind};
use crate::pipeline::memory::Wanted;
use crate::pipeline::{Environment, Name};

impl Promoter {
    /// Denies an image: its digest moves nowhere, or not into `environment`, by whatever selector and under whatever name, until
    /// it is released. What is denied stays where it is: that is for a rollback.
    ///
    /// A digest that the ledger does not know is denied where it is whole. An image that it does not know has to be somewhere:
    /// then a listing of tags is asked for in each environment, until one has some.
    ///
    /// An index is denied with its platforms: where they are promoted as parts of it, where the ledger knows them as such, and
    /// where one is selected by its own digest and the index is in the repository that it comes from. A platform is denied with
    /// every index that has it.
    ///
    /// # Errors
    /// [`PromoteError::Order`] where no reason is given, where none or more than one image is meant, and where neither the ledger
    /// nor an environment has anything of the image; and where the ledger fails.
    pub async fn deny(
        &self,
        image: &Name,
        wanted: &Wanted,
        environment: Option<&Name>,
        reason: &str,
        now: SystemTime,
    ) -> Result<Ordered, PromoteError> {
        reasoned(reason)?;
        self.known_environment(environment)?;
        let all = Chronicle::of(self.ledger.entries(None).await?);
        if all.about(image).next().is_none() {
            self.is_somewhere(image, &all).await?;
        }
        self.denied(all.of_image(image), image, wanted, environment, reason, now).await
    }

    /// The same of an image that nothing is known of yet: what it is called is not asked of anybody.
    ///
    /// # Errors
    /// As [`deny`](Self::deny), but for an image that is nowhere.
    pub async fn deny_ahead(
        &self,
        image: &Name,
        wanted: &Wanted,
        environment: Option<&Name>,
        reason: &str,
        now: SystemTime,
    ) -> Result<Ordered, PromoteError> {
        reasoned(reason)?;
        self.known_environment(environment)?;
        self.denied(self.chronicle(image).await?, image, wanted, environment, reason, now).await
    }

    /// Whether any environment has a tag of an image of which the ledger says nothing.
    async fn is_somewhere(&self, image: &Name, all: &Chronicle) -> Result<(), PromoteError> {
        let mut unread = Vec::new();
        for environment in self.graph.environments().map(Environment::name) {
            // It has no place there.
            let Ok(repository) = self.graph.repository(image, environment) else { continue };
            let Ok(source) = self.source(environment) else {
                unread.push(environment.to_string());
                continue;
            };
            match source.tags(&repository).try_next().await {
                Ok(Some(_)) => return Ok(()),
                Ok(None) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => unread.push(format!("{environment}, {error}")),
            }
        }
        let (image, known) = (image.clone(), all.images().cloned().collect());
        Err(OrderProblem::NoSuchImage { image, known, unread }.into())
    }

    async fn denied(
        &self,
        chronicle: Chronicle,
        image: &Name,
        wanted: &Wanted,
        environment: Option<&Name>,
        reason: &str,
        now: SystemTime,
    ) -> Result<Ordered, PromoteError> {
        let digest = digest_of(&chronicle, image, None, wanted)?;
        let stands = match environment {
            Some(at) => chronicle.denied(image, at, &digest),
            None => chronicle.denied_everywhere(image, &digest),
        };
        let is_said =
            stands.is_some_and(|denial| denial.image == *image && denial.digest == digest && denial.reason == reason);
        let kind = Kind::Deny { reason: reason.to_owned() };
        self.order(&chronicle, kind, image, digest, environment, is_said, now).await
    }
}
