//! Files that people write beside a document: configurations, windows, exceptions, VEX.

use std::path::Path;

use lockage_promote::pipeline::documents::TableProblem;
use serde::de::DeserializeOwned;

use crate::gate::{Cited, Files};
use crate::scan::{Exceptions, ExceptionsDocument, Format, GrypeIgnore, TrivyIgnore, Vex};

/// The most bytes of a file that a person has written.
const LIMIT: usize = 4 << 20;

/// Where the files of a document are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folder<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) path: &'a Path,
}

impl Folder<'_> {
    fn bytes(&self, name: &str, most: usize) -> Result<Vec<u8>, TableProblem> {
        self.files.read(&self.path.join(name), most).map_err(|error| wrong(name, &error))
    }

    /// A document in TOML, YAML or JSON, by the end of its name.
    pub(super) fn parsed<T: DeserializeOwned>(&self, name: &str) -> Result<T, TableProblem> {
        parse(name, &self.text(name)?)
    }

    fn text(&self, name: &str) -> Result<String, TableProblem> {
        String::from_utf8(self.bytes(name, LIMIT)?).map_err(|error| wrong(name, &error))
    }

    /// Exceptions in any of the forms that are known, told by the name of the file.
    pub(super) fn exceptions(&self, name: &str) -> Result<(Exceptions, Cited), TableProblem> {
        let text = self.text(name)?;
        let file = name.rsplit('/').next().unwrap_or(name).to_lowercase();
        let exceptions = if file.contains("trivyignore") && !is_structured(&file) {
            Exceptions::trivyignore(&text, name).map_err(|error| wrong(name, &error))?
        } else if file.contains("trivyignore") {
            parse::<TrivyIgnore>(name, &text)?.into_exceptions(name)
        } else if file.contains("grype") {
            parse::<GrypeIgnore>(name, &text)?.into_exceptions(name)
        } else {
            parse::<ExceptionsDocument>(name, &text)?.into_exceptions(name)
        };
        Ok((exceptions, cited(name, text.as_bytes())?))
    }

    pub(super) fn vex(&self, name: &str) -> Result<(Vex, Cited), TableProblem> {
        let bytes = self.bytes(name, Format::LARGEST)?;
        let vex = Vex::read(&bytes).map_err(|error| wrong(name, &error))?;
        Ok((vex, cited(name, &bytes)?))
    }
}

fn cited(name: &str, bytes: &[u8]) -> Result<Cited, TableProblem> {
    Cited::new(name, bytes).map_err(|error| wrong(name, &error))
}

fn end_of(name: &str) -> &str {
    name.rsplit_once('.').map(|(_, end)| end).unwrap_or_default()
}

fn is_structured(name: &str) -> bool {
    matches!(end_of(name), "yaml" | "yml" | "json" | "toml")
}

fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, TableProblem> {
    match end_of(&name.to_lowercase()) {
        "json" => serde_json::from_str(text).map_err(|error| wrong(name, &error)),
        "yaml" | "yml" => crate::yaml::from_str(text).map_err(|error| wrong(name, &error.without_snippet())),
        "toml" => toml::from_str(text).map_err(|error| wrong(name, &error.message())),
        _ => Err(TableProblem::parameters(format!("{name}: its name ends in none of .toml, .yaml and .json"))),
    }
}

fn wrong(name: &str, error: &dyn std::fmt::Display) -> TableProblem {
    let line = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    TableProblem::parameters(format!("{name}: {line}"))
}
