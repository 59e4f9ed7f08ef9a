//! Warnings of `tags`: workflow commands where a runner reads them, plain lines elsewhere.

use std::fmt;

/// Where warnings go.
#[derive(Clone, Copy)]
pub(crate) enum Warnings {
    /// To a runner, which shows them beside the step.
    Runner,
    /// To whoever reads.
    Plain,
}

impl Warnings {
    pub(crate) fn warn(self, warning: impl fmt::Display) {
        match self {
            Self::Runner => eprintln!("::warning::{}", escaped(&warning.to_string())),
            Self::Plain => eprintln!("warning: {}", one_line(warning)),
        }
    }
}

/// `text` with every character escaped that would end the line or move the cursor: it can hold whatever an event says.
pub(crate) fn one_line(text: impl fmt::Display) -> String {
    let escaped = |character: char| {
        let escape = character.is_control().then(|| character.escape_debug());
        escape.into_iter().flatten().chain((!character.is_control()).then_some(character))
    };
    text.to_string().chars().flat_map(escaped).collect()
}

/// The text of a workflow command, which ends at the end of the line.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_warning_cannot_become_a_second_command() {
        assert_eq!(super::escaped("100%\r\n::stop-commands::x"), "100%25%0D%0A::stop-commands::x");
    }

    #[test]
    fn what_an_event_says_stays_on_its_line() {
        assert_eq!(super::one_line("größe\n\u{1b}[2J'x'"), "größe\\n\\u{1b}[2J'x'");
    }
}
