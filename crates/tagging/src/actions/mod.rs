//! What `docker/metadata-action` computes: tags, labels and annotations from inputs and the facts of a build.
//!
//! It is pure: no file, no clock, no environment, no network. [`Action`] holds the inputs, [`Context`] what is known
//! about the build, and [`Metadata`] is the result, with an [`Explanation`] for every rule. [`Profile`] says how
//! closely the quirks of the action are kept: [`Profile::Strict`], the default, never gives an invalid tag,
//! [`Profile::Compatible`] is the action to the byte.
//!
//! ```
//! use jiff::Timestamp;
//! use lockage_tagging::actions::{Action, Context, Inputs, Profile};
//!
//! let action = Action::new(Inputs::new().image("acme/app").tag("type=sha,prefix={{branch}}-"));
//! let release = Context::push("refs/tags/v1.2.3", "2b2e9270c1f5b3a4d6e7f8091a2b3c4d5e6f7081");
//!
//! let metadata = action.evaluate(&release, Timestamp::UNIX_EPOCH)?;
//! assert!(metadata.tags.is_empty());
//! assert_eq!(
//!     metadata.explanations[0].to_string(),
//!     "type=sha,prefix={{branch}}-: gives no tag: {{branch}}- names something that is empty here"
//! );
//!
//! let as_the_action = action.profile(Profile::Compatible).evaluate(&release, Timestamp::UNIX_EPOCH)?;
//! assert_eq!(as_the_action.tags, ["acme/app:-2b2e927"]);
//! # Ok::<(), lockage_tagging::actions::ActionError>(())
//! ```

mod action;
mod attributes;
mod bake;
mod compiled;
mod context;
mod csv;
mod date;
mod document;
mod error;
mod evaluate;
mod explain;
mod facts;
mod fields;
mod flavor;
mod git_ref;
mod image;
mod inputs;
mod instant;
mod js;
mod json;
mod labels;
mod metadata;
mod moment;
mod order;
mod outputs;
mod pep440;
mod priority;
mod profile;
mod references;
mod rule;
mod scope;
mod semver;
mod settings;
mod strict;
mod template;
mod version;
mod warning;

pub use action::{Action, Parsed};
pub use attributes::Attributes;
pub use bake::BakeFile;
pub use context::{Checkout, Context, License, Repo, Resolved, Source};
pub use document::{Answer, BakeDocument, Document, DocumentContext, Expected, ParsedDocument};
pub use error::{ActionError, ActionProblem, Origin, Stage};
pub use explain::{Explanation, Outcome, Reason};
pub use flavor::{Flavor, LatestFlavor};
pub use git_ref::{GitAnswers, GitFailure, infer_ref};
pub use image::Image;
pub use inputs::{Inputs, RawInputs};
pub use json::JsonOutput;
pub use labels::Label;
pub use metadata::Metadata;
pub use outputs::{FileOutput, Output, output_variable};
pub use profile::Profile;
pub use rule::{Rule, RuleKind};
pub use settings::Settings;
pub use strict::StrictProblem;
pub use version::{Role, Version};
pub use warning::Warning;
