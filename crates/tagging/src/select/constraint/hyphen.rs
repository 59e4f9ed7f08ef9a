//! Hyphen ranges, which are rewritten as two comparisons before anything else is read.

use super::parse::{Partial, blank};

/// A text in which each `A - B` has become `>= A, <= B `, and where each of its bytes came from.
///
/// The dialect defines hyphen ranges as a rewriting of text, with consequences that a grammar would not have: what
/// stands directly before the range has no separator left, and `1||2 - 3` is `>= 1||2, <= 3`. To rewrite is therefore
/// the way to read the same constraints.
pub(super) struct Rewritten {
    pub(super) text: String,
    /// For each byte, where it comes from, and whether it was written there.
    origin: Vec<(usize, bool)>,
    length: usize,
}

impl Rewritten {
    pub(super) fn new(text: &str) -> Self {
        let mut rewritten = Self { text: String::with_capacity(text.len()), origin: Vec::new(), length: text.len() };
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let place = text.len() - rest.len();
            if let Some((low, high, behind)) = range(rest) {
                let low_place = text.len() - low.rest.len() - low.text.len();
                let high_place = text.len() - high.rest.len() - high.text.len();
                rewritten.push_generated(">= ", low_place);
                rewritten.push_copied(low.text, low_place);
                rewritten.push_generated(", <= ", high_place);
                rewritten.push_copied(high.text, high_place);
                rewritten.push_generated(" ", high_place + high.text.len());
                rest = behind;
            } else {
                let (head, tail) = rest.split_at(first.len_utf8());
                rewritten.push_copied(head, place);
                rest = tail;
            }
        }
        rewritten
    }

    /// Where the byte at `position` of the rewritten text comes from, and whether it was written there. What was not
    /// written belongs to the hyphen range that starts there.
    pub(super) fn origin(&self, position: usize) -> (usize, bool) {
        self.origin.get(position).copied().unwrap_or((self.length, true))
    }

    fn push_generated(&mut self, text: &str, place: usize) {
        self.text.push_str(text);
        self.origin.extend(text.bytes().map(|_| (place, false)));
    }

    fn push_copied(&mut self, text: &str, place: usize) {
        self.text.push_str(text);
        self.origin.extend((place..place + text.len()).map(|place| (place, true)));
    }
}

/// The hyphen range that `text` starts with, blanks around it included, and what is behind it.
fn range(text: &str) -> Option<(Partial<'_>, Partial<'_>, &str)> {
    let low = Partial::read(text.trim_start_matches(blank))?;
    let hyphen = low.rest.trim_start_matches(blank);
    let behind = hyphen.strip_prefix('-')?;
    let high = behind.trim_start_matches(blank);
    let separated = hyphen.len() < low.rest.len() && high.len() < behind.len();
    let high = separated.then(|| Partial::read(high))??;
    let behind = high.rest.trim_start_matches(blank);
    Some((low, high, behind))
}
