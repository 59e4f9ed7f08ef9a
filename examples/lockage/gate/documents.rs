//! Files that people write: configurations and exceptions, in TOML, YAML or JSON by the ends of their names.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use lockage_policy::scan::{Exceptions, ExceptionsDocument, GateConfig, GrypeIgnore, TrivyIgnore};
use serde::de::DeserializeOwned;

use crate::promote::Trouble;
use crate::report::Failure;

/// The most bytes of a file that a person has written.
const LIMIT: u64 = 4 << 20;

/// A file, and what is wrong with it.
#[derive(Debug)]
pub(super) struct Invalid {
    file: PathBuf,
    source: Box<dyn Error>,
}

impl Invalid {
    pub(super) fn new(file: &Path, source: impl Into<Box<dyn Error>>) -> Self {
        Self { file: file.to_owned(), source: source.into() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: it cannot be used", self.file.display())
    }
}

impl Error for Invalid {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

/// In one line: what is shown of the text around it has several.
fn misplaced(file: &Path, text: &str, error: &toml::de::Error) -> Trouble {
    let before = error.span().and_then(|span| text.get(..span.start));
    let place = before.map(|before| format!(":{}", before.matches('\n').count() + 1)).unwrap_or_default();
    let why = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
    Trouble::new(format_args!("{}{place}: {why}", file.display())).remedy(
        "examples/documents/gate.toml shows each key, and examples/documents/exceptions.yaml those of exceptions.",
    )
}

/// What decides, and how strictly.
pub(super) fn config(file: &Path) -> Result<GateConfig, Failure> {
    parse(file, &text(file)?)
}

/// Exceptions in any of the forms that are known, told by the names of the files and what is in them.
pub(super) fn exceptions(files: &[PathBuf]) -> Result<Exceptions, Failure> {
    let mut all = Exceptions::none();
    for file in files {
        let (text, source) = (text(file)?, file.display().to_string());
        let name = file.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let more = if name.contains("trivyignore") && !structured(file) {
            Exceptions::trivyignore(&text, &source).map_err(|error| Failure::usage(&Invalid::new(file, error)))?
        } else if name.contains("trivyignore") {
            parse::<TrivyIgnore>(file, &text)?.into_exceptions(&source)
        } else if name.contains("grype") {
            parse::<GrypeIgnore>(file, &text)?.into_exceptions(&source)
        } else {
            parse::<ExceptionsDocument>(file, &text)?.into_exceptions(&source)
        };
        all = all.and(more);
    }
    Ok(all)
}

fn structured(file: &Path) -> bool {
    matches!(extension(file).as_str(), "yaml" | "yml" | "json" | "toml")
}

fn extension(file: &Path) -> String {
    file.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn text(file: &Path) -> Result<String, Failure> {
    let read = || -> Result<String, Box<dyn Error>> {
        if std::fs::metadata(file)?.len() > LIMIT {
            return Err(format!("it has more than {LIMIT} bytes").into());
        }
        Ok(std::fs::read_to_string(file)?)
    };
    read().map_err(|error| Failure::usage(&Invalid::new(file, error)))
}

fn parse<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, Failure> {
    if extension(file) == "toml" {
        return toml::from_str(text).map_err(|error| Failure::usage(&misplaced(file, text, &error)));
    }
    let read = || -> Result<T, Box<dyn Error>> {
        Ok(match extension(file).as_str() {
            "json" => serde_json::from_str(text)?,
            "yaml" | "yml" => crate::yaml::from_str(text)?,
            _ => return Err("its name ends in none of .toml, .yaml and .json".into()),
        })
    };
    read().map_err(|error| Failure::usage(&Invalid::new(file, error)))
}
