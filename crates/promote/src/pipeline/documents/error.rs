//! `DocumentError`: a document that is none, and the line on which that begins.

use std::fmt;
use std::path::{Path, PathBuf};

use super::TableProblem;
use crate::pipeline::GraphError;

/// Why a document was refused, and where in it.
#[derive(Debug)]
pub struct DocumentError {
    file: PathBuf,
    line: Option<usize>,
    key: Option<String>,
    problem: Box<DocumentProblem>,
}

/// What is wrong with a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentProblem {
    /// It cannot be read.
    #[error("cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// It is no TOML or YAML, or has what no such document has.
    #[error("{0}")]
    Syntax(String),
    /// A gate cannot be made.
    #[error(transparent)]
    Gate(TableProblem),
    /// A step cannot be made.
    #[error(transparent)]
    Step(TableProblem),
    /// Who signs cannot be known by what is written.
    #[error(transparent)]
    Signer(TableProblem),
    /// What is written of evidence, a lease or an event cannot be used.
    #[error(transparent)]
    Table(TableProblem),
    /// Environments and edges do not fit together.
    #[error(transparent)]
    Graph(GraphError),
}

impl DocumentError {
    pub(super) fn at(file: &Path, line: Option<usize>, key: Option<String>, problem: DocumentProblem) -> Self {
        Self { file: file.to_owned(), line, key, problem: Box::new(problem) }
    }

    /// The line, from 1 on, where one is known.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The key below which it is wrong, such as `gates.scan`, where one is known.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &DocumentProblem {
        &self.problem
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match &*self.problem {
            DocumentProblem::Unreadable(_) => "Name a document that is there, with --config.".to_owned(),
            DocumentProblem::Syntax(_) | DocumentProblem::Table(TableProblem::Parameters { remedy: None, .. }) => {
                "The keys of such a document are in schemas/lockage.json; examples/lockage.toml shows each.".to_owned()
            }
            DocumentProblem::Gate(problem) | DocumentProblem::Signer(problem) | DocumentProblem::Table(problem) => {
                problem.remedy()
            }
            DocumentProblem::Step(problem) => problem.remedy(),
            DocumentProblem::Graph(error) => error.remedy(),
        }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ": {key}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for DocumentError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The problem's own line is part of ours.
        std::error::Error::source(&*self.problem)
    }
}
