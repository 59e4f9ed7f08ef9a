//! `LedgerNow`: what is in use by a ledger of promotions, read anew each time that it is asked.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use lockage_promote::ledger::{Chronicle, History};
use lockage_promote::pipeline::Graph;

use super::ledger::LEDGER;
use super::{FactsError, LedgerFacts, WhatRuns};
use crate::retain::InUse;

/// What is in use by a ledger of promotions, read anew each time that it is asked: while a plan is carried out, promotions go on.
#[derive(Clone, Debug)]
pub struct LedgerNow {
    history: Arc<dyn History>,
    graph: Option<Graph>,
    images: u32,
}

impl LedgerNow {
    /// What this ledger says. It is read whole each time, which costs what reading its entries does.
    #[must_use]
    pub fn new(history: Arc<dyn History>) -> Self {
        Self { history, graph: None, images: 1 }
    }

    /// With the environments as they are written, as for [`LedgerFacts::graph`].
    #[must_use]
    pub fn graph(mut self, graph: Graph) -> Self {
        self.graph = Some(graph);
        self
    }

    /// So many images of each environment are in use, as for [`LedgerFacts::history`].
    #[must_use]
    pub fn history(mut self, images: u32) -> Self {
        self.images = images;
        self
    }
}

impl WhatRuns for LedgerNow {
    fn name(&self) -> &str {
        LEDGER
    }

    fn in_use<'a>(&'a self) -> Pin<Box<dyn Future<Output = Result<Vec<InUse>, FactsError>> + Send + 'a>> {
        Box::pin(async move {
            let entries = self.history.entries(None).await;
            let entries = entries.map_err(|source| FactsError::Ledger { source: source.into() })?;
            let chronicle = Chronicle::of(entries);
            let facts = LedgerFacts::of(&chronicle).history(self.images);
            match &self.graph {
                Some(graph) => facts.graph(graph).in_use(),
                None => facts.in_use(),
            }
        })
    }
}
