//! Why a context could not be read, and what to do about it.

use super::Provider;

/// The variables or the event document of a CI system do not say what is built.
///
/// The message is one line; values in it are quoted, escaped and shortened. What to do about it is in
/// [`remedy`](Self::remedy).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CiError {
    /// No variable marks a CI system.
    #[error("no variable says which CI system runs this build")]
    NoProvider,

    /// The marks of more than one system.
    #[error("variables of several CI systems are set: {}", .marks.join(", "))]
    SeveralProviders {
        /// The variables that mark them.
        marks: Vec<&'static str>,
    },

    /// A name that is no system's.
    #[error("{name} is no CI system that is known")]
    UnknownProvider {
        /// The name, quoted.
        name: String,
    },

    /// A variable that has to be there.
    #[error("{provider}: the variable {variable} is not set")]
    Missing {
        /// The system.
        provider: Provider,
        /// The variable.
        variable: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },

    /// A variable that does not hold what it should.
    #[error("{provider}: the variable {variable} is {value}, which is not {wanted}")]
    Broken {
        /// The system.
        provider: Provider,
        /// The variable.
        variable: &'static str,
        /// Its value, quoted.
        value: String,
        /// What it should be.
        wanted: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },

    /// Two variables, or a variable and a field of the event document, that cannot both be right.
    #[error("{provider}: {one} is {value}, and {other} is {other_value}")]
    Contradiction {
        /// The system.
        provider: Provider,
        /// One variable.
        one: &'static str,
        /// Its value, quoted.
        value: String,
        /// The other one.
        other: &'static str,
        /// Its value, quoted.
        other_value: String,
    },

    /// A field that the event document has to have.
    #[error("{provider}: the event document {}", match .found { Some(found) => format!("has {found} as {field}"), None => format!("has no {field}") })]
    Event {
        /// The system.
        provider: Provider,
        /// The field, with the names of those around it: `pull_request.number`.
        field: &'static str,
        /// What is there instead, quoted.
        found: Option<String>,
    },
}

impl CiError {
    /// The variable at fault, where it is one.
    pub fn variable(&self) -> Option<&'static str> {
        match self {
            Self::Missing { variable, .. } | Self::Broken { variable, .. } => Some(variable),
            Self::Contradiction { one, .. } => Some(one),
            _ => None,
        }
    }

    /// What to do about it, as a short imperative for people.
    pub fn remedy(&self) -> String {
        match self {
            Self::NoProvider => {
                let names: Vec<_> = Provider::ALL.into_iter().map(Provider::name).collect();
                format!("name the CI system ({}), or the facts of the build", names.join(", "))
            }
            Self::SeveralProviders { .. } => "name the CI system that runs this build".to_owned(),
            Self::UnknownProvider { .. } => {
                let names: Vec<_> = Provider::ALL.into_iter().map(Provider::name).collect();
                format!("name one of {}", names.join(", "))
            }
            Self::Missing { remedy, .. } | Self::Broken { remedy, .. } => (*remedy).to_owned(),
            Self::Contradiction { one, other, .. } => {
                format!("let only the CI system set {one} and {other}; one of them may come from a job around this one")
            }
            Self::Event { .. } => {
                "give the event document of this run, the file that GITHUB_EVENT_PATH names, unchanged".to_owned()
            }
        }
    }
}
