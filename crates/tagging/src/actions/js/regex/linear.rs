//! The same expression for an engine that never backtracks, where it means the same there.

use std::fmt::Write;

use super::{
    Flags,
    node::{Expression, Node, Repeat},
};

/// The largest program that the engine may make of an expression, in bytes.
const SIZE: usize = 1 << 21;

/// The expression in the syntax of the linear engine.
///
/// `None` for what it cannot do: back references, looking around, anchors to lines, words without case. And for
/// what it does otherwise: groups inside of a loop, which JavaScript empties with every turn, and loops whose turns can
/// be empty, which JavaScript leaves.
pub(super) fn translate(expression: &Expression, flags: Flags) -> Option<String> {
    if flags.sticky {
        return None;
    }
    let mut out = String::new();
    write(&expression.node, flags, &mut out)?;
    Some(out)
}

pub(super) fn compile(source: &str) -> Option<::regex::Regex> {
    ::regex::RegexBuilder::new(source).size_limit(SIZE).dfa_size_limit(SIZE).nest_limit(1000).build().ok()
}

fn write(node: &Node, flags: Flags, out: &mut String) -> Option<()> {
    match node {
        Node::Set(set) => {
            out.push('[');
            for &(start, end) in set.ranges() {
                // Surrogates are not in the texts that this is used for.
                for (start, end) in [(start, end.min(0xd7ff)), (start.max(0xe000), end)] {
                    if start <= end {
                        write!(out, "\\x{{{start:x}}}-\\x{{{end:x}}}").ok()?;
                    }
                }
            }
            if out.ends_with('[') {
                out.push_str("^\\x{0}-\\x{10ffff}");
            }
            out.push(']');
        }
        Node::Sequence(nodes) => {
            for node in nodes {
                write(node, flags, out)?;
            }
        }
        Node::Alternatives(nodes) => {
            out.push_str("(?:");
            for (index, node) in nodes.iter().enumerate() {
                if index > 0 {
                    out.push('|');
                }
                write(node, flags, out)?;
            }
            out.push(')');
        }
        Node::Capture(_, node) => {
            out.push('(');
            write(node, flags, out)?;
            out.push(')');
        }
        Node::Repeat(repeat) => {
            let Repeat { node, min, max, greedy, groups } = repeat.as_ref();
            let loops = max.is_none_or(|max| max > 1);
            // A loop without turns would lose the numbers of its groups there.
            if is_nullable(node) || (loops || *max == Some(0)) && groups.first < groups.end {
                return None;
            }
            out.push_str("(?:");
            write(node, flags, out)?;
            write!(out, "){{{min},").ok()?;
            if let Some(max) = max {
                write!(out, "{max}").ok()?;
            }
            out.push('}');
            if !greedy {
                out.push('?');
            }
        }
        Node::Start | Node::End if flags.multiline => return None,
        Node::Start => out.push_str("\\A"),
        Node::End => out.push_str("\\z"),
        Node::Word(_) if flags.unicode && flags.ignore_case => return None,
        Node::Word(negated) => out.push_str(if *negated { "(?-u:\\B)" } else { "(?-u:\\b)" }),
        Node::Look(_) | Node::BackReference(_) => return None,
    }
    Some(())
}

fn is_nullable(node: &Node) -> bool {
    match node {
        Node::Set(_) => false,
        Node::Sequence(nodes) => nodes.iter().all(is_nullable),
        Node::Alternatives(nodes) => nodes.iter().any(is_nullable),
        Node::Capture(_, node) => is_nullable(node),
        Node::Repeat(repeat) => repeat.min == 0 || is_nullable(&repeat.node),
        Node::Start | Node::End | Node::Word(_) | Node::Look(_) | Node::BackReference(_) => true,
    }
}
