//! What runs in a cluster, by a stand-in that answers as its API does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use lockage_policy::facts::{Kubernetes, WhatRuns as _, what_runs};
use lockage_policy::retain::{InUse, Running, plan};
use lockage_promote::pipeline::http::{Api, Token};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::world::{at, digest, image, policy, row, snapshot};

type Answers = Arc<dyn Fn(&str) -> (u16, String) + Send + Sync>;

/// A server for `GET`s: it is given the path with its query.
async fn serve(answer: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let answer: Answers = Arc::new(answer);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    let mut some = [0; 1024];
                    match stream.read(&mut some).await.unwrap() {
                        0 => return,
                        read => request.extend_from_slice(&some[..read]),
                    }
                }
                let request = String::from_utf8(request).unwrap();
                assert!(request.to_lowercase().contains("authorization: bearer of the pod"), "{request}");
                let path = request.split(' ').nth(1).unwrap();
                let (status, body) = answer(path);
                let length = body.len();
                let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
                stream.write_all(head.as_bytes()).await.unwrap();
                stream.write_all(body.as_bytes()).await.unwrap();
            });
        }
    });
    base
}

/// A cluster with these objects, each under the path of its list, in pages of `page`.
#[derive(Clone, Default)]
struct Cluster {
    objects: BTreeMap<&'static str, Vec<Value>>,
    page: usize,
    asked: Arc<Mutex<Vec<String>>>,
}

const PODS: &str = "/api/v1/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";
const REPLICA_SETS: &str = "/apis/apps/v1/replicasets";
const CRON_JOBS: &str = "/apis/batch/v1/cronjobs";
const REVISIONS: &str = "/apis/apps/v1/controllerrevisions";

impl Cluster {
    fn with(mut self, path: &'static str, objects: Vec<Value>) -> Self {
        self.objects.insert(path, objects);
        self
    }

    fn answer(&self, asked: &str) -> (u16, String) {
        self.asked.lock().unwrap().push(asked.to_owned());
        let (path, query) = asked.split_once('?').unwrap();
        assert!(query.starts_with("limit="), "{query}");
        let from: usize = query.split("continue=at-").nth(1).map_or(0, |at| at.parse().unwrap());
        let none = Vec::new();
        let all = self.objects.get(path).unwrap_or(&none);
        let page = if self.page == 0 { all.len().max(1) } else { self.page };
        let items: Vec<&Value> = all.iter().skip(from).take(page).collect();
        let next = from + items.len();
        let mut metadata = json!({"resourceVersion": "7"});
        if next < all.len() {
            metadata["continue"] = format!("at-{next}").into();
            metadata["remainingItemCount"] = (all.len() - next).into();
        }
        (200, json!({"kind": "List", "metadata": metadata, "items": items}).to_string())
    }

    async fn api(&self) -> Api {
        let own = self.clone();
        api(&serve(move |asked| own.answer(asked)).await)
    }

    async fn in_use(&self) -> Vec<InUse> {
        Kubernetes::new(self.api().await).in_use().await.unwrap()
    }
}

fn api(base: &str) -> Api {
    Api::new(base, Some(Token::bearer("of the pod"))).unwrap()
}

fn pod(name: &str, images: &[(&str, &str)]) -> Value {
    let specified: Vec<Value> = images.iter().map(|(image, _)| json!({"name": "c", "image": image})).collect();
    let running: Vec<Value> = images.iter().map(|(image, id)| json!({"image": image, "imageID": id})).collect();
    json!({"metadata": {"namespace": "shop", "name": name}, "spec": {"containers": specified},
        "status": {"phase": "Running", "containerStatuses": running}})
}

fn workload(name: &str, template: &Value) -> Value {
    json!({"metadata": {"namespace": "shop", "name": name}, "spec": {"template": {"spec": template}}})
}

fn containers(image: &str) -> Value {
    json!({"containers": [{"name": "c", "image": image}]})
}

