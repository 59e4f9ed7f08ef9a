//! What a template consists of.

use super::value::Value;

/// Whether the blanks outside of the braces are removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Strip {
    pub(super) left: bool,
    pub(super) right: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Text(Text),
    Mustache(Mustache),
    Block(Box<Block>),
    Comment(Strip),
    Partial { name: String, strip: Strip },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// As it was written.
    pub(super) original: String,
    /// What is left of it when blanks have been removed.
    pub(super) value: String,
    pub(super) stripped: Strip,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mustache {
    pub(super) call: Call,
    pub(super) escaped: bool,
    pub(super) strip: Strip,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    pub(super) call: Call,
    pub(super) program: Option<Vec<Node>>,
    pub(super) inverse: Option<Inverse>,
    pub(super) open: Strip,
    /// The strip of the `else` between the two.
    pub(super) middle: Strip,
    pub(super) close: Strip,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Inverse {
    pub(super) nodes: Vec<Node>,
    /// Whether it is the one block of an `else if`.
    pub(super) chained: bool,
}

/// A name, with or without arguments.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) target: Operand,
    pub(super) arguments: Vec<Operand>,
    pub(super) hash: Vec<(String, Operand)>,
}

impl Call {
    pub(super) fn is_bare(&self) -> bool {
        self.arguments.is_empty() && self.hash.is_empty()
    }

    /// Whether the target is a path with the one part `name`.
    pub(super) fn names(&self, name: &str) -> bool {
        matches!(&self.target, Operand::Path(path) if matches!(path.parts.as_slice(), [part] if part == name))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Path(Path),
    /// A literal, and how it is spelled when it stands for a name.
    Literal(Value, String),
    Call(Box<Call>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path {
    /// Whether it begins with `@`.
    pub(super) data: bool,
    /// How often it begins with `..`.
    pub(super) depth: usize,
    /// Whether it begins with `.`, `..` or `this`: then it names no helper.
    pub(super) scoped: bool,
    pub(super) parts: Vec<String>,
    pub(super) original: String,
}

impl Path {
    pub(super) fn named(name: &str) -> Self {
        Self { parts: vec![name.to_owned()], original: name.to_owned(), ..Self::default() }
    }

    /// The name, when it can be that of a helper.
    pub(super) fn simple(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [name] if !self.scoped && !self.data && self.depth == 0 => Some(name),
            _ => None,
        }
    }
}
