//! The blanks around braces: `~` removes them, and so does a block, a comment or a partial with a line of its own.

use super::ast::{Block, Inverse, Node, Strip, Text};
use crate::actions::js;

/// Removes from the texts of a whole template what is not to be seen.
pub(super) fn control(nodes: &mut [Node]) {
    program(nodes, true);
}

/// What a node asks of the texts on its two sides.
struct Wishes {
    strip: Strip,
    /// Whether its opening braces end their line, if nothing stands before them.
    opens_line: bool,
    /// Whether its closing braces begin their line, if nothing stands behind them.
    closes_line: bool,
    /// Whether it leaves no trace of its line.
    inline: bool,
}

fn program(nodes: &mut [Node], root: bool) {
    for index in 0..nodes.len() {
        let Some(wishes) = nodes.get_mut(index).and_then(wishes) else {
            continue;
        };
        let begins = begins_line(nodes, index, root);
        let ends = ends_line(nodes, Some(index), root);
        if wishes.strip.right {
            trim_start(nodes.get_mut(index + 1), Extent::All);
        }
        if wishes.strip.left {
            trim_end(before(nodes, index), Extent::All);
        }
        if wishes.inline && begins && ends {
            trim_start(nodes.get_mut(index + 1), Extent::Line);
            trim_end(before(nodes, index), Extent::Line);
        }
        if wishes.opens_line && begins {
            if let Some(Node::Block(block)) = nodes.get_mut(index) {
                trim_start(first_part(block).first_mut(), Extent::Line);
            }
            trim_end(before(nodes, index), Extent::Line);
        }
        if wishes.closes_line && ends {
            trim_start(nodes.get_mut(index + 1), Extent::Line);
            if let Some(Node::Block(block)) = nodes.get_mut(index) {
                trim_end(last_part(block).last_mut(), Extent::Line);
            }
        }
    }
}

fn wishes(node: &mut Node) -> Option<Wishes> {
    let (strip, inline) = match node {
        Node::Text(_) => return None,
        Node::Block(block) => return Some(control_block(block)),
        Node::Mustache(mustache) => (mustache.strip, false),
        Node::Comment(strip) | Node::Partial { strip, .. } => (*strip, true),
    };
    Some(Wishes { strip, opens_line: false, closes_line: false, inline })
}

fn control_block(block: &mut Block) -> Wishes {
    if let Some(nodes) = &mut block.program {
        program(nodes, false);
    }
    if let Some(inverse) = &mut block.inverse {
        program(&mut inverse.nodes, false);
    }
    let both = block.program.is_some() && block.inverse.is_some();
    let opens_line = ends_line(first_part(block), None, false);
    let closes_line = match &mut block.inverse {
        Some(inverse) if both => {
            let nodes = first_of_chain(inverse);
            begins_line(nodes, nodes.len(), false)
        }
        _ => {
            let nodes = first_part(block);
            begins_line(nodes, nodes.len(), false)
        }
    };
    if block.open.right {
        trim_start(first_part(block).first_mut(), Extent::All);
    }
    if let (Some(nodes), Some(inverse)) = (&mut block.program, &mut block.inverse) {
        if block.middle.left {
            trim_end(nodes.last_mut(), Extent::All);
        }
        if block.middle.right {
            trim_start(first_of_chain(inverse).first_mut(), Extent::All);
        }
        if block.close.left {
            trim_end(first_of_chain(inverse).last_mut(), Extent::All);
        }
        let length = nodes.len();
        if begins_line(nodes, length, false) && ends_line(first_of_chain(inverse), None, false) {
            trim_end(nodes.last_mut(), Extent::Line);
            trim_start(first_of_chain(inverse).first_mut(), Extent::Line);
        }
    } else if block.close.left {
        trim_end(first_part(block).last_mut(), Extent::All);
    }
    Wishes { strip: Strip { left: block.open.left, right: block.close.right }, opens_line, closes_line, inline: false }
}

/// The nodes behind the opening braces.
fn first_part(block: &mut Block) -> &mut [Node] {
    match (&mut block.program, &mut block.inverse) {
        (Some(nodes), _) => nodes,
        (None, Some(inverse)) => &mut inverse.nodes,
        (None, None) => &mut [],
    }
}

/// The nodes before the closing braces.
fn last_part(block: &mut Block) -> &mut [Node] {
    match (&mut block.program, &mut block.inverse) {
        (_, Some(inverse)) => &mut inverse.nodes,
        (Some(nodes), None) => nodes,
        (None, None) => &mut [],
    }
}

/// The nodes behind the first `else`, be it an `else if`. Handlebars takes them for those behind the last one, too.
fn first_of_chain(inverse: &mut Inverse) -> &mut [Node] {
    if !inverse.chained {
        return &mut inverse.nodes;
    }
    match inverse.nodes.first_mut() {
        Some(Node::Block(block)) => block.program.as_deref_mut().unwrap_or_default(),
        _ => &mut [],
    }
}

fn before(nodes: &mut [Node], index: usize) -> Option<&mut Node> {
    nodes.get_mut(index.checked_sub(1)?)
}

fn text(node: Option<&Node>) -> Option<&Text> {
    match node {
        Some(Node::Text(text)) => Some(text),
        _ => None,
    }
}

/// Whether nothing but blanks stands between the beginning of a line and the node at `index`.
fn begins_line(nodes: &[Node], index: usize, root: bool) -> bool {
    let Some(previous) = index.checked_sub(1) else {
        return root;
    };
    let alone = previous == 0 && root;
    text(nodes.get(previous)).is_some_and(|text| {
        let line = text.original.trim_end_matches(js::is_blank);
        let blanks = text.original.get(line.len()..).unwrap_or_default();
        blanks.contains('\n') || alone && line.is_empty()
    })
}

/// Whether nothing but blanks stands between the node at `index`, or the beginning, and the end of a line.
fn ends_line(nodes: &[Node], index: Option<usize>, root: bool) -> bool {
    let next = index.map_or(0, |index| index + 1);
    let Some(node) = nodes.get(next) else {
        return root;
    };
    let alone = nodes.get(next + 1).is_none() && root;
    text(Some(node)).is_some_and(|text| {
        let line = text.original.trim_start_matches(js::is_blank);
        let blanks = text.original.get(..text.original.len() - line.len()).unwrap_or_default();
        blanks.contains('\n') || alone && line.is_empty()
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Up to and with the end of the line.
    Line,
    All,
}

fn trim_start(node: Option<&mut Node>, extent: Extent) {
    let Some(Node::Text(text)) = node else {
        return;
    };
    if extent == Extent::Line && text.stripped.right {
        return;
    }
    let rest = match extent {
        Extent::All => text.value.trim_start_matches(js::is_blank),
        Extent::Line => {
            let rest = text.value.trim_start_matches([' ', '\t']);
            rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\r', '\n'])).unwrap_or(rest)
        }
    };
    text.stripped.right = rest.len() != text.value.len();
    text.value = rest.to_owned();
}

fn trim_end(node: Option<&mut Node>, extent: Extent) {
    let Some(Node::Text(text)) = node else {
        return;
    };
    if extent == Extent::Line && text.stripped.left {
        return;
    }
    let rest = match extent {
        Extent::All => text.value.trim_end_matches(js::is_blank),
        Extent::Line => text.value.trim_end_matches([' ', '\t']),
    };
    text.stripped.left = rest.len() != text.value.len();
    text.value = rest.to_owned();
}
