//! `BuiltIn`: the gates of this crate, from documents.

use std::sync::Arc;

use super::{GateFactory, GateProblem, Parameters};
use crate::Gate;

/// Makes the gates of this crate.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to say")]
pub struct BuiltIn;

const KINDS: [&str; 0] = [];

impl GateFactory for BuiltIn {
    fn make(&self, _name: &str, kind: &str, _parameters: &Parameters) -> Result<Arc<dyn Gate>, GateProblem> {
        Err(GateProblem::unknown(kind, KINDS))
    }
}
