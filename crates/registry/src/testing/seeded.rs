//! `Seeded`: a rule for `Faulty` that draws from a seed which calls go wrong, and how, so that a campaign can be replayed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Call, Fault, Operation};
use crate::ErrorKind;

/// What a call may fail with: all kinds that a registry's trouble has. `NotFound` is none of them, because "there is none"
/// is an answer.
const KINDS: [ErrorKind; 8] = [
    ErrorKind::Unavailable,
    ErrorKind::Unreachable,
    ErrorKind::RateLimited,
    ErrorKind::Timeout,
    ErrorKind::Unavailable,
    ErrorKind::Unauthorized,
    ErrorKind::Denied,
    ErrorKind::Protocol,
];

/// Faults out of a seed, for [`Faulty::script`](super::Faulty::script).
///
/// What happens to a call depends on the seed, on the call itself and on how often the same call was made before, and not
/// on the order in which different calls arrive: a run with many tasks meets the same faults each time. Each fault is one
/// that somebody can notice: a listing of tags is cut with an error, and never ends early as if that were all.
///
/// Clones share what they have met.
///
/// ```
/// use lockage_registry::{Memory, testing::{Faulty, Seeded, fixtures}};
/// # futures::executor::block_on(async {
/// let (repo, tag, image) = ("registry.test/app".parse()?, "v1".parse()?, fixtures::image(1));
/// let faults = Seeded::new(7).one_in(2);
/// let target = Faulty::new(Memory::new("registry.test".parse()?)).script(faults.rule());
/// while fixtures::push(&target, &repo, &image, &tag).await.is_err() {}
/// assert!(!faults.met().is_empty());
///
/// faults.stop();
/// fixtures::push(&target, &repo, &image, &tag).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Seeded {
    seed: u64,
    one_in: u64,
    most: usize,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    stopped: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    times: HashMap<(Operation, String), u64>,
    met: Vec<(Call, Fault)>,
}

impl Seeded {
    /// One call in twenty goes wrong.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, one_in: 20, most: usize::MAX, state: Arc::default() }
    }

    /// On average one call in so many goes wrong: with 1 every call, with 0 none.
    #[must_use]
    pub fn one_in(mut self, calls: u64) -> Self {
        self.one_in = calls;
        self
    }

    /// After so many faults there are no more.
    #[must_use]
    pub fn at_most(mut self, faults: usize) -> Self {
        self.most = faults;
        self
    }

    /// From now on nothing goes wrong.
    pub fn stop(&self) {
        self.state.stopped.store(true, Ordering::SeqCst);
    }

    /// The calls that went wrong so far, and how.
    #[must_use]
    pub fn met(&self) -> Vec<(Call, Fault)> {
        self.state.seen().met.clone()
    }

    /// The rule, to be given to [`Faulty::script`](super::Faulty::script).
    pub fn rule(&self) -> impl Fn(usize, &Call) -> Option<Fault> + Send + Sync + use<> {
        let this = self.clone();
        move |_, call| this.decide(call)
    }

    fn decide(&self, call: &Call) -> Option<Fault> {
        if self.state.stopped.load(Ordering::SeqCst) {
            return None;
        }
        let mut seen = self.state.seen();
        let name = format!("{} {}", call.repository.path(), call.what);
        let times = seen.times.entry((call.operation, name.clone())).or_default();
        let mut draw = Draw::new(self.seed, call.operation.name(), &name, *times);
        *times += 1;
        if seen.met.len() >= self.most || self.one_in == 0 || !draw.below(self.one_in).eq(&0) {
            return None;
        }
        let fault = draw.fault(call.operation);
        seen.met.push((call.clone(), fault));
        Some(fault)
    }
}

