//! Selectors: from a list of tags to the one image to run, as Flux and Argo CD Image Updater choose it.
//!
//! A selector answers what a cluster would run, without a cluster: before a tag is pushed, in a test, or for an
//! explanation why an image was not taken. It reads the configuration that the two systems read, and comes to the
//! same answer: [`FluxPolicy`] is the specification of an `ImagePolicy`, [`ArgoImage`] an image of Argo CD Image
//! Updater from its resource or from annotations.
//!
//! ```
//! use lockage_tagging::select::{Candidate, FluxPolicy, Reason, Selector};
//!
//! let policy: FluxPolicy = serde_json::from_str(
//!     r#"{
//!         "filterTags": {"pattern": "^main-[a-f0-9]+-(?P<ts>[0-9]+)", "extract": "$ts"},
//!         "policy": {"numerical": {"order": "asc"}}
//!     }"#,
//! )?;
//! let tags = Candidate::list(["main-2b2e927-1606234201", "main-f33bacd-1606364286", "latest"])?;
//!
//! let selected = policy.selector()?.select(&tags)?;
//! assert_eq!(selected.candidate.tag, "main-f33bacd-1606364286");
//! assert_eq!(selected.others[0].reason.to_string(), "\"1606234201\" ranks behind \"1606364286\"");
//! assert!(matches!(selected.others[1].reason, Reason::PatternMismatch { .. }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is different on purpose
//!
//! * **Nothing is guessed.** Where the two systems log a warning and go on with something else (an unknown strategy,
//!   an ignore pattern or expression that cannot be read, an image without a date under `newest-build`), a selector
//!   returns an error.
//! * **Tags that speak about a digest** (`sha256-….sig`) are never chosen, nor do they make a numerical policy fail.
//! * **The same list gives the same answer.** Flux with `filterTags` takes tags in random order, so that which of two
//!   equal ones it takes is chance; a selector goes by the order of the list, as Flux does without `filterTags`.
//! * **Expressions** run on an engine that takes linear time, under a limit of size. The few that it reads otherwise
//!   than Go does are refused.

use std::{fmt::Debug, sync::Arc};

mod argo;
mod candidate;
mod constraint;
mod error;
mod expand;
mod flux;
mod glob;
mod number;
mod pattern;
mod version;

pub use argo::{
    ArgoImage, UpdateSettings,
    annotations::{AnnotationError, PREFIX as ARGO_ANNOTATION_PREFIX},
    selector::ArgoSelector,
    strategy::UpdateStrategy,
};
pub use candidate::{Candidate, Passed, Reason, Selected};
pub use constraint::{Constraint, ConstraintError, ConstraintProblem};
pub use error::SelectError;
pub use flux::{
    AlphabeticalPolicy, FluxPolicy, NumericalPolicy, PolicyChoice, RepositoryRef, SemVerPolicy, TagFilter,
    reflection::{DigestReflection, ReflectionPolicy},
    selector::FluxSelector,
};
pub use glob::{Glob, GlobError};
pub use pattern::PatternProblem;

/// A rule that chooses one image from a list of tags.
///
/// A selector is a pure function. The order of the list matters only where the rule says so: for Flux, between
/// candidates that rank the same.
pub trait Selector: Debug + Send + Sync {
    /// The image to run, and why it is none of the others.
    ///
    /// # Errors
    ///
    /// When no candidate can be chosen, or the rule cannot be applied to the list.
    fn select(&self, tags: &[Candidate]) -> Result<Selected, SelectError>;
}

const _: fn(&dyn Selector) = |_object_safe| {};

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        impl<T: Selector + ?Sized> Selector for $pointer {
            fn select(&self, tags: &[Candidate]) -> Result<Selected, SelectError> {
                (**self).select(tags)
            }
        }
    )+};
}

forward!(&T, Box<T>, Arc<T>);
