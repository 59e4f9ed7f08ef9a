//! The versions that are there already, out of a list of tags.

use semver::Version;

use crate::{class::ClassTable, component, scheme::semver::parse as parse_version};

/// Which of the tags in a list are releases of the thing that is built.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    /// The component that the tags name; `None` for tags that name none.
    pub(super) component: Option<&'a str>,
    /// The variant that the tags name; `None` for tags that name none.
    pub(super) variant: Option<&'a str>,
    /// The words by which a variant is known.
    pub(super) table: &'a ClassTable,
}

impl Scope<'_> {
    /// The whole version in `tag`, if it is one of this component and this variant.
    ///
    /// Floating tags, digest tags and names are none.
    pub(super) fn version(&self, tag: &str) -> Option<Version> {
        let tag = match self.component {
            Some(name) => component::strip(tag, name)?,
            None => tag,
        };
        let tag = match self.variant {
            Some(variant) => tag.strip_suffix(variant)?.strip_suffix('-')?,
            None => tag,
        };
        // What still ends with a variant is another one: `1.2.3-slim` of `1.2.3-slim-alpine`.
        if self.table.splits_variant(tag) {
            return None;
        }
        parse_version(&tag.replacen('_', "+", 1)).ok()
    }
}
