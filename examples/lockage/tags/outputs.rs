//! The outputs of the action, in the files where later steps look for them.

use std::path::Path;

use lockage_tagging::actions::{Metadata, output_variable};

use super::files::{append, lasting_directory};
use super::surroundings::Surroundings;
use crate::promote::Trouble;
use crate::report::Failure;

/// The outputs with their values, bake files as paths. The files are written, if anybody is told of them.
pub(crate) fn all(metadata: &Metadata, surroundings: &Surroundings) -> Result<Vec<(String, String)>, Failure> {
    let mut outputs: Vec<_> =
        metadata.outputs().into_iter().map(|output| (output.name.to_owned(), output.value)).collect();
    let variables = &surroundings.variables;
    if variables.get("GITHUB_OUTPUT").is_none() && variables.get("GITHUB_ENV").is_none() {
        return Ok(outputs);
    }
    let parent = variables.get("RUNNER_TEMP").map_or_else(std::env::temp_dir, Into::into);
    let unwritable = |path: &Path, error: std::io::Error| {
        Failure::error(&Trouble::new(format_args!("{}: cannot be written", path.display())).because(error))
    };
    let directory = lasting_directory(&parent).map_err(|error| unwritable(&parent, error))?;
    for output in metadata.file_outputs() {
        let path = directory.join(output.file_name);
        std::fs::write(&path, output.file.to_text()).map_err(|error| unwritable(&path, error))?;
        outputs.push((output.name.to_owned(), path.display().to_string()));
    }
    Ok(outputs)
}

/// Hands the outputs to later steps: as outputs of this one, and, unless that is switched off, as variables.
pub(crate) fn write(outputs: &[(String, String)], surroundings: &Surroundings) -> Result<(), Failure> {
    let settings = &surroundings.context.settings;
    let exports = settings.exports().map_err(|error| {
        let remedy = "set DOCKER_METADATA_SET_OUTPUT_ENV to true or false";
        Failure::usage(&Trouble::new(error).remedy(remedy))
    })?;
    let variables = &surroundings.variables;
    append_to(variables.get("GITHUB_OUTPUT"), outputs)?;
    if exports {
        let exported: Vec<_> = outputs.iter().map(|(name, value)| (output_variable(name), value.clone())).collect();
        append_to(variables.get("GITHUB_ENV"), &exported)?;
    }
    Ok(())
}

fn append_to(file: Option<&str>, values: &[(String, String)]) -> Result<(), Failure> {
    let Some(file) = file else { return Ok(()) };
    append(Path::new(file), values)
        .map_err(|error| Failure::error(&Trouble::new(format_args!("{file}: cannot be written")).because(error)))
}
