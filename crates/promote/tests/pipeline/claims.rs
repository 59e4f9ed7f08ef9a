//! Claims of a lease in a registry that doubts the blob which all of them share, as docker-registry does while it is uploaded
//! again, and that deletes no tag but with its manifest.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lockage_promote::pipeline::lease::{Lease, LeaseError, RegistryLease};
use lockage_registry::client::Client;
use lockage_registry::server::{Fault, RequestHead, Server};
use lockage_registry::{Memory, Repository};

use crate::clock::Real;

const TTL: Duration = Duration::from_secs(60);

/// Of three PUTs of one manifest, two are refused, with the words of docker-registry.
async fn doubting() -> Server {
    let puts: Mutex<HashMap<String, usize>> = Mutex::default();
    let doubt = move |head: &RequestHead| match head.method.as_str() {
        "DELETE" if !head.path.contains("sha256:") => {
            Fault::Answer { status: 400, code: "DIGEST_INVALID".into(), retry_after: None }
        }
        "PUT" if head.path.contains("/manifests/") => match nth(&puts, &head.path) % 3 {
            0 => Fault::Answer { status: 400, code: "MANIFEST_BLOB_UNKNOWN".into(), retry_after: None },
            1 => Fault::Answer { status: 400, code: "DIGEST_INVALID".into(), retry_after: None },
            _ => Fault::None,
        },
        _ => Fault::None,
    };
    let memory = Memory::new("localhost".parse().unwrap());
    let builder = Server::builder(Arc::new(memory), "localhost".parse().unwrap()).record().intercept(Arc::new(doubt));
    builder.serve("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

fn nth(puts: &Mutex<HashMap<String, usize>>, path: &str) -> usize {
    let mut puts = puts.lock().unwrap();
    let nth = puts.entry(path.to_owned()).or_default();
    *nth += 1;
    *nth - 1
}

#[tokio::test]
async fn a_lease_is_taken_renewed_and_given_back_though_the_registry_doubts_the_blob_of_its_claim() {
    let server = doubting().await;
    let repository: Repository = format!("{}/leases", server.address()).parse().unwrap();
    let lease = |who: &str| RegistryLease::new(Client::builder().build().unwrap(), repository.clone(), who, Real);
    for turn in 0..3 {
        let guard = lease("one").acquire("prod/app", TTL).await.unwrap();
        guard.renew().await.unwrap();
        match lease("other").acquire("prod/app", TTL).await {
            Err(LeaseError::Held { holder, .. }) => assert_eq!(holder, "one", "{turn}"),
            other => panic!("{turn}: {other:?}"),
        }
        guard.release().await.unwrap();
    }
    let uploads = server.requests().iter().filter(|seen| seen.method == "POST").count();
    assert_eq!(uploads, 1, "the blob is uploaded where it is missing, and never again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_of_many_at_once_is_told_an_error() {
    let server = doubting().await;
    let repository: Repository = format!("{}/leases", server.address()).parse().unwrap();
    let inside = Arc::new(AtomicUsize::new(0));
    let running: Vec<_> = (0..6_u64)
        .map(|n| {
            let client = Client::builder().build().unwrap();
            let lease = RegistryLease::new(client, repository.clone(), format!("task {n}"), Real);
            let inside = Arc::clone(&inside);
            tokio::spawn(async move {
                loop {
                    match lease.acquire("prod/app", TTL).await {
                        Ok(guard) => {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                            guard.renew().await.unwrap();
                            assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1, "two at once");
                            return guard.release().await.unwrap();
                        }
                        Err(LeaseError::Held { .. }) => tokio::time::sleep(Duration::from_millis(20 + 9 * n)).await,
                        Err(error) => panic!("{n}: {error:?}"),
                    }
                }
            })
        })
        .collect();
    for task in running {
        tokio::time::timeout(Duration::from_secs(60), task).await.expect("somebody never gets it").unwrap();
    }
}
