//! Events: who asked is told, nobody who cannot be told keeps a promotion, and the receipt says so.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lockage_promote::ledger::{Entry, Kind};
use lockage_promote::pipeline::events::{Happening, Sink, SinkError, Sinks, What, cdevents, slack};
use lockage_promote::pipeline::{EdgeSpec, EnvironmentSpec, Graph};
use lockage_promote::pipeline::{PromoteError, RollbackTo};
use lockage_promote::{Verdict, gate};
use lockage_registry::ErrorKind;
use lockage_registry::testing::{Fault, Faulty};

use crate::clock::Clock;
use crate::world::{COMMIT, OTHER, World, built, digest, name, now, pass};

/// Remembers what it was told.
#[derive(Clone, Debug, Default)]
struct Diary(Arc<Mutex<Vec<Happening>>>);

impl Diary {
    fn words(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().iter().map(Happening::word).collect()
    }

    fn last(&self) -> Happening {
        self.0.lock().unwrap().last().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl Sink for Diary {
    fn id(&self) -> &str {
        "diary"
    }

    async fn tell(&self, happening: &Happening) -> Result<(), SinkError> {
        self.0.lock().unwrap().push(happening.clone());
        Ok(())
    }
}

/// Cannot be told, or never answers.
#[derive(Clone, Copy, Debug)]
enum Deaf {
    Refuses,
    Hangs,
}

#[async_trait::async_trait]
impl Sink for Deaf {
    fn id(&self) -> &str {
        "deaf"
    }

    async fn tell(&self, _: &Happening) -> Result<(), SinkError> {
        match self {
            Self::Refuses => Err("no route to host".into()),
            Self::Hangs => std::future::pending().await,
        }
    }
}

async fn world() -> World {
    let world = World::new();
    world.push(&built(COMMIT, 1), &["pr-42"]).await;
    world.push(&built(OTHER, 2), &["pr-41"]).await;
    world
}

/// S2: a message with the result.
#[tokio::test]
async fn who_asked_is_told_that_it_begins_is_done_has_failed_waits_and_was_rolled_back() {
    let world = world().await;
    let diary = Diary::default();
    let sinks = || Sinks::new(Clock::new()).sink(diary.clone());
    let promoter = world.promoter().events(sinks());
    pass(&promoter, "pr:41", "dev-stage").await.unwrap();
    assert_eq!(diary.words(), ["started", "done"]);
    let done = diary.last();
    assert_eq!((done.environment.as_str(), done.repository.to_string().as_str()), ("stage", "stage.example/app"));
    assert_eq!((done.actor.as_str(), done.tags.len()), ("tester", 2));
    pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    diary.0.lock().unwrap().clear();
    pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    assert_eq!(diary.words(), ["started"], "what was there has not arrived again");

    // A rollback holds the environment, and a hold waits.
    let to = RollbackTo::Image(digest(&built(OTHER, 2)).into());
    let plan = promoter.plan_rollback(&name("app"), &name("stage"), &to, "it leaks <!channel>", now()).await.unwrap();
    let cleared = promoter.clear_rollback(plan, now()).await.unwrap();
    let receipt = promoter.apply_rollback(cleared, now()).await.unwrap();
    assert!(receipt.troubles.is_empty());
    let told = diary.last();
    assert_eq!(told.digest, digest(&built(OTHER, 2)));
    assert!(matches!(&told.what, What::RolledBack { bad: Some(bad), .. } if *bad == digest(&built(COMMIT, 1))));
    let text = slack(&told);
    assert!(text.starts_with(":rewind: rolled back: *app* to *stage*\n"), "{text}");
    assert!(text.contains("it leaks &lt;!channel&gt;") && !text.contains("<!"), "nobody is called: {text}");

    let graph = Graph::builder()
        .environment(EnvironmentSpec::new("dev", "dev.example/{image}"))
        .environment(EnvironmentSpec::new("prod", "prod.example/{image}").float("prod"))
        .edge(EdgeSpec::new("dev", "prod").gate(gate("sign-off", |_| Ok(Verdict::wait("1 of 2 approvals")))));
    let waiting = world.promoter_of(graph.build().unwrap()).events(sinks());
    let error = pass(&waiting, "pr:41", "dev-prod").await.unwrap_err();
    assert!(error.is_waiting() && matches!(error, PromoteError::NotCleared(_)));
    assert!(matches!(diary.last().what, What::Waiting { why } if why.contains("1 of 2 approvals")));

    let faulty = Faulty::new(world.prod.clone())
        .script(|_, call| call.operation.is_write().then_some(Fault::Before(ErrorKind::Denied)));
    let broken = world.promoter().writes("prod", faulty).events(sinks());
    pass(&broken, "pr:41", "hotfix").await.unwrap_err();
    assert_eq!(diary.last().word(), "failed");
}

#[tokio::test]
async fn a_sink_that_fails_fails_no_promotion_and_is_told_of() {
    for deaf in [Deaf::Refuses, Deaf::Hangs] {
        let world = world().await;
        let diary = Diary::default();
        let sinks = Sinks::new(Clock::new()).sink(deaf).sink(diary.clone()).at_most(Duration::from_secs(2));
        let promoter = world.promoter().events(sinks);
        let receipt = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
        assert_eq!(world.held("stage", "stage").await, Some(receipt.digest.clone()));
        assert_eq!(diary.words(), ["started", "done"], "others are told all the same");
        assert_eq!(receipt.troubles.len(), 2);
        let expected = match deaf {
            Deaf::Refuses => "deaf: no route to host",
            Deaf::Hangs => "deaf: it gave no answer in 2 s",
        };
        assert!(receipt.to_string().contains(&format!("trouble  {expected}")), "{receipt}");
        assert!(serde_json::to_string(&receipt).unwrap().contains("troubles"));

        // Where it fails, both are said.
        let deny = Kind::Deny { reason: "leaks".into() };
        let hold = Kind::Hold { reason: "party".into(), until: None };
        let image = digest(&built(OTHER, 2));
        world.record(Entry::new(hold, name("app"), image.clone(), "ops", now()).in_environment(name("stage"))).await;
        let error = pass(&promoter, "pr:41", "dev-stage").await.unwrap_err();
        assert!(error.is_waiting() && matches!(error.cause(), PromoteError::NotCleared(_)), "{error:?}");
        assert!(error.details().iter().any(|(word, text)| *word == "beside" && text == expected), "{error:?}");
        world.record(Entry::new(deny, name("app"), image, "ops", now())).await;
        assert!(matches!(pass(&promoter, "pr:41", "dev-stage").await, Err(PromoteError::NotCleared(_))));
    }
}

#[tokio::test]
async fn what_arrived_is_a_cdevent_as_its_specification_has_it() {
    let world = world().await;
    let diary = Diary::default();
    let promoter = world.promoter().events(Sinks::new(Clock::new()).sink(diary.clone()));
    let receipt = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
    let events = cdevents(&diary.last(), "/ci/lockage");
    let types: Vec<_> = events.iter().map(|event| event["context"]["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["dev.cdevents.artifact.published.0.3.0", "dev.cdevents.service.deployed.0.3.0"]);
    let purl = format!("pkg:oci/app@sha256%3A{}?repository_url=stage.example/app", receipt.digest.hex());
    assert_eq!(events[0]["subject"]["id"], purl.as_str());
    assert_eq!(events[1]["subject"]["content"]["artifactId"], purl.as_str());
    assert_eq!(events[1]["subject"]["content"]["environment"]["id"], "stage");
    let ids: Vec<_> = events.iter().map(|event| &event["context"]["id"]).collect();
    assert!(ids[0] != ids[1], "{ids:?}");
    for event in &events {
        let context = event["context"].as_object().unwrap();
        for field in ["specversion", "id", "source", "type", "timestamp"] {
            assert!(context[field].as_str().is_some_and(|text| !text.is_empty()), "{field}");
        }
        assert_eq!(context["specversion"], "0.5.1");
        assert_eq!(event["customData"]["what"], "done");
    }
    let started = diary.0.lock().unwrap()[0].clone();
    assert!(cdevents(&started, "/ci").is_empty(), "they have no word for it");
}

#[cfg(feature = "http")]
mod http {
    //! Over the wire.

    use lockage_promote::pipeline::events::{CloudEvents, Mode, Webhook};
    use lockage_promote::pipeline::http::Api;
    use serde_json::Value;

    use super::*;
    use crate::clock::Real;
    use crate::service::{Asked, serve};

    async fn sent(sink: impl FnOnce(Api) -> Sinks) -> Vec<Asked> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&seen);
        let base = serve(move |asked| {
            own.lock().unwrap().push(asked);
            (202, String::new())
        });
        let world = world().await;
        let promoter = world.promoter().events(sink(Api::new(&base.await, None).unwrap()));
        let receipt = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
        assert!(receipt.troubles.is_empty(), "{receipt}");
        seen.lock().unwrap().clone()
    }

    #[tokio::test]
    async fn cloudevents_are_sent_in_headers_or_as_one_document() {
        let binary = sent(|api| Sinks::new(Real).sink(CloudEvents::new(api, "/ci").below(["events"]))).await;
        assert_eq!(binary.len(), 2);
        for asked in &binary {
            let data: Value = serde_json::from_slice(&asked.body).unwrap();
            assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/events"));
            assert_eq!(asked.headers["content-type"], "application/json");
            assert_eq!(asked.headers["ce-specversion"], "1.0");
            for (header, place) in [
                ("ce-id", "/context/id"),
                ("ce-type", "/context/type"),
                ("ce-source", "/context/source"),
                ("ce-time", "/context/timestamp"),
                ("ce-subject", "/subject/id"),
            ] {
                assert_eq!(asked.headers[header], data.pointer(place).unwrap().as_str().unwrap(), "{header}");
            }
        }
        let whole = sent(|api| Sinks::new(Real).sink(CloudEvents::new(api, "/ci").mode(Mode::Structured))).await;
        let document: Value = serde_json::from_slice(&whole[1].body).unwrap();
        assert!(whole[1].headers["content-type"].starts_with("application/cloudevents+json"));
        assert_eq!(document["specversion"], "1.0");
        assert_eq!(document["type"], document["data"]["context"]["type"]);
        assert_eq!(document["subject"], "stage/app");
    }

    #[tokio::test]
    async fn a_webhook_is_signed_with_its_secret_and_shows_it_to_nobody() {
        let sinks = |api| {
            let hook = Webhook::new(api, "It's a Secret to Everybody").below(["hook"]);
            assert!(!format!("{hook:?}").contains("Secret"));
            Sinks::new(Real).sink(hook)
        };
        let asked = sent(sinks).await;
        let words: Vec<_> = asked.iter().map(|asked| asked.headers["x-lockage-event"].as_str()).collect();
        assert_eq!(words, ["started", "done"]);
        let body: Value = serde_json::from_slice(&asked[1].body).unwrap();
        assert_eq!(
            (&body["what"], &body["image"], &body["environment"]),
            (&"done".into(), &"app".into(), &"stage".into())
        );
        for one in &asked {
            let mac = hmac_of(b"It's a Secret to Everybody", &one.body);
            assert_eq!(one.headers["x-lockage-signature-256"], format!("sha256={mac}"));
        }
    }

    /// RFC 2104, by the digest of this project, as an oracle.
    fn hmac_of(key: &[u8], text: &[u8]) -> String {
        use lockage_registry::{Algorithm, digest_of};
        let mut block = [0_u8; 64];
        block[..key.len()].copy_from_slice(key);
        let pad = |byte: u8| block.iter().map(move |one| one ^ byte);
        let inner: Vec<u8> = pad(0x36).chain(text.iter().copied()).collect();
        let inner = digest_of(Algorithm::Sha256, &inner).unwrap();
        let bytes = (0..64).step_by(2).map(|at| u8::from_str_radix(&inner.hex()[at..at + 2], 16).unwrap());
        let outer: Vec<u8> = pad(0x5c).chain(bytes).collect();
        digest_of(Algorithm::Sha256, &outer).unwrap().hex().to_owned()
    }

    /// For many chats the path of a webhook is its secret.
    #[tokio::test]
    async fn of_a_url_that_somebody_is_told_by_no_more_than_the_host_is_shown() {
        // Nobody listens there any more.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let api = || Api::new(&format!("http://{free}/services"), None).unwrap();
        let query = || [("sig", "s3cret")];
        let hook = Webhook::new(api(), "").below(["s3cret"]).asking(query());
        let bus = CloudEvents::new(api(), "https://ci.example").below(["s3cret"]).asking(query());
        for shown in [format!("{hook:?}"), format!("{bus:?}")] {
            assert!(!shown.contains("s3cret") && !shown.contains("services"), "{shown}");
        }
        let world = world().await;
        let promoter = world.promoter().events(Sinks::new(Real).sink(hook).sink(bus));
        let receipt = pass(&promoter, "pr:42", "dev-stage").await.unwrap();
        for sink in ["webhook", "cloudevents"] {
            assert!(receipt.troubles.iter().any(|trouble| trouble.with == sink), "{receipt}");
        }
        for trouble in &receipt.troubles {
            let said = trouble.to_string();
            assert!(said.contains(&format!("http://{free}")), "{said}");
            assert!(!said.contains("s3cret") && !said.contains("services"), "{said}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_no_yes_is_told() {
        let base = serve(|_| (500, "oops".to_owned())).await;
        let world = world().await;
        let sinks = Sinks::new(Real).sink(Webhook::new(Api::new(&base, None).unwrap(), ""));
        let receipt = pass(&world.promoter().events(sinks), "pr:42", "dev-stage").await.unwrap();
        assert_eq!(receipt.troubles[0].to_string(), "webhook: it answered 500");
    }
}
