//! A policy of any of the systems.

use jiff::Timestamp;

use super::condemned::digest_of;
use super::{Condemned, InvalidPolicy, System};
use crate::retain::clock::Clock;
use crate::retain::{DigestKey, Snapshot};

/// A policy of any of the systems whose features are on. It is written as its system's document.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ImportedPolicy {
    /// ECR's.
    #[cfg(feature = "import-ecr")]
    Ecr(super::ecr::LifecyclePolicy),
    /// Artifact Registry's.
    #[cfg(feature = "import-gar")]
    Gar(super::gar::CleanupPolicies),
    /// Harbor's.
    #[cfg(feature = "import-harbor")]
    Harbor(super::harbor::RetentionPolicy),
    /// zot's.
    #[cfg(feature = "import-zot")]
    Zot(super::zot::Retention),
}

impl ImportedPolicy {
    /// Reads a document of this system. Nothing where the feature of the system is off.
    ///
    /// # Errors
    /// Where the system would refuse it, or read it as something else than it says.
    pub fn parse(system: System, document: &[u8]) -> Option<Result<Self, InvalidPolicy>> {
        match system {
            #[cfg(feature = "import-ecr")]
            System::Ecr => Some(super::ecr::LifecyclePolicy::parse(document).map(Self::Ecr)),
            #[cfg(feature = "import-gar")]
            System::Gar => Some(super::gar::CleanupPolicies::parse(document).map(Self::Gar)),
            #[cfg(feature = "import-harbor")]
            System::Harbor => Some(super::harbor::RetentionPolicy::parse(document).map(Self::Harbor)),
            #[cfg(feature = "import-zot")]
            System::Zot => Some(super::zot::Retention::parse(document).map(Self::Zot)),
            #[allow(unreachable_patterns, reason = "it is reachable where the feature of a system is off")]
            _ => None,
        }
    }

    /// The system whose policy it is.
    #[must_use]
    pub fn system(&self) -> System {
        match self {
            #[cfg(feature = "import-ecr")]
            Self::Ecr(_) => System::Ecr,
            #[cfg(feature = "import-gar")]
            Self::Gar(_) => System::Gar,
            #[cfg(feature = "import-harbor")]
            Self::Harbor(_) => System::Harbor,
            #[cfg(feature = "import-zot")]
            Self::Zot(_) => System::Zot,
        }
    }

    /// The hash of the policy, however its document was written.
    #[must_use]
    pub fn digest(&self) -> DigestKey {
        digest_of(self)
    }

    /// What the policy says of every manifest and tag, as its system evaluates it. What protects it besides,
    /// [`Condemned::holding`] and [`Condemned::settle`] add.
    #[must_use]
    pub fn evaluate(&self, snapshot: &Snapshot, now: Timestamp) -> Condemned {
        self.evaluate_by(snapshot, &Clock::One(now))
    }
}
