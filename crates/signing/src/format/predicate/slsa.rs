//! `Provenance`: who built it, how, and from what (SLSA v0.2 and v1).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::strict::Object;
use super::{FormatError, given, list, object};

const WHAT: &str = "SLSA provenance";

/// SLSA provenance, in either version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provenance {
    /// The builder's ID: whom the build platform says it is.
    pub builder: String,
    /// What kind of build it was, by URI.
    pub build_type: String,
    /// Which run, where it is said.
    pub invocation: Option<String>,
    /// From where the build was defined, where it is said: `invocation.configSource.uri` of v0.2, and of v1 what GitHub
    /// (`externalParameters.workflow.repository`) and BuildKit (`externalParameters.configSource.uri`) write. Materials are
    /// no such thing: whatever a build has used is among them.
    pub source: Option<String>,
    /// What it was built from: `materials` of v0.2, `resolvedDependencies` of v1. It may be incomplete.
    pub materials: Vec<Resource>,
}

/// Something that a build has used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Resource {
    /// Where it was.
    pub uri: Option<String>,
    /// Hashes by algorithm, in hex.
    #[serde(default)]
    pub digest: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Builder {
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(alias = "buildInvocationId", alias = "buildInvocationID", alias = "invocationID")]
    invocation_id: Option<String>,
}

/// The file that defines a build.
#[derive(Deserialize)]
struct ConfigSource {
    uri: Option<String>,
}

fn source(config: Option<Object<ConfigSource>>) -> Option<String> {
    config.and_then(|Object(config)| config.uri).filter(|uri| !uri.is_empty())
}

fn invocation(metadata: Option<Object<Metadata>>) -> Option<String> {
    metadata.and_then(|Object(metadata)| metadata.invocation_id).filter(|id| !id.is_empty())
}

/// Version 0.2: <https://slsa.dev/spec/v0.2/provenance>.
pub(super) fn v02(raw: &RawValue) -> Result<Provenance, FormatError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Document {
        builder: Object<Builder>,
        build_type: Option<String>,
        invocation: Option<Object<Invocation>>,
        metadata: Option<Object<Metadata>>,
        materials: Option<Vec<Object<Resource>>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Invocation {
        config_source: Option<Object<ConfigSource>>,
    }
    let Document { builder: Object(builder), build_type, invocation: invoked, metadata, materials } =
        object(WHAT, raw)?;
    Ok(Provenance {
        builder: given(WHAT, "builder ID", builder.id)?,
        build_type: given(WHAT, "build type", build_type)?,
        invocation: invocation(metadata),
        source: source(invoked.and_then(|Object(invoked)| invoked.config_source)),
        materials: list(materials),
    })
}

/// Version 1: <https://slsa.dev/spec/v1.0/provenance>.
pub(super) fn v1(raw: &RawValue) -> Result<Provenance, FormatError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Document {
        build_definition: Object<Definition>,
        run_details: Object<Run>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Definition {
        build_type: Option<String>,
        external_parameters: Option<Object<Parameters>>,
        resolved_dependencies: Option<Vec<Object<Resource>>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Parameters {
        workflow: Option<Object<Workflow>>,
        config_source: Option<Object<ConfigSource>>,
    }
    #[derive(Deserialize)]
    struct Workflow {
        repository: Option<String>,
    }
    #[derive(Deserialize)]
    struct Run {
        builder: Object<Builder>,
        metadata: Option<Object<Metadata>>,
    }
    let Document { build_definition: Object(definition), run_details: Object(run) } = object(WHAT, raw)?;
    let Run { builder: Object(builder), metadata } = run;
    let parameters = definition.external_parameters.map(|Object(parameters)| parameters);
    let source = parameters.and_then(|Parameters { workflow, config_source }| match workflow {
        Some(Object(workflow)) => workflow.repository.filter(|repository| !repository.is_empty()),
        None => source(config_source),
    });
    Ok(Provenance {
        builder: given(WHAT, "builder ID", builder.id)?,
        build_type: given(WHAT, "build type", definition.build_type)?,
        invocation: invocation(metadata),
        source,
        materials: list(definition.resolved_dependencies),
    })
}
