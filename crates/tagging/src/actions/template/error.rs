//! Why a template gives no text.

/// Why a template cannot be read or rendered, in one message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct TemplateError {
    message: String,
}

impl TemplateError {
    /// An error with a message of its own, for functions of a scope.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    pub(super) fn parse(what: impl std::fmt::Display) -> Self {
        Self::new(format!("Parse error: {what}"))
    }

    pub(super) fn unsupported(what: impl std::fmt::Display) -> Self {
        Self::new(format!("{what} in a template is not supported"))
    }

    pub(super) fn missing_helper(name: &str) -> Self {
        Self::new(format!("Missing helper: \"{name}\""))
    }

    pub(super) fn no_function(name: &str) -> Self {
        Self::new(format!("{name} is not a function"))
    }
}
