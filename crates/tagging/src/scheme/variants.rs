//! One scheme for the variants of an image.

use std::fmt;

use super::affix::affixed;
use crate::{BuildFacts, SchemeError, Tag, TagScheme, class::SchemeClass};

/// The tags of a scheme for the one variant of the image that is built. Made by
/// [`variant`](crate::TagSchemeExt::variant).
///
/// Every tag gets `-` and the variant at its end: `1.2.3-alpine`, `latest-alpine`. The
/// [default](Self::by_default) variant has the bare tags as well.
///
/// ```
/// use lockage_tagging::{AllOf, BuildFacts, Latest, Semver, TagScheme, TagSchemeExt};
///
/// let scheme = || AllOf::new().with(Semver::full()).with(Latest::on_release());
/// let facts = BuildFacts::tag("v1.2.3");
/// assert_eq!(scheme().variant("alpine").tags(&facts)?, ["1.2.3-alpine", "latest-alpine"]);
/// assert_eq!(
///     scheme().variant("debian").by_default().tags(&facts)?,
///     ["1.2.3", "latest", "1.2.3-debian", "latest-debian"],
/// );
/// # Ok::<(), lockage_tagging::SchemeError>(())
/// ```
///
/// # Errors
///
/// Those of [`Suffixed`](crate::Suffixed).
#[derive(Clone, Debug)]
pub struct Variants<S> {
    variant: String,
    bare: Bare,
    scheme: S,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bare {
    Leave,
    Give,
}

impl<S> Variants<S> {
    pub(super) fn new(variant: String, scheme: S) -> Self {
        Self { variant, bare: Bare::Leave, scheme }
    }

    /// Gives the bare tags as well, before the others: this is the variant that people get who name none.
    #[must_use]
    pub fn by_default(self) -> Self {
        Self { bare: Bare::Give, ..self }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<S: TagScheme> TagScheme for Variants<S> {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let bare = self.scheme.tags(facts)?;
        let variant = &self.variant;
        let named = affixed(bare.clone(), "variant", variant, |tag| format!("{tag}-{variant}"))?;
        Ok(match self.bare {
            Bare::Leave => named,
            Bare::Give => [bare, named].concat(),
        })
    }

    fn classes(&self) -> Vec<SchemeClass> {
        let bare = self.scheme.classes();
        let suffix = format!("-{}", self.variant);
        let named = bare.iter().map(|class| class.clone().suffixed(&suffix)).collect();
        match self.bare {
            Bare::Leave => named,
            Bare::Give => [bare, named].concat(),
        }
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        self.scheme.describe(f)?;
        let bare = if self.bare == Bare::Give { ", the default" } else { "" };
        write!(f, ") as variant {}{bare}", self.variant)
    }
}
