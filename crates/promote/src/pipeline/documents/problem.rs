//! `TableProblem`: why what a table of a document describes cannot be made.

/// Why a gate, a step, or something else that a table of a document describes could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableProblem {
    /// Nobody makes such.
    #[error("there is no kind {kind:?}")]
    Unknown {
        /// The kind.
        kind: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The document does not say of which kind it is.
    #[error("it has no kind")]
    NoKind,
    /// It needs other parameters.
    #[error("{why}")]
    Parameters {
        /// What is wrong with them.
        why: String,
        /// What to write, where that is known.
        remedy: Option<String>,
    },
}

impl TableProblem {
    /// A kind that is not among `known`.
    pub fn unknown<K: Into<String>>(kind: impl Into<String>, known: impl IntoIterator<Item = K>) -> Self {
        Self::Unknown { kind: kind.into(), known: known.into_iter().map(Into::into).collect() }
    }

    /// Parameters that are wrong, for this reason.
    pub fn parameters(why: impl Into<String>) -> Self {
        Self::Parameters { why: why.into(), remedy: None }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Unknown { known, .. } if known.is_empty() => "No kinds are known here.".to_owned(),
            Self::Unknown { known, .. } => format!("There are: {}.", known.join(", ")),
            Self::NoKind => "Write kind = \"…\" below it.".to_owned(),
            Self::Parameters { remedy, .. } => remedy
                .clone()
                .unwrap_or_else(|| "examples/lockage.toml and examples/documents show each kind.".to_owned()),
        }
    }
}
