//! Leases of a cluster, by a stand-in that compares and swaps as its API does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lockage_promote::pipeline::http::{Api, Token};
use lockage_promote::pipeline::lease::{Guard, KubernetesLease, Lease, LeaseError};
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::service::{Asked, serve};

const TTL: Duration = Duration::from_secs(30);
const PATH: &str = "/apis/coordination.k8s.io/v1/namespaces/ci/leases";

/// What a cluster has: objects by name, each with its version.
type Objects = Arc<Mutex<BTreeMap<String, Value>>>;

fn api(asked: &Asked, objects: &Objects) -> (u16, String) {
    assert_eq!(asked.headers["authorization"], "Bearer of the pod");
    let mut objects = objects.lock().unwrap();
    let name = asked.path.strip_prefix(PATH).unwrap().trim_start_matches('/').to_owned();
    let status = |code: u16| (code, json!({ "kind": "Status", "code": code }).to_string());
    let version =
        |object: &Value| object["metadata"]["resourceVersion"].as_str().map(|text| text.parse::<u64>().unwrap());
    match asked.method.as_str() {
        "GET" => objects.get(&name).map_or_else(|| status(404), |object| (200, object.to_string())),
        method @ ("POST" | "PUT") => {
            let mut object: Value = serde_json::from_slice(&asked.body).unwrap();
            // MicroTime, which the API server is strict about.
            for field in ["renewTime", "acquireTime"] {
                let text = object["spec"][field].as_str().unwrap();
                assert!(text.len() == 27 && text.ends_with('Z'), "{text}");
            }
            let name = object["metadata"]["name"].as_str().unwrap().to_owned();
            let next = match (method, objects.get(&name)) {
                ("POST", Some(_)) => return status(409),
                ("PUT", None) => return status(404),
                ("PUT", Some(held)) if version(held) != version(&object) => return status(409),
                (_, held) => held.and_then(version).unwrap_or(0) + 1,
            };
            object["metadata"]["resourceVersion"] = next.to_string().into();
            objects.insert(name, object.clone());
            (if method == "POST" { 201 } else { 200 }, object.to_string())
        }
        _ => status(405),
    }
}

async fn cluster() -> (String, Objects) {
    let objects = Objects::default();
    let own = Arc::clone(&objects);
    (serve(move |asked| api(&asked, &own)).await, objects)
}

fn lease(base: &str, who: &str, clock: &Clock) -> KubernetesLease {
    let api = Api::new(base, Some(Token::bearer("of the pod"))).unwrap();
    KubernetesLease::new(api, "ci", who, clock.clone())
}

#[tokio::test]
async fn a_lease_of_a_cluster_is_of_one_at_a_time_is_renewed_and_ends() {
    let ((base, objects), clock) = (cluster().await, Clock::new());
    let (one, other) = (lease(&base, "one", &clock), lease(&base, "other", &clock));
    let guard = one.acquire("prod/app", TTL).await.unwrap();
    match other.acquire("prod/app", TTL).await {
        Err(LeaseError::Held { holder, .. }) => assert_eq!(holder, "one"),
        other => panic!("{other:?}"),
    }
    clock.pass(20);
    guard.renew().await.unwrap();
    clock.pass(20);
    assert!(other.acquire("prod/app", TTL).await.is_err());
    guard.release().await.unwrap();
    let guard = other.acquire("prod/app", TTL).await.unwrap();
    {
        let objects = objects.lock().unwrap();
        let object = objects.values().next().unwrap();
        assert_eq!(object["spec"]["holderIdentity"], "other");
        assert_eq!(object["spec"]["leaseTransitions"], 1);
        assert_eq!(object["metadata"]["annotations"]["lockage.dev/key"], "prod/app");
    }
    // Nobody takes it over while clocks may be apart; then it is gone for who was too slow.
    clock.pass(32);
    assert!(one.acquire("prod/app", TTL).await.is_err());
    clock.pass(4);
    let taken = one.acquire("prod/app", TTL).await.unwrap();
    assert!(matches!(guard.renew().await, Err(LeaseError::Lost { .. })));
    guard.release().await.unwrap();
    taken.renew().await.unwrap();
}

#[tokio::test]
async fn of_two_that_come_at_once_one_is_told_by_the_cluster() {
    let ((base, objects), clock) = (cluster().await, Clock::new());
    for _ in 0..5 {
        let leases: Vec<_> = (0..6).map(|n| lease(&base, &format!("job {n}"), &clock)).collect();
        let taken = futures::future::join_all(leases.iter().map(|lease| lease.acquire("prod/app", TTL))).await;
        let taken: Vec<Box<dyn Guard>> = taken.into_iter().filter_map(Result::ok).collect();
        assert_eq!(taken.len(), 1);
        for guard in taken {
            guard.release().await.unwrap();
        }
    }
    // Somebody else's write is found at the next renewal, though no time has passed.
    let guard = lease(&base, "one", &clock).acquire("prod/app", TTL).await.unwrap();
    for object in objects.lock().unwrap().values_mut() {
        object["metadata"]["resourceVersion"] = "999".into();
    }
    assert!(matches!(guard.renew().await, Err(LeaseError::Lost { .. })));
}

#[tokio::test]
async fn what_a_cluster_refuses_or_nobody_understands_is_no_lease() {
    let clock = Clock::new();
    let denied = serve(|_| (403, "{}".to_owned())).await;
    let taken = lease(&denied, "one", &clock).acquire("prod/app", TTL).await;
    assert!(matches!(taken, Err(LeaseError::Backend { .. })), "{taken:?}");
    for spec in [json!({ "holderIdentity": "x" }), json!({ "holderIdentity": "x", "renewTime": "yesterday" })] {
        let odd = serve(move |_| (200, json!({ "metadata": { "name": "l" }, "spec": spec }).to_string())).await;
        let taken = lease(&odd, "one", &clock).acquire("prod/app", TTL).await;
        assert!(matches!(taken, Err(LeaseError::Backend { .. })), "{taken:?}");
    }
}
