//! Schemes made of a scheme, in the order in which one says it.

use crate::{AllOf, FirstOf, OnlyIf, Prefixed, Suffixed, TagScheme, Variants, When};

/// What every scheme can be made into. It is implemented for all schemes, and needs no other implementation.
///
/// ```
/// use lockage_tagging::{BuildFacts, Commit, Semver, TagScheme, TagSchemeExt, When};
///
/// let scheme = Semver::cascade().or(Commit::short().prefixed("dev-").only_if(When::branch("develop")));
/// let facts = BuildFacts::branch("develop").commit("2b2e927");
/// assert_eq!(scheme.tags(&facts)?, ["dev-sha-2b2e927"]);
/// assert_eq!(
///     scheme.to_string(),
///     r#"first of (semver cascade, "dev-" before (commit) if branch "develop")"#,
/// );
/// # Ok::<(), lockage_tagging::SchemeError>(())
/// ```
pub trait TagSchemeExt: TagScheme + Sized {
    /// Puts `text` before every tag: `app-1.2.3`.
    fn prefixed(self, text: impl Into<String>) -> Prefixed<Self> {
        Prefixed::new(text.into(), self)
    }

    /// Puts `text` after every tag: `1.2.3-alpine`.
    fn suffixed(self, text: impl Into<String>) -> Suffixed<Self> {
        Suffixed::new(text.into(), self)
    }

    /// Puts `-` and the variant `name` after every tag, and can give the bare tags too.
    fn variant(self, name: impl Into<String>) -> Variants<Self> {
        Variants::new(name.into(), self)
    }

    /// Keeps the scheme silent on builds for which `when` does not hold.
    fn only_if(self, when: When) -> OnlyIf<Self> {
        OnlyIf::new(when, self)
    }

    /// The tags of both, each once.
    fn and(self, other: impl TagScheme + 'static) -> AllOf
    where
        Self: 'static,
    {
        AllOf::new().with(self).with(other)
    }

    /// The tags of `other` where this scheme gives none.
    fn or(self, other: impl TagScheme + 'static) -> FirstOf
    where
        Self: 'static,
    {
        FirstOf::new().with(self).with(other)
    }
}

impl<S: TagScheme> TagSchemeExt for S {}
