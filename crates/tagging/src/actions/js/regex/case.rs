//! Case that is ignored: which units are the same.

use std::{collections::BTreeMap, sync::LazyLock};

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::set::Set;

/// The UTF-16 units that are the same without flag `u`, by what they become in upper case. Those that are only the same
/// as themselves are left out.
static SAME: LazyLock<Vec<Vec<u32>>> = LazyLock::new(|| {
    let mut same: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for unit in 0..=0xffff {
        same.entry(upper(unit)).or_default().push(unit);
    }
    same.into_values().filter(|units| units.len() > 1).collect()
});

/// The unit in upper case, unless that has several units, or is ASCII and the unit is not.
fn upper(unit: u32) -> u32 {
    let Some(character) = char::from_u32(unit) else {
        return unit;
    };
    let mut upper = character.to_uppercase();
    match (upper.next().map(u32::from), upper.next()) {
        (Some(upper), None) if upper <= 0xffff && (unit < 0x80 || upper >= 0x80) => upper,
        _ => unit,
    }
}

/// The unit that stands for all that are the same as `unit`.
pub(super) fn canonical(unit: u32, unicode: bool) -> u32 {
    if unicode {
        let same = folded(&Set::one(unit));
        return same.ranges().first().map_or(unit, |&(start, _)| start);
    }
    upper(unit)
}

/// `set` with all units that are the same as one of it.
pub(super) fn closed(set: &Set, unicode: bool) -> Set {
    if unicode {
        return folded(set);
    }
    let mut ranges = set.ranges().to_vec();
    for same in SAME.iter() {
        if same.iter().any(|&unit| set.contains(unit)) {
            ranges.extend(same.iter().map(|&unit| (unit, unit)));
        }
    }
    Set::of(ranges)
}

fn folded(set: &Set) -> Set {
    let range = |&(start, end): &(u32, u32)| {
        // Surrogates are no characters; a range is cut at them.
        let start = char::from_u32(start).unwrap_or('\u{e000}');
        let end = char::from_u32(end).unwrap_or('\u{d7ff}');
        (start <= end).then(|| ClassUnicodeRange::new(start, end))
    };
    let mut class = ClassUnicode::new(set.ranges().iter().filter_map(range));
    class.case_fold_simple();
    Set::of(class.ranges().iter().map(|range| (range.start().into(), range.end().into())))
}
