//! The retention section of zot's configuration.
//!
//! The first policy with a matching glob owns a repository. Its `keepTags` sorts the tags into groups, each into the first
//! that matches; in a group the union of its rules is kept, and all of it where it has no rule. Tags of no group go. Without
//! `keepTags`, and in a repository that no policy owns, all tags stay. A tag goes without its manifest: that is looked at as
//! an untagged one on the next run, or in the same where the delay is shorter than a run.
//!
//! Untagged manifests older than the delay go, unless the policy says otherwise, and so do they in a repository that no policy
//! owns. What an index names and what speaks about another manifest stays; the latter goes once that is gone, where the
//! policy has `deleteReferrers`.

mod document;
mod duration;
mod evaluate;
mod go_regex;
mod rule;

pub use self::duration::Span;
pub use self::rule::{KeepTags, Policy, Retention, Rules};
