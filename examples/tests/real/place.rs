//! Where images are signed: a registry with the referrers API, and one without.

use lockage_registry::Reference;
use lockage_registry::client::Client;
use lockage_registry::testing::fixtures::{self, Image};

use super::{DockerRegistry, Serving};

/// A registry with the referrers API, or without.
pub(crate) enum Place {
    Api(Serving),
    Fallback(DockerRegistry),
}

impl Place {
    pub(crate) fn both() -> [Self; 2] {
        [Self::Api(Serving::start(None)), Self::Fallback(DockerRegistry::start())]
    }

    pub(crate) fn host(&self) -> &str {
        match self {
            Self::Api(serving) => serving.host(),
            Self::Fallback(registry) => registry.host(),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Api(_) => "the referrers API",
            Self::Fallback(_) => "fallback tags",
        }
    }

    /// By a tag, or by a digest.
    pub(crate) fn at(&self, repository: &str, what: &str) -> String {
        format!("{}/{repository}{}{what}", self.host(), if what.starts_with("sha256:") { '@' } else { ':' })
    }

    pub(crate) async fn push(&self, repository: &str, tag: &str, image: &Image) {
        let at: Reference = self.at(repository, tag).parse().unwrap();
        let client = Client::builder().build().unwrap();
        fixtures::push(&client, at.repository(), image, at.tag().unwrap()).await.unwrap();
    }
}
