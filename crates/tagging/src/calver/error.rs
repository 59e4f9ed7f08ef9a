//! Why a layout or a version by the calendar is none.

/// A text that is no layout, or no version of a layout, or a version that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalverError {
    /// A layout with something in it that is neither a token nor a separator, or with a separator at its ends.
    #[error("the layout {layout} is not made of calendar tokens with '.', '-' or '_' between them")]
    Layout {
        /// The layout.
        layout: String,
    },

    /// A layout whose versions could not be ordered or told apart.
    #[error("the layout {layout} {problem}")]
    Order {
        /// The layout.
        layout: String,
        /// What it lacks or has twice.
        problem: &'static str,
    },

    /// A text that is not written as the layout says.
    #[error("{text} is no version of the layout {layout}")]
    Version {
        /// The text.
        text: String,
        /// The layout.
        layout: String,
    },

    /// A date that the layout cannot write: its short years are those of 2000 and later.
    #[error("the layout {layout} has no version for {date}")]
    Date {
        /// The layout.
        layout: String,
        /// The date.
        date: String,
    },

    /// The version of the date exists, and the layout has no `MICRO` to tell a second one from it.
    #[error("the version {version} exists already, and its layout has no MICRO")]
    Taken {
        /// The version.
        version: String,
    },
}
