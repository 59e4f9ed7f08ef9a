//! Gates and steps of documents that look outside: what each needs, and what it asks.

use std::time::{Duration, SystemTime};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use lockage_promote::pipeline::PromoteError;
use lockage_promote::pipeline::documents::{Document, Factories, Format, Outside, Surroundings, Watches};
use lockage_promote::pipeline::simulate::{Build, Simulation};
use lockage_promote::pipeline::step::Pace;

#[derive(Clone, Debug)]
struct Now;

#[async_trait::async_trait]
impl Pace for Now {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

fn factory(surroundings: &Surroundings) -> Factories {
    Factories::new().with(Outside::new(surroundings.clone()))
}

#[test]
fn every_kind_says_what_it_lacks() {
    let judged = Surroundings::new("");
    let asked = Surroundings::new("").variables(|name| (name == "TOKEN").then(|| "secret".to_owned()));
    let made = |text: &str, surroundings: &Surroundings| {
        let document = Document::parse("x.toml", Format::Toml, &format!("[gates.one]\n{text}")).unwrap();
        document.gates(&factory(surroundings)).map(|gates| gates[0].id().to_owned()).map_err(|error| error.to_string())
    };
    for text in [
        "kind = 'checks-green'\ngithub = 'acme/{image}'\ntoken-env = 'TOKEN'\nrequired = ['test']",
        "kind = 'reachable'\ngitlab = 'group/{image}'\nbranches = ['main']",
        "kind = 'reviewed'\ngithub = 'acme/app'\napi = 'https://ghe.example/api/v3'\nquorum = 2\nstale-too = true",
        "kind = 'metric'\nurl = 'https://p.example'\npointer = '/value'\nat-least = 1",
    ] {
        assert_eq!(made(text, &judged).unwrap(), "one", "{text}");
        assert_eq!(made(text, &asked).unwrap(), "one", "{text}");
    }
    for (text, said) in [
        ("kind = 'reachable'\nbranches = ['main']", "it asks a forge"),
        ("kind = 'reachable'\ngithub = 'a/b'\ngitlab = 'a/b'\nbranches = ['main']", "it asks a forge"),
        ("kind = 'reachable'\ngithub = 'a/b'\nbranches = []", "branches: none"),
        ("kind = 'reviewed'\ngithub = 'a/b'\nquorum = 0", "quorum: nobody"),
        ("kind = 'reviewed'\ngithub = 'app'", ""),
        ("kind = 'checks-green'\ngithub = 'a/b'\nneeded = ['x']", "unknown field `needed`"),
        ("kind = 'checks-green'\ngithub = 'a/b'\ntoken-env = 'NONE'", "the environment variable NONE is not set"),
        ("kind = 'checks-green'\ngithub = 'a/b'\napi = 'ftp://x'", "begins neither with https:// nor with http://"),
        ("kind = 'metric'\nurl = 'https://p.example'\npointer = '/v'", "at-most and at-least"),
        ("kind = 'metric'\nurl = 'https://p.example'\npointer = 'v'\nat-most = 1", "pointer: \"v\" is no JSON pointer"),
        ("kind = 'metric'\nurl = 'https://p.example'\npointer = '/v'\nat-most = nan", "at-most and at-least"),
    ] {
        let error = made(text, &asked).unwrap_err();
        assert!(error.starts_with("x.toml:1: gates.one: ") && error.contains(said), "{text}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

/// Answers `{"value": …}` for `/metric/app`, speaks for GitHub of `acme/app`, and says 404 to all else.
async fn metric(value: f64) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| async move {
                let path = request.uri().path();
                let body = match path.strip_prefix("/repos/acme/app/") {
                    None if path == "/metric/app" => format!(r#"{{"value": {value}}}"#),
                    Some("branches/main") => r#"{"protected": true}"#.to_owned(),
                    Some(compare) if compare.starts_with("compare/main...") => r#"{"status": "behind"}"#.to_owned(),
                    _ => String::new(),
                };
                let status = if body.is_empty() { 404 } else { 200 };
                hyper::Response::builder().status(status).body(Full::new(Bytes::from(body)))
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

async fn promoted(more: &str, surroundings: &Surroundings) -> Result<String, PromoteError> {
    let text = format!(
        "[[environments]]\nname = 'dev'\nrepository = 'dev.example/{{image}}'\n\
         [[environments]]\nname = 'prod'\nrepository = 'prod.example/{{image}}'\nfloats = ['prod']\n\
         [[edges]]\nfrom = 'dev'\nto = 'prod'\n{more}"
    );
    let document = Document::parse("x.toml", Format::Toml, &text).unwrap();
    let watches = Watches::new(surroundings.clone(), Now);
    let simulation = Simulation::of(document.graph_with(&factory(surroundings), &watches).unwrap()).unwrap();
    let (app, dev) = ("app".parse().unwrap(), "dev".parse().unwrap());
    simulation.push(&app, &dev, &Build::of_pull_request(42)).await.unwrap();
    let edge = "dev-prod".parse().unwrap();
    let receipt = simulation.promote(&app, &"pr:42".parse().unwrap(), &edge, SystemTime::now()).await?;
    Ok(receipt
        .evidence
        .iter()
        .chain(&receipt.steps)
        .map(|one| format!("{}: {}\n", one.gate, one.evidence.summary))
        .collect())
}

#[tokio::test]
async fn a_metric_is_a_gate_and_a_canary() {
    let address = metric(0.5).await;
    let asks = |limit: &str| {
        format!("url = 'http://{address}'\npath = 'metric/{{image}}'\npointer = '/value'\nat-most = {limit}\n")
    };
    let surroundings = Surroundings::new("");
    let gated = |limit: &str| format!("gates = ['errors']\n[gates.errors]\nkind = 'metric'\n{}", asks(limit));
    assert!(promoted(&gated("0.5"), &surroundings).await.unwrap().contains("errors: 0.5, at most 0.5"));
    assert!(matches!(promoted(&gated("0.4"), &surroundings).await, Err(PromoteError::NotCleared(_))));
    let watched = |limit: &str| {
        format!("after = ['canary']\n[steps.canary]\nkind = 'watch'\nevery = '1s'\nwithin = '5s'\n{}", asks(limit))
    };
    assert!(promoted(&watched("0.5"), &surroundings).await.unwrap().contains("canary: 0.5, at most 0.5"));
    let failed = promoted(&watched("0.4"), &surroundings).await.unwrap_err();
    assert!(
        matches!(failed, PromoteError::Step { .. }) && failed.to_string().contains("0.5, and at most 0.4"),
        "{failed}"
    );
}

#[tokio::test]
async fn a_forge_is_asked_about_the_repository_of_the_image() {
    let address = metric(0.0).await;
    let asks = |repository: &str| {
        format!(
            "gates = ['main']\n[gates.main]\nkind = 'reachable'\nbranches = ['main']\n\
             api = 'http://{address}'\ngithub = '{repository}'\n"
        )
    };
    let surroundings = Surroundings::new("");
    assert!(promoted(&asks("acme/{image}"), &surroundings).await.unwrap().contains("is on main"));
    let elsewhere = promoted(&asks("acme/other-{image}"), &surroundings).await.unwrap_err();
    assert!(elsewhere.to_string().contains("main could not decide"), "{elsewhere}");
}

/// A URL whose path or query is the secret is in a variable, as tokens are, and in nothing that is shown.
#[test]
fn a_url_that_is_a_secret_is_taken_from_a_variable() {
    let document = |url: &str| {
        let text = format!(
            "[[events]]\nkind = 'webhook'\n{url}\n[[environments]]\nname = 'dev'\nrepository = 'a.example/b'\n"
        );
        Document::parse("lockage.toml", Format::Toml, &text)
    };
    let around =
        |value: &'static str| Surroundings::new("").variables(move |name| (name == "CHAT").then(|| value.to_owned()));
    let from_variable = document("url-env = 'CHAT'").unwrap();
    for (value, said) in [
        ("https://chat.example/services/s3cret?sig=s3cret", None),
        ("", Some("url-env: the environment variable CHAT is not set")),
        ("chat.example/s3cret", Some("url: relative URL")),
        ("ftp://chat.example/s3cret", Some("url: write https://HOST/PATH")),
        ("https://chat.example/s3cret#s3cret", Some("url: it has a fragment")),
    ] {
        match (from_variable.sinks(&around(value), Now), said) {
            (Ok(Some(sinks)), None) => assert!(!format!("{sinks:?}").contains("s3cret"), "{sinks:?}"),
            (Err(error), Some(said)) => {
                let error = error.to_string();
                assert!(error.contains(said) && !error.contains("s3cret"), "{value}: {error}");
            }
            (other, _) => panic!("{value}: {other:?}"),
        }
    }
    let written = document("url = 'https://chat.example/services/s3cret'").unwrap();
    assert!(!format!("{written:?}").contains("s3cret"), "{written:?}");
    for (wrong, said) in [
        ("", "neither url nor url-env"),
        ("url = 'https://a.example'\nurl-env = 'CHAT'", "url or url-env, and not both"),
        ("url = 'https://a.example/?sig=s3cret'", "it has a query"),
    ] {
        let error = document(wrong).unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains("s3cret"), "{error}");
    }
}
