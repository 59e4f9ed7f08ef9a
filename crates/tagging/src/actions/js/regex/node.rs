//! What an expression consists of.

use super::set::Set;

#[derive(Debug)]
pub(super) enum Node {
    /// One unit out of a set.
    Set(Set),
    Sequence(Vec<Node>),
    Alternatives(Vec<Node>),
    /// What a numbered group matches.
    Capture(usize, Box<Node>),
    Repeat(Box<Repeat>),
    Look(Box<Look>),
    Start,
    End,
    /// The edge of a word, or with `true` anything else.
    Word(bool),
    BackReference(usize),
}

#[derive(Debug)]
pub(super) struct Repeat {
    pub(super) node: Node,
    pub(super) min: u32,
    pub(super) max: Option<u32>,
    pub(super) greedy: bool,
    pub(super) groups: Groups,
}

#[derive(Debug)]
pub(super) struct Look {
    pub(super) node: Node,
    pub(super) behind: bool,
    pub(super) negated: bool,
}

/// The numbers of the groups inside of a node: from `first` up to, but without, `end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups {
    pub(super) first: usize,
    pub(super) end: usize,
}

#[derive(Debug)]
pub(super) struct Expression {
    pub(super) node: Node,
    /// How many groups there are, the whole match included.
    pub(super) groups: usize,
}
