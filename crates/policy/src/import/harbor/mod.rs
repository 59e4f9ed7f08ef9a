//! Tag retention and immutability rules of Harbor.
//!
//! Rules only retain. In a repository that an enabled rule is about, every artifact that no rule retains is deleted, also if
//! all rules retain nothing; a repository that no rule is about is left alone. What counts is the artifact with all of its
//! tags: `matches` selects it if any of its tags matches, `excludes` if any does not.
//!
//! Harbor lists neither what an index names and has no tag, nor what speaks about another artifact. These are no artifacts
//! of their own here either: they go with what needs them. An artifact that an index names which stays cannot be deleted.
//!
//! Harbor's jobs fall back to a default of their own where a parameter is missing, negative or no number. Here that is
//! refused.

mod document;
mod evaluate;
mod rule;
mod selector;

pub use self::rule::{ImmutableRule, RetentionPolicy, RetentionRule, Template};
pub use self::selector::{Selector, Side};
