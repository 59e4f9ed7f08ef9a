//! What stands behind a backslash.

use regex_syntax::hir::{Class, HirKind};

use super::{
    RegexError,
    node::Node,
    parser::Parser,
    set::{self, Set},
};

impl Parser<'_> {
    /// The rest of an escape outside of a class, and whether it can be repeated.
    pub(super) fn atom_escape(&mut self) -> Result<(Node, bool), RegexError> {
        let start = self.at;
        match self.peek().and_then(char::from_u32) {
            None if self.peek().is_none() => return Err(RegexError::Syntax("\\ at end of pattern")),
            Some('b') => {
                self.at += 1;
                return Ok((Node::Word(false), false));
            }
            Some('B') => {
                self.at += 1;
                return Ok((Node::Word(true), false));
            }
            Some('1'..='9') => {
                let group = self.decimal().and_then(|number| usize::try_from(number).ok());
                if let Some(group) = group.filter(|&group| group < self.groups) {
                    return Ok((Node::BackReference(group), true));
                }
                if self.flags.unicode {
                    return Err(RegexError::Syntax("Invalid escape"));
                }
                self.at = start;
            }
            Some('k') if self.flags.unicode || !self.names.is_empty() => {
                self.at += 1;
                if !self.take("<") {
                    return Err(RegexError::Syntax("Invalid named reference"));
                }
                let name = self.name()?;
                let group = self.names.iter().find(|(known, _)| *known == name).map(|&(_, group)| group);
                let group = group.ok_or(RegexError::Syntax("Invalid named capture referenced"))?;
                return Ok((Node::BackReference(group), true));
            }
            _ => {}
        }
        if let Some(set) = self.class_escape()? {
            return Ok((self.set(set), true));
        }
        let unit = self.character_escape(false)?;
        Ok((self.unit(unit), true))
    }

    /// A set that an escape stands for, if it does.
    pub(super) fn class_escape(&mut self) -> Result<Option<Set>, RegexError> {
        let last = self.last_unit();
        let words = || {
            let words = set::words();
            if self.flags.unicode && self.flags.ignore_case { super::case::closed(&words, true) } else { words }
        };
        let set = match self.peek().and_then(char::from_u32) {
            Some('d') => set::digits(),
            Some('D') => set::digits().complement(last),
            Some('w') => words(),
            Some('W') => words().complement(last),
            Some('s') => set::blanks(),
            Some('S') => set::blanks().complement(last),
            Some('p' | 'P') if self.flags.unicode => return self.property().map(Some),
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(set))
    }

    /// `p{…}` or `P{…}`.
    fn property(&mut self) -> Result<Set, RegexError> {
        let invalid = RegexError::Syntax("Invalid property name");
        let mut pattern = String::from("\\");
        pattern.extend(self.next().and_then(char::from_u32));
        if !self.take("{") {
            return Err(invalid);
        }
        pattern.push('{');
        loop {
            let Some(character) = self.next().and_then(char::from_u32) else { return Err(invalid) };
            pattern.push(character);
            match character {
                '}' => break,
                '=' | '_' => {}
                _ if character.is_ascii_alphanumeric() => {}
                _ => return Err(invalid),
            }
        }
        let class = regex_syntax::parse(&pattern).map(regex_syntax::hir::Hir::into_kind);
        match class {
            Ok(HirKind::Class(Class::Unicode(class))) => {
                Ok(Set::of(class.ranges().iter().map(|range| (range.start().into(), range.end().into()))))
            }
            _ => Err(invalid),
        }
    }

    /// The one unit that an escape stands for.
    pub(super) fn character_escape(&mut self, in_class: bool) -> Result<u32, RegexError> {
        let invalid = RegexError::Syntax("Invalid escape");
        let lenient = !self.flags.unicode;
        let start = self.at;
        let Some(unit) = self.next() else {
            return Err(RegexError::Syntax("\\ at end of pattern"));
        };
        let character = char::from_u32(unit);
        Ok(match character {
            Some('t') => 0x09,
            Some('n') => 0x0a,
            Some('v') => 0x0b,
            Some('f') => 0x0c,
            Some('r') => 0x0d,
            Some('0'..='7') if lenient => {
                self.at = start;
                self.octal()
            }
            Some('0') if !self.peek().and_then(char::from_u32).is_some_and(|next| next.is_ascii_digit()) => 0,
            Some('c') => {
                let next = self.peek().and_then(char::from_u32);
                let digit = |next: char| in_class && lenient && (next.is_ascii_digit() || next == '_');
                match next {
                    Some(letter) if letter.is_ascii_alphabetic() || digit(letter) => {
                        self.at += 1;
                        u32::from(letter) % 32
                    }
                    _ if lenient => {
                        // The backslash stands for itself, and `c` follows.
                        self.at = start;
                        u32::from('\\')
                    }
                    _ => return Err(invalid),
                }
            }
            Some('x') => match self.hex(2) {
                Some(unit) => unit,
                None if lenient => unit,
                None => return Err(invalid),
            },
            Some('u') => match self.unicode_escape() {
                Some(unit) => unit,
                None if lenient => unit,
                None => return Err(RegexError::Syntax("Invalid Unicode escape")),
            },
            Some('k') if lenient && !self.names.is_empty() => return Err(invalid),
            _ if lenient => unit,
            Some('^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/') => unit,
            Some('-') if in_class => unit,
            _ => return Err(invalid),
        })
    }

    /// Up to three octal digits, as far as they fit into a byte.
    fn octal(&mut self) -> u32 {
        let mut value = 0;
        for _ in 0..3 {
            let digit = self.peek().and_then(char::from_u32).and_then(|unit| unit.to_digit(8));
            let Some(next) = digit.map(|digit| value * 8 + digit).filter(|&next| next <= 0o377) else { break };
            value = next;
            self.at += 1;
        }
        value
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let before = self.at;
        let mut value = 0;
        for _ in 0..digits {
            let Some(digit) = self.next().and_then(char::from_u32).and_then(|unit| unit.to_digit(16)) else {
                self.at = before;
                return None;
            };
            value = value * 16 + digit;
        }
        Some(value)
    }

    fn unicode_escape(&mut self) -> Option<u32> {
        if self.flags.unicode && self.take("{") {
            let mut value = 0_u32;
            let mut digits = 0;
            while let Some(digit) = self.peek().and_then(char::from_u32).and_then(|unit| unit.to_digit(16)) {
                value = value.saturating_mul(16).saturating_add(digit);
                digits += 1;
                self.at += 1;
            }
            return (digits > 0 && value <= 0x10ffff && self.take("}")).then_some(value);
        }
        let high = self.hex(4)?;
        if !self.flags.unicode || !(0xd800..0xdc00).contains(&high) {
            return Some(high);
        }
        let before = self.at;
        if self.take("\\u")
            && let Some(low @ 0xdc00..0xe000) = self.hex(4)
        {
            return Some(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
        }
        self.at = before;
        Some(high)
    }
}
