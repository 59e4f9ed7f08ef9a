//! Leases in docker-registry, which has no compare-and-swap, and deletes no tag but with its manifest: never two at once, and
//! everybody gets a turn.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod real;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use lockage_promote::pipeline::lease::{Lease, LeaseError, RegistryLease};
use lockage_promote::pipeline::step::Pace;
use lockage_registry::Repository;
use lockage_registry::client::Client;
use real::DockerRegistry;

const TTL: Duration = Duration::from_secs(30);
const TURNS: usize = 4;

/// The clock of the machine.
#[derive(Clone, Copy, Debug)]
struct Real;

#[async_trait::async_trait]
impl Pace for Real {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs real registries and clients"]
async fn never_two_hold_a_lease_on_docker_registry_and_everybody_gets_a_turn() {
    for tasks in [2, 6, 8] {
        contend(tasks).await;
    }
}

async fn contend(tasks: usize) {
    let docker = DockerRegistry::start();
    let repository: Repository = format!("{}/leases", docker.host()).parse().unwrap();
    let (inside, turns, begun) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Instant::now());
    let running: Vec<_> = (0..tasks)
        .map(|n| {
            let (inside, turns, repository) = (Arc::clone(&inside), Arc::clone(&turns), repository.clone());
            tokio::spawn(async move {
                let client = Client::builder().build().unwrap();
                let lease = RegistryLease::new(client, repository, format!("task {n}"), Real);
                let mut own = 0;
                while own < TURNS {
                    match lease.acquire("prod/app", TTL).await {
                        Ok(guard) => {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold it");
                            tokio::time::sleep(Duration::from_millis(15)).await;
                            guard.renew().await.unwrap();
                            assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1, "two hold it");
                            guard.release().await.unwrap();
                            own += 1;
                            turns.fetch_add(1, Ordering::SeqCst);
                        }
                        Err(LeaseError::Held { .. }) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                    tokio::time::sleep(Duration::from_millis(20 + 9 * n as u64)).await;
                }
            })
        })
        .collect();
    for task in running {
        tokio::time::timeout(Duration::from_secs(120), task).await.expect("somebody never gets it").unwrap();
    }
    assert_eq!(turns.load(Ordering::SeqCst), tasks * TURNS);
    println!("{tasks} tasks x {TURNS} turns on docker-registry in {:.1} s", begun.elapsed().as_secs_f64());
}
