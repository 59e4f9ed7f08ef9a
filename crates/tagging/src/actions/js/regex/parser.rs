//! From the text of an expression to its nodes, with what browsers forgive when flag `u` is not there.

use super::{
    Flags, RegexError, case,
    node::{Expression, Groups, Look, Node, Repeat},
    set::{self, Set},
};

/// How deep groups can stand in each other.
const MAX_DEPTH: usize = 100;

/// Reads an expression.
pub(super) fn parse(units: &[u32], flags: Flags) -> Result<Expression, RegexError> {
    let mut scan = Parser { units, at: 0, flags, group: 1, names: Vec::new(), groups: 1, depth: 0 };
    scan.survey()?;
    let node = scan.alternatives()?;
    match scan.peek() {
        None => Ok(Expression { node, groups: scan.groups }),
        Some(_) => Err(RegexError::Syntax("Unmatched ')'")),
    }
}

pub(super) struct Parser<'p> {
    units: &'p [u32],
    pub(super) at: usize,
    pub(super) flags: Flags,
    /// The number of the next group.
    group: usize,
    /// The names of groups, with their numbers.
    pub(super) names: Vec<(Vec<u32>, usize)>,
    /// How many groups there are, the whole match included.
    pub(super) groups: usize,
    depth: usize,
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<u32> {
        self.units.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<u32> {
        let unit = self.peek()?;
        self.at += 1;
        Some(unit)
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let rest = self.units.get(self.at..).unwrap_or_default();
        let fits = text.chars().enumerate().all(|(index, character)| rest.get(index) == Some(&character.into()));
        if fits {
            self.at += text.len();
        }
        fits
    }

    pub(super) fn decimal(&mut self) -> Option<u32> {
        let mut number = None;
        while let Some(digit) = self.peek().and_then(char::from_u32).and_then(|unit| unit.to_digit(10)) {
            number = Some(number.unwrap_or(0_u32).saturating_mul(10).saturating_add(digit));
            self.at += 1;
        }
        number
    }

    pub(super) fn last_unit(&self) -> u32 {
        if self.flags.unicode { 0x10ffff } else { 0xffff }
    }

    /// Counts the groups and reads their names, which references may precede.
    fn survey(&mut self) -> Result<(), RegexError> {
        let mut in_class = false;
        while let Some(unit) = self.next() {
            match char::from_u32(unit) {
                Some('\\') => self.at += 1,
                Some('[') => in_class = true,
                Some(']') => in_class = false,
                Some('(') if !in_class => self.survey_group()?,
                _ => {}
            }
        }
        self.at = 0;
        Ok(())
    }

    fn survey_group(&mut self) -> Result<(), RegexError> {
        if self.peek() != Some('?'.into()) {
            self.groups += 1;
            return Ok(());
        }
        if !self.take("?<") || matches!(self.peek().and_then(char::from_u32), Some('=' | '!')) {
            return Ok(());
        }
        let name = self.name()?;
        if self.names.iter().any(|(known, _)| *known == name) {
            return Err(RegexError::Syntax("Duplicate capture group name"));
        }
        self.names.push((name, self.groups));
        self.groups += 1;
        Ok(())
    }

    /// The rest of `<name>`.
    pub(super) fn name(&mut self) -> Result<Vec<u32>, RegexError> {
        let invalid = RegexError::Syntax("Invalid capture group name");
        let mut name = Vec::new();
        loop {
            let Some(unit) = self.next() else { return Err(invalid) };
            let allowed = match char::from_u32(unit) {
                Some('>') if name.is_empty() => return Err(invalid),
                Some('>') => return Ok(name),
                Some('$' | '_') => true,
                Some(character) if name.is_empty() => character.is_alphabetic(),
                Some(character) => character.is_alphanumeric() || matches!(character, '\u{200c}' | '\u{200d}'),
                None => true,
            };
            if !allowed {
                return Err(invalid);
            }
            name.push(unit);
        }
    }

    fn alternatives(&mut self) -> Result<Node, RegexError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(RegexError::Syntax("groups stand too deep in each other"));
        }
        let mut nodes = vec![self.sequence()?];
        while self.take("|") {
            nodes.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if nodes.len() > 1 { Node::Alternatives(nodes) } else { Node::Sequence(nodes) })
    }

    fn sequence(&mut self) -> Result<Node, RegexError> {
        let mut nodes = Vec::new();
        while let Some(unit) = self.peek() {
            if matches!(char::from_u32(unit), Some('|' | ')')) {
                break;
            }
            nodes.push(self.term()?);
        }
        Ok(Node::Sequence(nodes))
    }

    fn term(&mut self) -> Result<Node, RegexError> {
        let first = self.group;
        let (node, quantifiable) = self.atom()?;
        let Some((min, max)) = self.quantifier()? else {
            return Ok(node);
        };
        if !quantifiable {
            return Err(RegexError::Syntax("Nothing to repeat"));
        }
        let greedy = !self.take("?");
        let groups = Groups { first, end: self.group };
        Ok(Node::Repeat(Box::new(Repeat { node, min, max, greedy, groups })))
    }

    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, RegexError> {
        Ok(match self.peek().and_then(char::from_u32) {
            Some('*') => {
                self.at += 1;
                Some((0, None))
            }
            Some('+') => {
                self.at += 1;
                Some((1, None))
            }
            Some('?') => {
                self.at += 1;
                Some((0, Some(1)))
            }
            Some('{') => {
                let before = self.at;
                let counts = self.counts();
                match counts {
                    Some((min, Some(max))) if max < min => {
                        return Err(RegexError::Syntax("numbers out of order in {} quantifier"));
                    }
                    None if self.flags.unicode => return Err(RegexError::Syntax("Incomplete quantifier")),
                    None => self.at = before,
                    Some(_) => {}
                }
                counts
            }
            _ => None,
        })
    }

    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        self.take("{");
        let min = self.decimal()?;
        if self.take("}") {
            return Some((min, Some(min)));
        }
        if !self.take(",") {
            return None;
        }
        let max = self.decimal();
        self.take("}").then_some((min, max))
    }

    /// An atom or an assertion, and whether it can be repeated.
    fn atom(&mut self) -> Result<(Node, bool), RegexError> {
        let unit = self.next().unwrap_or_default();
        let lenient = !self.flags.unicode;
        Ok(match char::from_u32(unit) {
            Some('^') => (Node::Start, false),
            Some('$') => (Node::End, false),
            Some('(') => return self.parenthesis(),
            Some('.') if self.flags.dot_all => (self.set(Set::default().complement(self.last_unit())), true),
            Some('.') => (self.set(set::line_ends().complement(self.last_unit())), true),
            Some('[') => (self.class()?, true),
            Some('\\') => return self.atom_escape(),
            Some('*' | '+' | '?') => return Err(RegexError::Syntax("Nothing to repeat")),
            Some('{') => {
                self.at -= 1;
                if !lenient || self.quantifier()?.is_some() {
                    return Err(RegexError::Syntax("Nothing to repeat"));
                }
                self.at += 1;
                (self.unit(unit), true)
            }
            Some(']' | '}') if !lenient => return Err(RegexError::Syntax("Lone quantifier brackets")),
            _ => (self.unit(unit), true),
        })
    }

    /// One unit, or what is the same when case is ignored.
    pub(super) fn unit(&self, unit: u32) -> Node {
        self.set(Set::one(unit))
    }

    pub(super) fn set(&self, set: Set) -> Node {
        Node::Set(if self.flags.ignore_case { case::closed(&set, self.flags.unicode) } else { set })
    }

    fn parenthesis(&mut self) -> Result<(Node, bool), RegexError> {
        for (mark, behind, negated) in
            [("?=", false, false), ("?!", false, true), ("?<=", true, false), ("?<!", true, true)]
        {
            if self.take(mark) {
                let node = self.inner()?;
                // Browsers let looking ahead be repeated.
                return Ok((Node::Look(Box::new(Look { node, behind, negated })), !behind && !self.flags.unicode));
            }
        }
        if self.take("?:") {
            return Ok((self.inner()?, true));
        }
        if self.take("?<") {
            self.name()?;
        } else if self.peek() == Some('?'.into()) {
            return Err(RegexError::Syntax("Invalid group"));
        }
        let group = self.group;
        self.group += 1;
        Ok((Node::Capture(group, Box::new(self.inner()?)), true))
    }

    fn inner(&mut self) -> Result<Node, RegexError> {
        let node = self.alternatives()?;
        if self.take(")") { Ok(node) } else { Err(RegexError::Syntax("Unterminated group")) }
    }
}
