//! Whether and when what is chosen is pinned to its digest.

use serde::{Deserialize, Serialize};

use crate::{Digest, Reference};

/// The `digestReflectionPolicy` of a Flux `ImagePolicy`.
///
/// ```
/// use lockage_tagging::select::{DigestReflection, ReflectionPolicy};
/// use lockage_tagging::Reference;
///
/// let pinned: Reference =
///     "ghcr.io/acme/app:1.2.3@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".parse()?;
/// let same: Reference = "ghcr.io/acme/app:1.2.3".parse()?;
/// let next: Reference = "ghcr.io/acme/app:1.2.4".parse()?;
///
/// let policy = ReflectionPolicy::IfNotPresent;
/// assert!(matches!(policy.decide(Some(&pinned), &same), DigestReflection::Keep(_)));
/// assert_eq!(policy.decide(Some(&pinned), &next), DigestReflection::Resolve);
/// # Ok::<(), lockage_tagging::NameError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReflectionPolicy {
    /// What is chosen is named by its tag alone.
    #[default]
    Never,
    /// The digest is looked up once for each tag that is chosen. It stays when the tag is moved.
    IfNotPresent,
    /// The digest is looked up each time. It follows the tag.
    Always,
}

/// What becomes of the digest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DigestReflection {
    /// There is no digest, and one that was there goes.
    Unpinned,
    /// The digest that was there stays, without a request to the registry.
    Keep(Digest),
    /// The registry says what the tag points at now.
    Resolve,
}

impl ReflectionPolicy {
    /// What becomes of the digest when `selected` is chosen, and `current` is what was chosen before, if anything was.
    ///
    /// Only the repository and the tag of `selected` are looked at.
    pub fn decide(self, current: Option<&Reference>, selected: &Reference) -> DigestReflection {
        let same =
            |current: &&Reference| current.repository() == selected.repository() && current.tag() == selected.tag();
        match self {
            Self::Never => DigestReflection::Unpinned,
            Self::Always => DigestReflection::Resolve,
            Self::IfNotPresent => match current.filter(same).and_then(Reference::digest) {
                Some(digest) => DigestReflection::Keep(digest.clone()),
                None => DigestReflection::Resolve,
            },
        }
    }
}
