//! Sets in brackets.

use super::{RegexError, case, node::Node, parser::Parser, set::Set};

/// What stands in a class: one unit, which can begin or end a range, or a set, which cannot.
enum Member {
    Unit(u32),
    Set(Set),
}

impl Parser<'_> {
    /// The rest of a class.
    pub(super) fn class(&mut self) -> Result<Node, RegexError> {
        let negated = self.take("^");
        let mut ranges = Vec::new();
        loop {
            if self.take("]") {
                break;
            }
            let first = self.member()?;
            let before = self.at;
            if !self.take("-") || self.peek() == Some(']'.into()) {
                self.at = before;
                first.add_to(&mut ranges);
                continue;
            }
            match (first, self.member()?) {
                (Member::Unit(start), Member::Unit(end)) if start <= end => ranges.push((start, end)),
                (Member::Unit(_), Member::Unit(_)) => {
                    return Err(RegexError::Syntax("Range out of order in character class"));
                }
                _ if self.flags.unicode => return Err(RegexError::Syntax("Invalid character class")),
                (first, second) => {
                    first.add_to(&mut ranges);
                    Member::Unit('-'.into()).add_to(&mut ranges);
                    second.add_to(&mut ranges);
                }
            }
        }
        let set = Set::of(ranges);
        let set = if self.flags.ignore_case { case::closed(&set, self.flags.unicode) } else { set };
        Ok(Node::Set(if negated { set.complement(self.last_unit()) } else { set }))
    }

    fn member(&mut self) -> Result<Member, RegexError> {
        let Some(unit) = self.next() else {
            return Err(RegexError::Syntax("Unterminated character class"));
        };
        if unit != u32::from('\\') {
            return Ok(Member::Unit(unit));
        }
        if self.take("b") {
            return Ok(Member::Unit(0x08));
        }
        if let Some(set) = self.class_escape()? {
            return Ok(Member::Set(set));
        }
        Ok(Member::Unit(self.character_escape(true)?))
    }
}

impl Member {
    fn add_to(self, ranges: &mut Vec<(u32, u32)>) {
        match self {
            Self::Unit(unit) => ranges.push((unit, unit)),
            Self::Set(set) => ranges.extend_from_slice(set.ranges()),
        }
    }
}
