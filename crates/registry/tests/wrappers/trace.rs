//! `Trace`: what a subscriber is told, about every call, once.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::executor::block_on;
use futures::stream::{StreamExt as _, TryStreamExt as _};
use lockage_registry::testing::{Fault, Faulty, Recorder, fixtures};
use lockage_registry::{
    ErrorKind, Opened, Prune as _, Retry, RetryPolicy, Source as _, SourceExt as _, Target as _, TargetExt as _, Trace,
};
use tracing::field::{Field, Visit};
use tracing::{Level, Metadata, Subscriber, span};

use crate::clock::Fake;
use crate::{memory, repo, stored, tag};

/// The events that were told, as text.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Vec<Event>>>);

#[derive(Clone, Debug)]
struct Event {
    level: Level,
    fields: BTreeMap<&'static str, String>,
}

impl Event {
    fn get(&self, field: &str) -> &str {
        self.fields.get(field).map_or("-", String::as_str)
    }
}

impl Visit for Event {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

impl Subscriber for Told {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        if event.metadata().target() == "lockage_registry" {
            let mut told = Event { level: *event.metadata().level(), fields: BTreeMap::new() };
            event.record(&mut told);
            self.0.lock().unwrap().push(told);
        }
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// The events of what `doing` does on this thread.
fn told(doing: impl FnOnce()) -> Vec<Event> {
    let told = Told::default();
    tracing::subscriber::with_default(told.clone(), doing);
    let events = told.0.lock().unwrap();
    events.clone()
}

fn outline(events: &[Event]) -> Vec<[&str; 4]> {
    events.iter().map(|event| ["operation", "bytes", "items", "outcome"].map(|field| event.get(field))).collect()
}

#[test]
fn every_call_is_told_once_when_it_ends() {
    let (repo, image, v1) = (repo(), fixtures::image_with_layers(1, &[64]), "v1".parse().unwrap());
    let recorder = Recorder::new(memory());
    let trace = Trace::new(recorder.clone()).with_clock(Fake::new());
    let (config, layer) = (&image.blobs[0].0, &image.blobs[1].0);
    let (digest, fresh) = (image.root().digest(), fixtures::layer("application/octet-stream", 9, 10).0);
    let events = told(|| {
        block_on(fixtures::push(&trace, &repo, &image, &v1)).unwrap();
        block_on(async {
            trace.open_blob(&repo, layer, None).await?;
            trace.resolve(&repo, &tag("v1")).await?;
            trace.manifest(&repo, &tag("v1")).await?;
            trace.stat_blob(&repo, &layer.digest).await?;
            trace.read_blob(&repo, layer, 1_000).await?;
            trace.tags(&repo).try_collect::<Vec<_>>().await?;
            trace.referrers(&repo, digest, None).await?;
            if let Opened::Upload(session) = trace.open_blob(&repo, &fresh, Some(&repo)).await? {
                session.cancel().await?;
            }
            trace.delete_tag(&repo, &v1).await?;
            trace.delete_manifest(&repo, digest).await
        })
        .unwrap();
    });
    let (config_size, layer_size) = (config.size.to_string(), layer.size.to_string());
    let manifest_size = image.root().bytes().len().to_string();
    let (config_size, layer_size, manifest_size) = (&*config_size, &*layer_size, &*manifest_size);
    assert_eq!(
        outline(&events),
        [
            ["open upload", "-", "-", "ok"],
            ["complete upload", config_size, "-", "ok"],
            ["open upload", "-", "-", "ok"],
            ["complete upload", layer_size, "-", "ok"],
            ["push manifest", manifest_size, "-", "ok"],
            ["open upload", "-", "-", "present"],
            ["resolve", "-", "-", "ok"],
            ["pull manifest", manifest_size, "-", "ok"],
            ["look for blob", "-", "-", "ok"],
            ["pull blob", layer_size, "-", "ok"],
            ["list tags", "-", "1", "ok"],
            ["list referrers", "-", "0", "ok"],
            ["open upload", "-", "-", "ok"],
            ["cancel upload", "-", "-", "ok"],
            ["delete tag", "-", "-", "ok"],
            ["delete manifest", "-", "-", "ok"],
        ]
    );
    assert_eq!(events.len(), recorder.calls().len());
    for (event, call) in events.iter().zip(recorder.calls()) {
        assert_eq!(event.level, Level::DEBUG);
        assert_eq!(event.get("operation"), call.operation.name(), "the words are those of the recorder");
        assert_eq!(event.get("repository"), "registry.test/app");
        assert_eq!(event.get("elapsed_ms"), "0.0");
        let what = call.what.split(' ').next().unwrap();
        assert_eq!(event.get("reference"), if what.is_empty() { "-" } else { what });
    }
    assert_eq!(events[12].get("from"), "registry.test/app");
}

#[test]
fn a_failure_is_a_warning_and_an_absence_is_not() {
    let broken = Faulty::new(memory()).fail(1, Fault::Before(ErrorKind::Denied));
    let trace = Trace::new(broken).with_clock(Fake::new());
    let events = told(|| {
        block_on(trace.resolve(&repo(), &tag("v1"))).unwrap_err();
        block_on(trace.resolve(&repo(), &tag("v1"))).unwrap_err();
    });
    let outcomes: Vec<_> = events.iter().map(|event| (event.level, event.get("outcome"))).collect();
    assert_eq!(outcomes, [(Level::DEBUG, "NotFound"), (Level::WARN, "Denied")]);
    assert!(events[1].get("error").starts_with("resolve registry.test/app v1: call 1 was scripted"), "{events:?}");
}

#[test]
fn a_stream_tells_how_far_it_came() {
    let memory = memory();
    let (blob, _) = block_on(stored(&memory, 1, 100));
    let trace = Trace::new(Faulty::new(memory).fail(0, Fault::Truncate(40))).with_clock(Fake::new());
    let repo = repo();
    let events = told(|| {
        let broken = block_on(trace.blob(&repo, &blob, 0)).unwrap();
        block_on(broken.collect::<Vec<_>>());
        let mut left = block_on(trace.blob(&repo, &blob, 30)).unwrap();
        block_on(left.next());
        drop(left);
        drop(trace.resolve(&repo, &tag("never")));
        drop(block_on(trace.blob(&repo, &blob, 0)).unwrap());
        drop(trace.tags(&repo));
    });
    assert_eq!(
        outline(&events),
        [
            ["pull blob", "40", "-", "Unreachable"],
            ["pull blob", "70", "-", "dropped"],
            ["pull blob", "-", "-", "dropped"],
            ["list tags", "-", "-", "dropped"],
        ]
    );
    assert_eq!((events[0].level, events[1].level), (Level::WARN, Level::DEBUG));
    assert_eq!((events[0].get("from"), events[1].get("from")), ("-", "30"));
}

#[test]
fn the_time_is_told_in_milliseconds() {
    let clock = Fake::new();
    let flaky = Faulty::new(memory()).fail(0, Fault::Before(ErrorKind::Timeout));
    let retry = Retry::new(Trace::new(flaky).with_clock(clock.clone()), RetryPolicy::default())
        .with_clock(clock.clone())
        .with_jitter(|| 0.25);
    let trace = Trace::new(retry).with_clock(clock.clone());
    clock.pass(Duration::from_secs(5));
    let events = told(|| {
        block_on(trace.resolve(&repo(), &tag("v1"))).unwrap_err();
    });
    // Inside, every attempt; outside, the call.
    let times: Vec<_> = events.iter().map(|event| (event.get("outcome"), event.get("elapsed_ms"))).collect();
    assert_eq!(times, [("Timeout", "0.0"), ("NotFound", "0.0"), ("NotFound", "25.0")]);
}

#[test]
fn an_upload_tells_all_bytes_that_were_sent() {
    let (blob, bytes) = fixtures::layer("application/octet-stream", 1, 100);
    let flaky = Faulty::new(memory()).fail(1, Fault::Truncate(40));
    let retry = Retry::new(flaky, RetryPolicy::default()).with_clock(Fake::new());
    let events = told(|| block_on(Trace::new(retry).put_blob(&repo(), &blob, bytes.into())).unwrap());
    // In memory a body is one chunk, and each attempt took it.
    assert_eq!(outline(&events)[1], ["complete upload", "200", "-", "ok"]);
}
