//! Schemes: from the facts of a build to the tags it has earned; one file each.

use std::{
    fmt::{self, Debug},
    sync::Arc,
};

use crate::{BuildFacts, SchemeError, Tag, class::SchemeClass};

pub(crate) mod affix;
pub(crate) mod all_of;
pub(crate) mod branch;
pub(crate) mod channel;
pub(crate) mod commit;
pub(crate) mod error;
pub(crate) mod ext;
pub(crate) mod first_of;
pub(crate) mod from_fn;
pub(crate) mod git_tag;
pub(crate) mod latest;
pub(crate) mod legal;
pub(crate) mod merged_pull_request;
pub(crate) mod only_if;
pub(crate) mod pull_request;
pub(crate) mod semver;
pub(crate) mod template;
pub(crate) mod variants;
pub(crate) mod when;

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
///
/// [`tags`](Self::tags) is the one method to write. A wrapper around another scheme forwards the other two as well.
pub trait TagScheme: Debug + Send + Sync {
    /// The tags for a build with these `facts`.
    ///
    /// # Errors
    ///
    /// When a fact that the scheme needs for this build is missing or broken.
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError>;

    /// The classes of the tags that the scheme makes, whatever the build: every tag is of one of them.
    ///
    /// Without a word of its own a scheme makes [any](SchemeClass::any).
    fn classes(&self) -> Vec<SchemeClass> {
        vec![SchemeClass::any()]
    }

    /// Writes the scheme as people would say it, in one line. It is what `Display` prints.
    ///
    /// # Errors
    ///
    /// Those of the formatter.
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

const _: fn(&dyn TagScheme) = |_object_safe| {};

impl fmt::Display for dyn TagScheme + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(f)
    }
}

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        #[deny(clippy::missing_trait_methods)]
        impl<T: TagScheme + ?Sized> TagScheme for $pointer {
            fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
                (**self).tags(facts)
            }

            fn classes(&self) -> Vec<SchemeClass> {
                (**self).classes()
            }

            fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).describe(f)
            }
        }
    )+};
}

forward!(&T, Box<T>, Arc<T>);

/// Implements `Display` by [`TagScheme::describe`].
macro_rules! display_as_described {
    ($($scheme:ty),+; $($wrapper:ident::$name:ident),* $(,)?) => {
        $(impl std::fmt::Display for $scheme {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::TagScheme::describe(self, f)
            }
        })+
        $(impl<S: $crate::TagScheme> std::fmt::Display for $wrapper::$name<S> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::TagScheme::describe(self, f)
            }
        })*
    };
}

display_as_described!(
    all_of::AllOf,
    branch::Branch,
    channel::Channel,
    commit::Commit,
    first_of::FirstOf,
    from_fn::FromFn,
    git_tag::GitTag,
    latest::Latest,
    merged_pull_request::MergedPullRequest,
    pull_request::PullRequest,
    semver::Semver,
    template::Template;
    affix::Prefixed,
    affix::Suffixed,
    only_if::OnlyIf,
    variants::Variants,
);

#[cfg(feature = "conventions")]
display_as_described!(
    crate::branches::BranchTable,
    crate::calver::CalverRelease,
    crate::lines::HighestOfLine;
);

/// Writes schemes with `between` them.
fn describe_list<'a>(
    f: &mut fmt::Formatter<'_>,
    schemes: impl IntoIterator<Item = &'a Box<dyn TagScheme>>,
    between: &str,
) -> fmt::Result {
    for (index, scheme) in schemes.into_iter().enumerate() {
        f.write_str(if index == 0 { "" } else { between })?;
        scheme.describe(f)?;
    }
    Ok(())
}
