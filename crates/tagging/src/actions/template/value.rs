//! What names and literals stand for.

use crate::actions::js;

/// A value as JavaScript has it, as far as templates meet one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Value>),
}

impl Value {
    /// The value as text. Nothing is spelled for what is missing, and lists are joined with `,`.
    pub(super) fn spell(&self, out: &mut String) {
        match self {
            Self::Undefined | Self::Null => {}
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => out.push_str(&js::display(*number)),
            Self::Text(text) => out.push_str(text),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.spell(out);
                }
            }
        }
    }

    /// Whether there is no value at all.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Undefined | Self::Null)
    }

    /// Whether JavaScript counts the value as false.
    pub(super) fn is_falsy(&self) -> bool {
        match self {
            Self::Undefined | Self::Null => true,
            Self::Bool(value) => !value,
            Self::Number(number) => *number == 0.0 || number.is_nan(),
            Self::Text(text) => text.is_empty(),
            Self::List(_) => false,
        }
    }

    /// Whether Handlebars counts the value as empty: 0 is not, a list without items is.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::List(items) => items.is_empty(),
            Self::Number(number) => number.is_nan(),
            _ => self.is_falsy(),
        }
    }
}