impl State {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Numbers out of a seed and a call: FNV-1a over all of it, then SplitMix64.
struct Draw(u64);

impl Draw {
    fn new(seed: u64, operation: &str, name: &str, times: u64) -> Self {
        let bytes = operation.bytes().chain([0]).chain(name.bytes()).chain(times.to_le_bytes());
        Self(bytes.fold(0xCBF2_9CE4_8422_2325 ^ seed.rotate_left(17), |state, byte| {
            (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        }))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Small numbers as often as large ones: up to 64 Ki.
    fn length(&mut self) -> u64 {
        let bits = self.below(17);
        self.below(1 << bits)
    }

    fn kind(&mut self) -> ErrorKind {
        let nth = usize::try_from(self.below(KINDS.len() as u64)).unwrap_or_default();
        KINDS.get(nth).copied().unwrap_or(ErrorKind::Unavailable)
    }

    fn fault(&mut self, operation: Operation) -> Fault {
        // Streams are few among the calls, so that what breaks them weighs more.
        let sorts = match operation {
            Operation::Blob | Operation::CompleteUpload => 8,
            Operation::Resolve | Operation::Manifest | Operation::PutManifest | Operation::Tags => 3,
            _ => 2,
        };
        match (self.below(sorts), operation) {
            (0, _) => Fault::Before(self.kind()),
            (1, _) => Fault::After(self.kind()),
            (2 | 3, Operation::Blob | Operation::CompleteUpload | Operation::Tags) => Fault::Truncate(self.length()),
            (2, _) => Fault::OtherDigest,
            (4 | 5, _) => Fault::ShortEnd(self.length()),
            _ => Fault::Corrupt,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn call(operation: Operation, what: &str) -> Call {
        Call::new(operation, &"registry.test/app".parse().unwrap(), what)
    }

    #[test]
    fn what_a_call_meets_does_not_depend_on_the_others() {
        let calls: Vec<_> = (0..200).map(|n| call(Operation::Blob, &(n % 50).to_string())).collect();
        let met = |order: &mut dyn Iterator<Item = &Call>| {
            let faults = Seeded::new(3).one_in(4);
            let rule = faults.rule();
            let mut met: Vec<_> = order.filter_map(|call| rule(0, call).map(|f| format!("{call} {f:?}"))).collect();
            met.sort();
            met
        };
        let forward = met(&mut calls.iter());
        assert!((20..80).contains(&forward.len()), "{}", forward.len());
        assert_eq!(forward, met(&mut calls.iter().rev()));
    }

    #[test]
    fn there_are_as_many_as_was_said_and_none_after_the_end() {
        let every = |faults: &Seeded| {
            let rule = faults.rule();
            (0..100).filter(|n| rule(*n, &call(Operation::Resolve, &n.to_string())).is_some()).count()
        };
        assert_eq!(every(&Seeded::new(1).one_in(1)), 100);
        assert_eq!(every(&Seeded::new(1).one_in(0)), 0);
        let few = Seeded::new(1).one_in(2).at_most(3);
        assert_eq!((every(&few), few.met().len()), (3, 3));
        let stopped = Seeded::new(1).one_in(1);
        stopped.stop();
        assert_eq!((every(&stopped), stopped.met().len()), (0, 0));
    }

    #[test]
    fn every_sort_is_drawn_where_it_makes_sense() {
        let faults = Seeded::new(5).one_in(1);
        let rule = faults.rule();
        for n in 0..2000 {
            for operation in [Operation::Blob, Operation::Tags, Operation::PutManifest, Operation::Referrers] {
                rule(0, &call(operation, &n.to_string()));
            }
        }
        let met = faults.met();
        let is = |operation, wanted: fn(&Fault) -> bool| {
            met.iter().any(|(call, fault)| call.operation == operation && wanted(fault))
        };
        assert!(is(Operation::Blob, |fault| *fault == Fault::Corrupt));
        assert!(is(Operation::Blob, |fault| matches!(fault, Fault::Truncate(1000..))));
        assert!(is(Operation::Tags, |fault| matches!(fault, Fault::Truncate(_))));
        assert!(!is(Operation::Tags, |fault| matches!(fault, Fault::ShortEnd(_) | Fault::Corrupt)));
        assert!(is(Operation::PutManifest, |fault| *fault == Fault::OtherDigest));
        assert!(is(Operation::Referrers, |fault| matches!(fault, Fault::After(_))));
        assert!(met.iter().all(|(_, fault)| !matches!(fault, Fault::Before(ErrorKind::NotFound))));
    }
}
