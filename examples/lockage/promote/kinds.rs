//! Every kind of gate and of step that a document may have here: one list, for all commands.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockage_policy::gate::documents::PolicyGates;
use lockage_promote::pipeline::documents::{
    BuiltIn, Document, Factories, Outside, StepFactories, Surroundings, TableProblem,
};
use lockage_registry::{Host, Memory, Source};
use lockage_signing::documents::SigningGates;

use super::code_scanning::PassedOn;
use super::steps;
use super::world::invalid;
use crate::report::Failure;
use crate::scanner::Trivy;

pub(super) struct Kinds {
    pub(super) gates: Factories,
    pub(super) steps: StepFactories,
}

impl Kinds {
    /// Gates that are asked and steps that are done: what they read beside the image they read through `source`, scanners
    /// log in with the credentials in a file, where one is given, and tokens are in the environment. SARIF that is read goes into
    /// a folder too, where one is given.
    pub(super) fn asked(
        document: &Document,
        source: impl Source + Clone + 'static,
        credentials: Option<PathBuf>,
        sarif: Option<&Path>,
    ) -> Result<Self, Failure> {
        let surroundings = Surroundings::new(document.folder()).variables(|name| std::env::var(name).ok());
        let steps = steps::factories(&surroundings);
        let outside = Outside::new(surroundings.clone());
        Self::of(document, source, credentials, &surroundings, sarif, outside, steps)
    }

    /// The same for whoever promotes nothing, and so does no step: a gate whose token nobody has set keeps nobody from looking,
    /// or from going back, and cannot decide where it is asked.
    pub(super) fn asked_perhaps(
        document: &Document,
        source: impl Source + Clone + 'static,
        credentials: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let surroundings = Surroundings::new(document.folder()).variables(|name| std::env::var(name).ok());
        let steps = steps::factories(&Surroundings::new(document.folder()));
        let outside = Outside::new(surroundings.clone()).secrets_when_asked();
        Self::of(document, source, credentials, &surroundings, None, outside, steps)
    }

    /// Gates and steps that are judged with the document, and nothing else: no registry is asked, and no secret is needed.
    pub(super) fn judged(document: &Document) -> Result<Self, Failure> {
        let host: Host = "localhost".parse().map_err(|error| Failure::error(&error))?;
        let surroundings = Surroundings::new(document.folder());
        let (outside, steps) = (Outside::new(surroundings.clone()), steps::factories(&surroundings));
        Self::of(document, Memory::new(host), None, &surroundings, None, outside, steps)
    }

    fn of(
        document: &Document,
        source: impl Source + Clone + 'static,
        credentials: Option<PathBuf>,
        surroundings: &Surroundings,
        sarif: Option<&Path>,
        outside: Outside,
        steps: StepFactories,
    ) -> Result<Self, Failure> {
        let signing = SigningGates::of(document).map_err(invalid)?;
        let (signers, folder) = (signing.verifier(), document.folder().to_owned());
        let around = surroundings.clone();
        let policy = PolicyGates::new(document.folder())
            .files(PassedOn::new(document.folder(), sarif))
            .reading(source.clone())
            .variables(move |name| around.variable(name))
            .verifiers(move |names| {
                let chosen = signers.only(names).map_err(|error| TableProblem::Parameters {
                    why: format!("attested.signers: {error}"),
                    remedy: Some(error.remedy()),
                })?;
                Ok(Arc::new(chosen))
            })
            .scanners(move |name, options| match name {
                "trivy" => {
                    let trivy = Trivy::of(&folder, options)?.with_registry_credentials(credentials.clone());
                    Ok(Arc::new(trivy))
                }
                other => Err(TableProblem::Parameters {
                    why: format!("there is no scanner {other:?}"),
                    remedy: Some("There is: trivy.".to_owned()),
                }),
            });
        let gates = Factories::new()
            .with(BuiltIn::new().reading(source).verifying(signing.verifier()))
            .with(policy)
            .with(signing)
            .with(outside);
        Ok(Self { gates, steps })
    }
}