/// What is in use, as texts: digests by their numbers.
fn named(in_use: &[InUse]) -> Vec<String> {
    let mut all: Vec<String> = in_use
        .iter()
        .map(|one| match &one.what {
            Running::Digest(digest) => digest.hex()[..2].to_owned(),
            Running::Tag(tag) => tag.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

#[tokio::test]
async fn every_form_of_an_image_id_is_its_digest() {
    let of = |number: u8| digest(number).to_string();
    let (one, two, three, four) = (of(1), of(2), of(3), of(4));
    let images = [
        ("ghcr.io/acme/a:1", format!("docker-pullable://ghcr.io/acme/a@{one}")),
        ("ghcr.io/acme/b:1", format!("ghcr.io/acme/b@{two}")),
        ("ghcr.io/acme/c:1", format!("docker://{three}")),
        ("local:1", four.clone()),
        // One that waits has no digest yet: its tag is what protects it.
        ("ghcr.io/acme/d", String::new()),
    ];
    let images: Vec<_> = images.iter().map(|(image, id)| (*image, id.as_str())).collect();
    let in_use = Cluster::default().with(PODS, vec![pod("web-1", &images)]).in_use().await;
    let tags = [
        "docker.io/library/local:1",
        "ghcr.io/acme/a:1",
        "ghcr.io/acme/b:1",
        "ghcr.io/acme/c:1",
        "ghcr.io/acme/d:latest",
    ];
    assert_eq!(named(&in_use), [&["01", "02", "03", "04"][..], &tags[..]].concat());
    assert!(in_use.iter().all(|one| one.by == "k8s" && one.why.as_deref() == Some("the pod shop/web-1 has it")));
}

#[tokio::test]
async fn init_and_ephemeral_containers_and_images_as_volumes_are_in_use() {
    let of = |number: u8| format!("ghcr.io/acme/a@{}", digest(number));
    let pod = json!({"metadata": {"namespace": "shop", "name": "web"}, "spec": {
        "initContainers": [{"image": "ghcr.io/acme/init:1"}], "containers": [{"image": of(1)}],
        "ephemeralContainers": [{"image": "ghcr.io/acme/debug:1"}],
        "volumes": [{"name": "v", "image": {"reference": "ghcr.io/acme/data:1"}}, {"name": "w", "emptyDir": {}}]},
        "status": {"initContainerStatuses": [{"imageID": of(2)}], "containerStatuses": [{"imageID": of(1)}],
            "ephemeralContainerStatuses": [{"imageID": of(3)}]}});
    let in_use = Cluster::default().with(PODS, vec![pod]).in_use().await;
    let tags = ["ghcr.io/acme/data:1", "ghcr.io/acme/debug:1", "ghcr.io/acme/init:1"];
    assert_eq!(named(&in_use), [&["01", "02", "03"][..], &tags[..]].concat());
}

#[tokio::test]
async fn what_pods_are_made_from_again_is_in_use_and_what_has_ended_is_not() {
    let of = |number: u8| format!("ghcr.io/acme/a@{}", digest(number));
    let mut ended = pod("done", &[("ghcr.io/acme/done:1", &of(9))]);
    ended["status"]["phase"] = "Succeeded".into();
    let cron = json!({"metadata": {"namespace": "shop", "name": "nightly"},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": containers("ghcr.io/acme/cron:1")}}}}});
    let revision = json!({"metadata": {"namespace": "shop", "name": "db-1"},
        "data": {"spec": {"template": {"spec": containers(&of(4))}}}});
    let other = json!({"metadata": {"namespace": "shop", "name": "crd-1"}, "data": {"anything": 1}});
    let in_use = Cluster::default()
        .with(PODS, vec![ended])
        .with(DEPLOYMENTS, vec![workload("web", &containers(&of(1)))])
        .with(REPLICA_SETS, vec![workload("web-1", &containers(&of(2))), workload("web-2", &containers(&of(1)))])
        .with(REVISIONS, vec![revision, other])
        .with(CRON_JOBS, vec![cron])
        .in_use()
        .await;
    assert_eq!(named(&in_use), ["01", "02", "04", "ghcr.io/acme/cron:1"]);
}

#[tokio::test]
async fn every_page_of_every_list_is_read() {
    let pods: Vec<Value> = (1..=7)
        .map(|n| pod(&format!("p{n}"), &[("ghcr.io/acme/a:1", &format!("ghcr.io/acme/a@{}", digest(n)))]))
        .collect();
    let mut cluster = Cluster::default().with(PODS, pods);
    cluster.page = 3;
    assert_eq!(named(&cluster.in_use().await), ["01", "02", "03", "04", "05", "06", "07", "ghcr.io/acme/a:1"]);
    let asked = cluster.asked.lock().unwrap().clone();
    let of_pods: Vec<_> = asked.iter().filter(|path| path.starts_with(PODS)).collect();
    assert_eq!(
        of_pods,
        ["/api/v1/pods?limit=250", "/api/v1/pods?limit=250&continue=at-3", "/api/v1/pods?limit=250&continue=at-6"]
    );
    assert_eq!(asked.len(), 11, "nine lists: {asked:?}");
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let whole = || Cluster::default().with(PODS, vec![pod("web", &[("ghcr.io/acme/a:1", "")])]);
    type Spoil = fn(&str, (u16, String)) -> (u16, String);
    let spoils: [(&str, Spoil, &str); 12] = [
        ("403", |path, answer| if path.starts_with(CRON_JOBS) { (403, "{}".into()) } else { answer }, "may not list"),
        ("401", |_, _| (401, "{}".into()), "token"),
        ("404", |path, answer| if path.starts_with(REPLICA_SETS) { (404, "{}".into()) } else { answer }, "404"),
        ("410", |_, _| (410, "{}".into()), "changed too much"),
        ("500", |_, _| (500, "{}".into()), "500"),
        ("no JSON", |_, (status, body)| (status, body[..body.len() - 3].to_owned()), "no JSON"),
        ("no list", |_, _| (200, json!({"kind": "Status", "status": "Failure"}).to_string()), "no list"),
        ("left", |_, _| (200, json!({"items": [], "metadata": {"remainingItemCount": 4}}).to_string()), "4 are left"),
        ("no spec", |_, _| (200, json!({"items": [{"metadata": {"name": "x"}}]}).to_string()), "no spec"),
        ("no image", |_, _| (200, json!({"items": [{"spec": {"containers": [{}]}}]}).to_string()), "no image"),
        ("odd image", |_, _| (200, json!({"items": [{"spec": containers("A B")}]}).to_string()), "A B"),
        (
            "odd id",
            |_, _| {
                let status = json!({"containerStatuses": [{"imageID": "docker://sha256:12"}]});
                (200, json!({"items": [{"spec": containers("a:1"), "status": status}]}).to_string())
            },
            "no digest",
        ),
    ];
    for (what, spoil, part) in spoils {
        let cluster = whole();
        let base = serve(move |path| spoil(path, cluster.answer(path))).await;
        let error = Kubernetes::new(api(&base)).in_use().await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("nobody knows what k8s runs: ") && text.contains(part), "{what}: {text}");
        assert!(!text.contains("of the pod") && !error.remedy().is_empty(), "{text}");
    }
    let gone = Kubernetes::new(api("http://127.0.0.1:1")).in_use().await.unwrap_err();
    assert!(gone.to_string().contains("was not answered"), "{gone}");
}

#[tokio::test]
async fn what_a_cluster_runs_stays_with_the_index_that_names_it() {
    let policy = policy(
        "hold: [{ name: running, in_use: [k8s] }]\ndelete: [{ name: all, always: true }]\nguards: { min_survivors: 0 }",
    );
    let here = snapshot(&[(
        "ghcr.io/acme/a",
        vec![
            row(1, &["v1"], "2026-05-01", &[11, 12], None),
            row(11, &[], "2026-05-01", &[], None),
            row(12, &[], "2026-05-01", &[], None),
            image(2, "v2", "2026-05-01"),
            image(3, "v3", "2026-05-01"),
        ],
    )]);
    // A node pulls an index and runs a platform of it; another pod waits for a tag.
    let pods = vec![
        pod("web", &[("ghcr.io/acme/a:v1", &format!("ghcr.io/acme/a@{}", digest(12)))]),
        pod("next", &[("ghcr.io/acme/a:v3", "")]),
    ];
    let cluster = Kubernetes::new(Cluster::default().with(PODS, pods).api().await);
    let facts = what_runs(&[&cluster]).await.unwrap();
    let report = plan(&here, &policy, &facts, at("2026-06-01")).report();
    assert_eq!(report.delete_tags, ["ghcr.io/acme/a:v2"]);
    let words = &report.reasons["ghcr.io/acme/a:v1"].words;
    assert!(words.contains("the pod shop/web has it (k8s)"), "{words}");
    // Nobody was asked: everything stays.
    let report = plan(&here, &policy, &Default::default(), at("2026-06-01")).report();
    assert_eq!(report.delete_tags, [""; 0]);
}
