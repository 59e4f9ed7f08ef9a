//! Work over many rows, by as many threads as the machine has.

/// As many rows as one thread does sooner than two.
const FEW: usize = 1 << 12;
/// More threads than these wait for memory.
const MOST: usize = 8;

/// How many threads such work is for.
fn threads(rows: usize) -> usize {
    if rows < FEW {
        return 1;
    }
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST)
}

/// What `each` makes of every row, in their order. Whatever makes a row looks at nothing that another one made.
pub(super) fn map<T: Send>(rows: u32, each: impl Fn(u32) -> T + Sync) -> Vec<T> {
    let len = rows as usize;
    let threads = threads(len);
    if threads == 1 {
        return (0..rows).map(each).collect();
    }
    let part = rows.div_ceil(u32::try_from(threads).unwrap_or(1)).max(1);
    let mut all = Vec::with_capacity(len);
    std::thread::scope(|scope| {
        let each = &each;
        let parts: Vec<_> = (0..rows)
            .step_by(part as usize)
            .map(|start| {
                let end = start.saturating_add(part).min(rows);
                scope.spawn(move || (start..end).map(each).collect::<Vec<T>>())
            })
            .collect();
        for part in parts {
            match part.join() {
                Ok(part) => all.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    all
}

/// What `each` makes of every one of a few large things, in their order.
pub(super) fn map_few<T: Sync, R: Send>(all: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST);
    if threads == 1 || all.len() < 2 {
        return all.iter().map(each).collect();
    }
    let mut made = Vec::with_capacity(all.len());
    std::thread::scope(|scope| {
        let each = &each;
        let parts = all.chunks(all.len().div_ceil(threads));
        let parts: Vec<_> = parts.map(|part| scope.spawn(move || part.iter().map(each).collect::<Vec<R>>())).collect();
        for part in parts {
            match part.join() {
                Ok(part) => made.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    made
}

/// Both, at once where there are many rows.
pub(super) fn both<A: Send, B>(rows: usize, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if threads(rows) == 1 {
        return (one(), other());
    }
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        match one.join() {
            Ok(one) => (one, other),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// What is left of rows that are sorted. No two of them are the same in that order.
pub(super) fn sort<T: Send, K>(
    rows: &mut [T],
    less: impl Fn(&T, &T) -> std::cmp::Ordering + Sync,
    left: impl Fn(&T) -> K,
) -> Vec<K> {
    let len = rows.len();
    let (one, other) = rows.split_at_mut(len / 2);
    both(len, || one.sort_unstable_by(&less), || other.sort_unstable_by(&less));
    let mut all = Vec::with_capacity(len);
    let (mut first, mut second) = (one.iter().peekable(), other.iter().peekable());
    loop {
        let next = match (first.peek(), second.peek()) {
            (Some(one), Some(other)) if less(other, one).is_lt() => second.next(),
            (Some(_), _) => first.next(),
            (None, _) => second.next(),
        };
        match next {
            Some(next) => all.push(left(next)),
            None => return all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_order_whoever_makes_them() {
        for rows in [0, 1, 1000, 200_001] {
            assert_eq!(map(rows, |row| row * 2), (0..rows).map(|row| row * 2).collect::<Vec<_>>());
            let mut mixed: Vec<u32> = (0..rows).map(|row| row.wrapping_mul(2_654_435_761)).collect();
            let sorted = sort(&mut mixed, Ord::cmp, |row| *row);
            mixed.sort_unstable();
            assert_eq!(sorted, mixed);
        }
        assert_eq!(both(1 << 20, || 1, || 2), (1, 2));
    }
}
