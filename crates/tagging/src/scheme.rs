//! Schemes: from the facts of a build to the tags it has earned; one file each.

use std::{fmt::Debug, sync::Arc};

use crate::{BuildFacts, SchemeError, Tag};

pub(crate) mod all_of;
pub(crate) mod branch;
pub(crate) mod commit;
pub(crate) mod error;
pub(crate) mod git_tag;
pub(crate) mod latest;
mod legal;
pub(crate) mod pull_request;
pub(crate) mod semver;

/// A rule that says which tags a build gets.
///
/// Which of three answers a scheme gives follows one principle, for this crate's schemes and for
/// yours:
///
/// * **Tags**, most specific first, when the scheme applies.
/// * **No tags** when the scheme has nothing to say about such a build. A scheme for pull
///   requests is silent about branches, so that one list of schemes can serve every build.
/// * **An error** when the scheme applies and a fact it needs is missing or broken. A tag that is
///   left out in silence is found out when someone pulls it.
///
/// A scheme is a pure function: the same facts give the same tags.
pub trait TagScheme: Debug + Send + Sync {
    /// The tags for a build with these `facts`.
    ///
    /// # Errors
    ///
    /// When a fact that the scheme needs for this build is missing or broken.
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError>;
}

const _: fn(&dyn TagScheme) = |_object_safe| {};

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        impl<T: TagScheme + ?Sized> TagScheme for $pointer {
            fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
                (**self).tags(facts)
            }
        }
    )+};
}

forward!(&T, Box<T>, Arc<T>);
