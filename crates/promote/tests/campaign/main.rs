//! A campaign: copies of small images with all that is attached to them, each through the faults of its seed. Each ends
//! whole, or in a typed error with the tag where it was; none has its tag early, and none hangs.
//!
//! `CAMPAIGN_SEED=n` replays one copy; `CAMPAIGN_COPIES` and `CAMPAIGN_FIRST` say how many there are and where they begin.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::print_stdout, reason = "a campaign tells what it did")]

mod check;
mod class;
mod dice;
mod freight;
mod gremlin;
mod judge;
mod place;
mod run;
mod scenario;
mod sort;
mod tally;
mod watch;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};

use crate::judge::LIMIT;
use crate::run::Told;
use crate::scenario::Scenario;
use crate::tally::Tally;

/// As many are on their way at once: much of their time is waiting.
const AT_ONCE: usize = 48;

/// What panicked on any thread, the servers' tasks included.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_copy_ends_whole_or_in_a_typed_error() {
    let shown = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.lock().unwrap().push(panic.to_string());
        shown(panic);
    }));
    let one = number("CAMPAIGN_SEED");
    let (first, copies) = match one {
        Some(seed) => (seed, 1),
        None => (number("CAMPAIGN_FIRST").unwrap_or(1), number("CAMPAIGN_COPIES").unwrap_or(1000)),
    };
    let start = Instant::now();
    let mut tally = Tally::default();
    let mut ends = stream::iter(first..first + copies).map(copy).buffer_unordered(AT_ONCE);
    while let Some((scenario, took, told)) = ends.next().await {
        if one.is_some() {
            println!("seed {}: {scenario}\n{told:#?}", scenario.seed);
        }
        tally.add(&scenario, took, told);
    }
    println!("{tally}in {:.1} s", start.elapsed().as_secs_f64());
    assert!(tally.failures.is_empty(), "{} of {copies} copies did not hold:\n{}", tally.failures.len(), tally.shown());
    let panics = PANICS.lock().unwrap().clone();
    assert!(panics.is_empty(), "{} panics behind the copies:\n{}", panics.len(), panics.join("\n"));
    if copies >= 1000 {
        tally.assert_not_blind();
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text:?}")))
}

/// On a task of its own, so that one that panics or never yields does not take the others along.
async fn copy(seed: u64) -> (Scenario, Duration, Result<Told, String>) {
    let (scenario, start) = (Scenario::of(seed), Instant::now());
    let task = tokio::spawn({
        let scenario = scenario.clone();
        async move { run::run(&scenario).await }
    });
    let told = match tokio::time::timeout(4 * LIMIT, task).await {
        Ok(Ok(told)) => told,
        Ok(Err(panic)) => Err(format!("a panic: {panic}")),
        Err(_) => Err("it hangs, and cannot be stopped".to_owned()),
    };
    (scenario, start.elapsed(), told)
}
