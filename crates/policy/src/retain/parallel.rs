//! Work over many rows, by as many threads as the machine has.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};

/// As many rows as one thread does sooner than two.
const FEW: usize = 1 << 12;
/// More threads than these wait for memory.
const MOST: usize = 8;

/// How many threads such work is for.
fn threads(rows: usize) -> usize {
    if rows < FEW {
        return 1;
    }
    // Asking costs as much as planning a small registry.
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from).min(MOST))
}

/// What `each` makes of every row, in their order. Whatever makes a row looks at nothing that another one made; `empty` is what
/// stands there before.
pub(super) fn map<T: Copy + Send>(rows: u32, empty: T, each: impl Fn(u32) -> T + Sync) -> Vec<T> {
    let threads = threads(rows as usize);
    if threads == 1 {
        return (0..rows).map(each).collect();
    }
    let mut all = vec![empty; rows as usize];
    // Parts so small that a thread that starts late leaves its share to the others.
    let part = (rows as usize).div_ceil(threads * 8).max(1);
    let parts = Mutex::new((0_u32..).step_by(part).zip(all.chunks_mut(part)));
    let work = || {
        loop {
            let next = parts.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((start, part)) = next else { return };
            (start..).zip(part).for_each(|(row, place)| *place = each(row));
        }
    };
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    all
}

/// What `each` makes of every one of a few large things, which together have so many rows, in their order.
pub(super) fn map_few<T: Sync, R: Send>(all: &[T], rows: usize, each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let mut made = Vec::with_capacity(all.len());
    let Ok(()) = each_in_order(all, rows, each, |one| {
        made.push(one);
        Ok::<_, Infallible>(())
    });
    made
}

/// Gives what `each` makes of a few large things, which together have so many rows, to `take`, in their order: while that takes
/// one, others are made. What is not taken yet is in memory.
///
/// # Errors
/// The first that `take` returns. Nothing after it is taken.
pub(super) fn each_in_order<T: Sync, R: Send, E>(
    all: &[T],
    rows: usize,
    each: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let threads = threads(rows);
    if threads == 1 || all.len() < 2 {
        return all.iter().try_for_each(|thing| take(each(thing)));
    }
    let waiting = Mutex::new(all.iter().enumerate());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (send, made) = mpsc::channel();
    let work = |send: mpsc::Sender<(usize, R)>| {
        while let Some((place, thing)) = next() {
            if send.send((place, each(thing))).is_err() {
                return;
            }
        }
    };
    let mut early = HashMap::new();
    let mut wait = |place: usize, thing: &T| loop {
        early.extend(made.try_iter());
        if let Some(one) = early.remove(&place) {
            return one;
        }
        match next() {
            Some((place, thing)) => drop(early.insert(place, each(thing))),
            None => match made.recv() {
                Ok((place, one)) => drop(early.insert(place, one)),
                // Whoever was to make it has panicked, as the scope says at its end.
                Err(_) => return each(thing),
            },
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            let (send, work) = (send.clone(), &work);
            scope.spawn(move || work(send));
        }
        drop(send);
        let taken = all.iter().enumerate().try_for_each(|(place, thing)| take(wait(place, thing)));
        if taken.is_err() {
            while next().is_some() {}
        }
        taken
    })
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

/// Sorts rows, no two of which are the same in that order.
pub(super) fn sort_by<T: Send>(rows: &mut [T], order: impl Fn(&T, &T) -> std::cmp::Ordering + Sync) {
    let len = rows.len();
    if threads(len) == 1 {
        return rows.sort_unstable_by(order);
    }
    let (low, _, high) = rows.select_nth_unstable_by(len / 2, &order);
    both(len, || low.sort_unstable_by(&order), || high.sort_unstable_by(&order));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_order_whoever_makes_them() {
        for rows in [0, 1, 1000, 200_001] {
            assert_eq!(map(rows, 0, |row| row * 2), (0..rows).map(|row| row * 2).collect::<Vec<_>>());
            let mut mixed: Vec<u32> = (0..rows).map(|row| row.wrapping_mul(2_654_435_761)).collect();
            let mut sorted = mixed.clone();
            sorted.sort_unstable();
            sort_by(&mut mixed, Ord::cmp);
            assert_eq!(mixed, sorted);
        }
        assert_eq!(both(1 << 20, || 1, || 2), (1, 2));
    }

    #[test]
    fn what_is_made_is_taken_in_order_until_it_is_refused() {
        for rows in [1, 1 << 20] {
            let all: Vec<u32> = (0..500).collect();
            let mut taken = Vec::new();
            let mut until = |end: u32| {
                taken.clear();
                let take = |row| {
                    if row == end {
                        return Err(row);
                    }
                    taken.push(row);
                    Ok(())
                };
                let ended = each_in_order(&all, rows, |row| row * 2, take);
                (ended, taken.clone())
            };
            assert_eq!(until(1001), (Ok(()), all.iter().map(|row| row * 2).collect()));
            assert_eq!(until(500), (Err(500), (0..250).map(|row| row * 2).collect()));
        }
    }
}
