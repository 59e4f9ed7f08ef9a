//! From an expression to the operations of the machine.

use super::{
    Flags,
    node::{Expression, Groups, Look, Node, Repeat},
    set::{self, Set},
};

#[derive(Debug)]
pub(super) enum Op {
    /// One unit of a set, in the direction of reading.
    Set(Set, Direction),
    /// Goes on at the first, and at the second when that fails.
    Split(usize, usize),
    Jump(usize),
    Save(usize),
    Start,
    End,
    Word(bool),
    LoopInit(usize),
    LoopHead {
        register: usize,
        min: u32,
        max: Option<u32>,
        greedy: bool,
        exit: usize,
    },
    LoopBody {
        register: usize,
        groups: Groups,
    },
    LoopEnd {
        register: usize,
        min: u32,
        head: usize,
    },
    /// What follows has to match, or not, up to `next`.
    Look {
        negated: bool,
        next: usize,
    },
    BackReference(usize, Direction),
    Match,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Forward,
    Backward,
}

#[derive(Debug)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    pub(super) groups: usize,
    pub(super) loops: usize,
    /// What words are made of.
    pub(super) words: Set,
}

pub(super) fn compile(expression: &Expression, flags: Flags) -> Program {
    let mut words = set::words();
    if flags.unicode && flags.ignore_case {
        words = super::case::closed(&words, true);
    }
    let mut program = Program { ops: Vec::new(), groups: expression.groups, loops: 0, words };
    program.node(&expression.node, Direction::Forward);
    program.ops.push(Op::Match);
    program
}

impl Program {
    /// Adds an operation whose targets are not known yet.
    fn reserve(&mut self) -> usize {
        self.ops.push(Op::Match);
        self.ops.len() - 1
    }

    fn place(&mut self, at: usize, op: Op) {
        if let Some(place) = self.ops.get_mut(at) {
            *place = op;
        }
    }

    fn node(&mut self, node: &Node, direction: Direction) {
        match node {
            Node::Set(set) => self.ops.push(Op::Set(set.clone(), direction)),
            Node::Sequence(nodes) if direction == Direction::Forward => {
                nodes.iter().for_each(|node| self.node(node, direction));
            }
            Node::Sequence(nodes) => nodes.iter().rev().for_each(|node| self.node(node, direction)),
            Node::Alternatives(nodes) => self.alternatives(nodes, direction),
            Node::Capture(group, node) => {
                let (first, second) = match direction {
                    Direction::Forward => (group * 2, group * 2 + 1),
                    Direction::Backward => (group * 2 + 1, group * 2),
                };
                self.ops.push(Op::Save(first));
                self.node(node, direction);
                self.ops.push(Op::Save(second));
            }
            Node::Repeat(repeat) => self.repeat(repeat, direction),
            Node::Look(look) => {
                let Look { node, behind, negated } = look.as_ref();
                let at = self.reserve();
                self.node(node, if *behind { Direction::Backward } else { Direction::Forward });
                self.ops.push(Op::Match);
                let next = self.ops.len();
                self.place(at, Op::Look { negated: *negated, next });
            }
            Node::Start => self.ops.push(Op::Start),
            Node::End => self.ops.push(Op::End),
            Node::Word(negated) => self.ops.push(Op::Word(*negated)),
            Node::BackReference(group) => self.ops.push(Op::BackReference(*group, direction)),
        }
    }

    fn alternatives(&mut self, nodes: &[Node], direction: Direction) {
        let Some((last, others)) = nodes.split_last() else {
            return;
        };
        let mut jumps = Vec::new();
        for node in others {
            let split = self.reserve();
            self.node(node, direction);
            jumps.push(self.reserve());
            let next = self.ops.len();
            self.place(split, Op::Split(split + 1, next));
        }
        self.node(last, direction);
        let end = self.ops.len();
        for jump in jumps {
            self.place(jump, Op::Jump(end));
        }
    }

    fn repeat(&mut self, repeat: &Repeat, direction: Direction) {
        let Repeat { node, min, max, greedy, groups } = repeat;
        let register = self.loops;
        self.loops += 1;
        self.ops.push(Op::LoopInit(register));
        let head = self.reserve();
        self.ops.push(Op::LoopBody { register, groups: *groups });
        self.node(node, direction);
        self.ops.push(Op::LoopEnd { register, min: *min, head });
        let exit = self.ops.len();
        self.place(head, Op::LoopHead { register, min: *min, max: *max, greedy: *greedy, exit });
    }
}
