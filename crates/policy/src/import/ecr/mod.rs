//! Lifecycle policies of Amazon's Elastic Container Registry.
//!
//! Every rule is evaluated alone, over all images of its storage class: it *matches* some, and *marks* those of them that
//! are too many or too old. An image belongs to the rule with the lowest priority number that matches it, and only that
//! rule acts on it. So an image that a first rule sees and leaves is safe from a second one.
//!
//! An image that an index in the repository names is not acted on unless the index is. What speaks about an image of the
//! repository (a signature, an SBOM) is matched by no rule and shares the fate of that image.

mod document;
mod evaluate;
mod rule;

pub use self::rule::{Action, Count, LifecyclePolicy, Rule, StorageClass, TagStatus};
