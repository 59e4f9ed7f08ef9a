//! Every kind of gate and of step that a document may have here: one list, for all commands.

use lockage_promote::pipeline::documents::{
    BuiltIn, Document, Factories, Outside, Reports, StepFactories, Surroundings,
};
use lockage_registry::{Host, Memory, Source};

use super::steps;
use crate::report::Failure;

pub(super) struct Kinds {
    pub(super) gates: Factories,
    pub(super) steps: StepFactories,
}

impl Kinds {
    /// Gates that are asked and steps that are done: what they read beside the image they read through `source`, and their
    /// tokens are in the environment.
    pub(super) fn asked(document: &Document, source: impl Source + Clone + 'static) -> Result<Self, Failure> {
        let surroundings = Surroundings::new(document.folder()).variables(|name| std::env::var(name).ok());
        Self::of(document, source, &surroundings)
    }

    /// Gates and steps that are judged with the document, and nothing else: no registry is asked, and no secret is needed.
    pub(super) fn judged(document: &Document) -> Result<Self, Failure> {
        let host: Host = "localhost".parse().map_err(|error| Failure::error(&error))?;
        Self::of(document, Memory::new(host), &Surroundings::new(document.folder()))
    }

    fn of(
        document: &Document,
        source: impl Source + Clone + 'static,
        surroundings: &Surroundings,
    ) -> Result<Self, Failure> {
        let _ = document;
        let gates = Factories::new()
            .with(BuiltIn::new().reading(source))
            .with(Reports::new(surroundings.clone()))
            .with(Outside::new(surroundings.clone()));
        Ok(Self { gates, steps: steps::factories(surroundings) })
    }
}
