//! The order in which rules are evaluated: by priority, descending, equal ones as they were given.

use std::cmp::Ordering;

/// Sorts `rules` as the action does.
///
/// A priority that is not a number equals every other, and then the order of the result hangs on the steps of the
/// sort. Up to 64 rules these are the steps of the action's runtime: one run from the start, then binary insertion.
/// Beyond, and without such a priority, any stable sort has the same result.
pub(super) fn sort_by_priority<T>(rules: &mut Vec<T>, priority: impl Fn(&T) -> f64) {
    /// The shortest list that the runtime merges.
    const MERGED: usize = 64;
    let compare = |a: &T, b: &T| priority(b).partial_cmp(&priority(a)).unwrap_or(Ordering::Equal);
    if rules.len() >= MERGED || !rules.iter().any(|rule| priority(rule).is_nan()) {
        // A total order for the numbers: `sort_by` may panic without one.
        rules.sort_by(|a, b| total(priority(b)).total_cmp(&total(priority(a))));
        return;
    }
    let sorted = run_length(rules, compare);
    let mut rest = rules.split_off(sorted).into_iter();
    let descends = match rules.as_slice() {
        [first, second, ..] => compare(second, first) == Ordering::Less,
        _ => false,
    };
    if descends {
        rules.reverse();
    }
    for rule in rest.by_ref() {
        let (mut left, mut right) = (0, rules.len());
        while left < right {
            let middle = left + (right - left) / 2;
            match rules.get(middle).map(|other| compare(&rule, other)) {
                Some(Ordering::Less) => right = middle,
                _ => left = middle + 1,
            }
        }
        rules.insert(left, rule);
    }
}

/// How many rules from the start are in order, or each strictly before the one in front of it.
fn run_length<T>(rules: &[T], compare: impl Fn(&T, &T) -> Ordering) -> usize {
    let orders = || {
        rules.windows(2).filter_map(|pair| match pair {
            [a, b] => Some(compare(b, a)),
            _ => None,
        })
    };
    let descends = orders().next() == Some(Ordering::Less);
    1 + orders().take_while(|order| (*order == Ordering::Less) == descends).count()
}

/// Zero has one sign, and what is not a number stands first: the choice is free.
fn total(priority: f64) -> f64 {
    if priority == 0.0 { 0.0 } else { priority }
}

#[cfg(test)]
mod tests {
    use super::sort_by_priority;

    fn sorted(priorities: &[f64]) -> Vec<usize> {
        let mut rules: Vec<(usize, f64)> = priorities.iter().copied().enumerate().collect();
        sort_by_priority(&mut rules, |(_, priority)| *priority);
        rules.into_iter().map(|(index, _)| index).collect()
    }

    #[test]
    fn numbers_are_sorted_and_equal_ones_stay_in_order() {
        assert_eq!(sorted(&[1.0, 3.0, 2.0, 3.0, 0.0, -0.0]), [1, 3, 2, 0, 4, 5]);
        assert_eq!(sorted(&[]), [0_usize; 0]);
    }

    #[test]
    fn what_is_not_a_number_equals_all_that_it_is_compared_with() {
        assert_eq!(sorted(&[200.0, f64::NAN, 100.0]), [0, 1, 2]);
        assert_eq!(sorted(&[1.0, f64::NAN, 2.0]), [0, 1, 2]);
        assert_eq!(sorted(&[f64::NAN, 1.0, 2.0]), [0, 2, 1]);
        assert_eq!(sorted(&[1.0, 2.0, f64::NAN, 3.0]), [3, 1, 0, 2]);
    }
}
