//! The order of label keys: the root collation of Unicode, as far as ASCII goes.

use std::cmp::Ordering;

/// Marks in the order of the root collation; digits and letters follow them.
const MARKS: &str = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// Compares two label keys as the action's runtime does in its locale.
///
/// Case decides only between keys that are equal without it: lower before upper at the first difference. Control
/// characters weigh nothing. Beyond ASCII the order is that of the code points, after all of ASCII: accents and
/// scripts are not known here.
pub(crate) fn label_keys(a: &str, b: &str) -> Ordering {
    weights(a).cmp(weights(b)).then_with(|| cases(a).cmp(cases(b))).then_with(|| a.cmp(b))
}

fn weights(key: &str) -> impl Iterator<Item = u32> {
    key.chars().filter_map(weight)
}

fn cases(key: &str) -> impl Iterator<Item = bool> {
    key.chars().map(|character| character.is_ascii_uppercase())
}

fn weight(character: char) -> Option<u32> {
    const DIGITS: u32 = 64;
    const LETTERS: u32 = DIGITS + 10;
    Some(match character {
        '0'..='9' => DIGITS + u32::from(character) - u32::from('0'),
        'a'..='z' => LETTERS + u32::from(character) - u32::from('a'),
        'A'..='Z' => LETTERS + u32::from(character) - u32::from('A'),
        '\t'..='\r' => u32::from(character) - u32::from('\t'),
        _ if character.is_ascii_control() => return None,
        _ if character.is_ascii() => 8 + u32::try_from(MARKS.find(character)?).ok()?,
        _ => u32::from(character),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_precede_digits_and_digits_letters() {
        let mut keys =
            vec!["b", "A", "a", "a.b", "a-b", "a_b", "a b", "1", "ab", "aB", "Ab", "B", "~", "", "$x", "a/b"];
        keys.sort_by(|a, b| label_keys(a, b));
        assert_eq!(keys, ["", "~", "$x", "1", "a", "A", "a b", "a_b", "a-b", "a.b", "a/b", "ab", "aB", "Ab", "b", "B"]);
    }

    #[test]
    fn case_decides_only_at_the_end() {
        assert_eq!(label_keys("aB", "Aa"), Ordering::Greater);
        assert_eq!(label_keys("a", "A"), Ordering::Less);
        assert_eq!(label_keys("A", "a0"), Ordering::Less);
    }

    proptest! {
        #[test]
        fn it_is_a_total_order(a in ".{0,6}", b in ".{0,6}", c in ".{0,6}") {
            prop_assert_eq!(label_keys(&a, &b), label_keys(&b, &a).reverse());
            prop_assert_eq!(label_keys(&a, &b) == Ordering::Equal, a == b);
            if label_keys(&a, &b).is_le() && label_keys(&b, &c).is_le() {
                prop_assert!(label_keys(&a, &c).is_le());
            }
        }
    }
}
