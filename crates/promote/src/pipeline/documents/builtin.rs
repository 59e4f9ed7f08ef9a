//! `BuiltIn`: the gates of this crate, from documents.

use std::sync::Arc;

use lockage_registry::Source;

use super::{GateFactory, GateProblem, Parameters};
use crate::Gate;

/// Makes the gates of this crate.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct BuiltIn {
    source: Option<Arc<dyn Source>>,
}

const KINDS: [&str; 0] = [];

impl BuiltIn {
    /// Gates that read nothing but the image and the ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gates that read other repositories too, through this.
    pub fn reading(source: impl Source + 'static) -> Self {
        Self { source: Some(Arc::new(source)) }
    }
}

impl GateFactory for BuiltIn {
    fn make(&self, _name: &str, kind: &str, _parameters: &Parameters) -> Result<Arc<dyn Gate>, GateProblem> {
        Err(GateProblem::unknown(kind, KINDS))
    }
}
