//! docker-registry behind a password, and behind a token server: who is asked for what, how often, and what is said of a
//! login that does not do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod real;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockage_promote::{ImageCopy, Outcome, Receipt};
use lockage_registry::client::{Client, Credentials, StaticCredentials};
use lockage_registry::server::{Fault, Server};
use lockage_registry::testing::fixtures::{self, Image};
use lockage_registry::{Memory, Reference};
use real::{DockerRegistry, PASSWORD, TokenServer, USER, User, get, isolated, lockage, platforms, run, two_platforms};
use serde_json::{Value, json};
use tempfile::TempDir;

const DEV: &str = "dev/app";
const PROD: &str = "prod/app";
const ALL: &[&str] = &["pull", "push"];

/// Writes everywhere.
const BOT: User = User { name: "bot", password: "tr0ub4dor", may: &[(DEV, ALL), (PROD, ALL)] };
/// Writes to production and does not see what is being developed.
const RELEASER: User = User { name: "releaser", password: "c0rrect", may: &[(PROD, ALL)] };
/// Everybody.
const NOBODY: User = User { name: "", password: "", may: &[("public/app", &["pull"])] };

/// docker's `config.json` with one entry.
struct Config(TempDir);

impl Config {
    fn new(host: &str, entry: &Value) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let document = json!({ "auths": { host: entry } });
        fs::write(directory.path().join("config.json"), document.to_string()).unwrap();
        Self(directory)
    }

    fn login(host: &str, user: &str, password: &str) -> Self {
        Self::new(host, &json!({ "auth": STANDARD.encode(format!("{user}:{password}")) }))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("config.json")
    }

    fn client(&self) -> Client {
        Client::builder().docker_config_file(self.path()).unwrap().build().unwrap()
    }
}

fn client(host: &str, user: &User) -> Client {
    let login = Credentials::password("the test", user.name, user.password);
    Client::builder().credentials(StaticCredentials::new().with(host.parse().unwrap(), login)).build().unwrap()
}

async fn push(client: &Client, to: &Reference, image: &Image) {
    fixtures::push(client, to.repository(), image, to.tag().unwrap()).await.unwrap();
}

async fn copy(from: (&Client, &Reference), to: (&Client, &Reference)) -> lockage_promote::Result<Receipt> {
    let copy = ImageCopy::new(from.0, from.1).to(to.0, to.1);
    copy.apply(&copy.plan().await?).await
}

/// `lockage copy --json --credentials FILE`.
fn program(credentials: &Path, from: &Reference, to: &Reference) -> std::process::Command {
    let mut command = isolated(lockage());
    command.args(["copy", "--json", "--credentials"]).arg(credentials).args([from.to_string(), to.to_string()]);
    command
}

fn digest(document: &str) -> Value {
    serde_json::from_str::<Value>(document).unwrap()["copies"][0]["digest"].clone()
}

/// It failed as an error does, and neither the secret nor a form of it is in what it says.
fn refused(command: &mut std::process::Command, says: &str, user: &str, password: &str) {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(3), "{out}{err}");
    assert!(err.contains(says), "no {says} in: {err}");
    for secret in [password, &STANDARD.encode(password), &STANDARD.encode(format!("{user}:{password}"))] {
        assert!(!err.contains(secret) && !out.contains(secret), "{secret} in: {out}{err}");
    }
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["copies"][0]["result"], "failed", "{out}");
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn a_password_from_docker_s_file_serves_the_program_and_the_library() {
    let registry = DockerRegistry::behind_login();
    let config = Config::login(registry.host(), USER, PASSWORD);
    let (client, image) = (config.client(), two_platforms(1));
    let from = registry.reference("dev/app:v1");
    push(&client, &from, &image).await;
    assert_eq!(get(registry.host(), "/v2/dev/app/manifests/v1", &[]).unwrap().status, 401, "nobody else gets in");

    let to = registry.reference("prod/app:v1");
    let receipt = copy((&client, &from), (&client, &to)).await.unwrap();
    assert_eq!(receipt.digest(), image.root().digest());
    let out = run(&mut program(&config.path(), &from, &registry.reference("prod/app:v2")));
    assert_eq!(digest(&out), json!(image.root().digest()));

    // The password is not shown before it is asked for, and after that is with every request.
    let answers = registry.answers();
    let refused = answers.iter().filter(|(_, status)| *status == 401).count();
    assert_eq!(refused, 3, "by the client, by the program, and by hand: {answers:#?}");
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn a_wrong_password_is_an_error_that_names_its_file_and_no_secret() {
    let registry = DockerRegistry::behind_login();
    let (from, to) = (registry.reference("dev/app:v1"), registry.reference("prod/app:v1"));
    let wrong = "battery staple";
    let config = Config::login(registry.host(), USER, wrong);
    let place = config.path();
    refused(&mut program(&place, &from, &to), place.to_str().unwrap(), USER, wrong);
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn a_token_server_is_asked_once_for_each_set_of_scopes() {
    let tokens = TokenServer::start(&[BOT]);
    let (dev, prod) = (DockerRegistry::with(tokens.settings()), DockerRegistry::with(tokens.settings()));
    let image = platforms(1, &["amd64", "arm64", "s390x"], 200_000, 3_000);
    let (from, to) = (dev.reference("dev/app:v1"), prod.reference("prod/app:v1"));
    push(&client(dev.host(), &BOT), &from, &image).await;
    let before = tokens.asked().len();

    let auths = json!({ "auths": {
        dev.host(): { "username": BOT.name, "password": BOT.password },
        prod.host(): { "auth": STANDARD.encode(format!("{}:{}", BOT.name, BOT.password)) },
    }});
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.json");
    fs::write(&file, auths.to_string()).unwrap();
    let out = run(&mut program(&file, &from, &to));
    assert_eq!(digest(&out), json!(image.root().digest()));

    let asked = tokens.asked().split_off(before);
    let mut sets = asked.clone();
    sets.sort();
    sets.dedup();
    assert_eq!(sets.len(), asked.len(), "none is asked for twice, though blobs are copied at once: {asked:#?}");
    assert!(asked.iter().all(|asked| asked.user == BOT.name && asked.status == 200), "{asked:#?}");
    assert!(asked.len() <= 3, "to pull there, to look here and to push here: {asked:#?}");
    let refused = prod.answers().into_iter().filter(|(_, status)| *status == 401).count();
    assert_eq!(refused, 1, "it is told once what the registry wants");

    // Within a registry one token serves two repositories, so that blobs are mounted.
    let (before, beside) = (tokens.asked().len(), dev.reference("prod/app:v1"));
    let writer = client(dev.host(), &BOT);
    let receipt = copy((&writer, &from), (&writer, &beside)).await.unwrap();
    assert!(receipt.steps().iter().all(|step| step.outcome != Outcome::Uploaded), "{receipt}");
    let asked = tokens.asked().split_off(before);
    assert!(asked.iter().any(|asked| asked.scopes.len() == 2), "both in one token: {asked:#?}");
}

/// A source that takes 600 ms a blob, so that a copy of 5, one at a time, takes 3 s.
async fn slow(image: &Image) -> (Server, Reference) {
    let memory = Memory::new("backend.test".parse().unwrap());
    fixtures::push(&memory, &"backend.test/dev/app".parse().unwrap(), image, &"v1".parse().unwrap()).await.unwrap();
    let server = Server::builder(Arc::new(memory.clone()), memory.host().clone())
        .intercept(Arc::new(|head| match head.method == "GET" && head.path.contains("/blobs/") {
            true => Fault::Delay(Duration::from_millis(600)),
            false => Fault::None,
        }))
        .serve("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let from = format!("{}/dev/app:v1", server.host()).parse().unwrap();
    (server, from)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs real registries and clients"]
async fn a_copy_outlives_its_tokens() {
    let image = two_platforms(1);
    let (_server, from) = slow(&image).await;
    let two = Duration::from_secs(2);
    // The client knows when a token ends; or thinks that it has a minute, and hears from the registry.
    for (said, least_refused) in [(two, 1), (Duration::from_secs(60), 2)] {
        let tokens = TokenServer::short_lived(&[BOT], two, said);
        let prod = DockerRegistry::with(tokens.settings());
        let to = prod.reference("prod/app:v1");
        let client = client(prod.host(), &BOT);
        let one_at_a_time = ImageCopy::new(&client, &from).to(&client, &to).concurrency(1);
        let plan = one_at_a_time.plan().await.unwrap();
        let receipt = one_at_a_time.apply(&plan).await.unwrap();
        assert_eq!(receipt.digest(), image.root().digest());
        let pushing = |asked: &real::Asked| asked.scopes == ["repository:prod/app:pull,push"];
        let pushed = tokens.asked().iter().filter(|asked| pushing(asked)).count();
        assert!(
            (2..=5).contains(&pushed),
            "a token of {two:?} does not last, and is not fetched for each request: {:#?}",
            tokens.asked()
        );
        let refused = prod.answers().into_iter().filter(|(_, status)| *status == 401).count();
        assert!(refused >= least_refused, "{refused} with {said:?}: {:#?}", prod.answers());
        let found = real::closure(prod.host(), "prod/app", "v1");
        // By hand, and without a token: this registry still lets nobody in.
        assert!(found.is_err_and(|why| why.contains("401")));
    }
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn the_registry_really_refuses_a_token_that_has_ended() {
    let tokens = TokenServer::short_lived(&[BOT], Duration::from_secs(2), Duration::from_secs(2));
    let registry = DockerRegistry::with(tokens.settings());
    let token = format!("Authorization: Bearer {}", tokens.token(BOT.name, "repository:dev/app:pull"));
    let ask = || get(registry.host(), "/v2/dev/app/manifests/v1", &[&token]).unwrap().status;
    assert_eq!(ask(), 404);
    tokio::time::sleep(Duration::from_millis(3100)).await;
    assert_eq!(ask(), 401);
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn who_may_not_read_there_uploads_rather_than_mounts() {
    // One grants less than was asked for, the other refuses the whole.
    for tokens in [TokenServer::start(&[BOT, RELEASER]), TokenServer::strict(&[BOT, RELEASER])] {
        let registry = DockerRegistry::with(tokens.settings());
        let (reader, writer) = (client(registry.host(), &BOT), client(registry.host(), &RELEASER));
        let (from, to) = (registry.reference("dev/app:v1"), registry.reference("prod/app:v1"));
        let image = two_platforms(1);
        push(&reader, &from, &image).await;
        copy((&writer, &from), (&writer, &to)).await.expect_err("the releaser cannot read it");

        let one_at_a_time = ImageCopy::new(&reader, &from).to(&writer, &to).concurrency(1);
        let receipt = one_at_a_time.apply(&one_at_a_time.plan().await.unwrap()).await.unwrap();
        assert_eq!(receipt.digest(), image.root().digest());
        let uploaded = receipt.steps().iter().filter(|step| step.outcome == Outcome::Uploaded).count();
        assert_eq!(uploaded, image.blobs.len(), "{receipt}");
        let tried = tokens.asked().into_iter().filter(|asked| asked.user == RELEASER.name && asked.scopes.len() == 2);
        assert!((1..=2).contains(&tried.count()), "it is not asked for again with every blob: {:#?}", tokens.asked());
        copy((&writer, &to), (&writer, &registry.reference("prod/app:v2"))).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn a_login_that_the_token_server_refuses_names_its_file_and_no_secret() {
    let tokens = TokenServer::start(&[BOT]);
    let registry = DockerRegistry::with(tokens.settings());
    let (from, to) = (registry.reference("dev/app:v1"), registry.reference("prod/app:v1"));
    let wrong = "hunter2 hunter2";
    let config = Config::login(registry.host(), BOT.name, wrong);
    let place = config.path();
    refused(&mut program(&place, &from, &to), place.to_str().unwrap(), BOT.name, wrong);
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn a_login_that_lacks_the_right_names_its_file_and_no_secret() {
    let tokens = TokenServer::start(&[BOT, RELEASER]);
    let registry = DockerRegistry::with(tokens.settings());
    push(&client(registry.host(), &BOT), &registry.reference("prod/app:v1"), &two_platforms(1)).await;
    let config = Config::login(registry.host(), RELEASER.name, RELEASER.password);
    let place = config.path();
    let mut command = program(&place, &registry.reference("prod/app:v1"), &registry.reference("dev/app:v1"));
    refused(&mut command, place.to_str().unwrap(), RELEASER.name, RELEASER.password);
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn an_identity_token_is_exchanged_and_everybody_may_read_what_is_public() {
    const AUTHOR: User = User { name: "author", password: "x", may: &[("public/app", ALL), (PROD, ALL)] };
    let tokens = TokenServer::start(&[AUTHOR, NOBODY]);
    let registry = DockerRegistry::with(tokens.settings());
    let (public, to) = (registry.reference("public/app:v1"), registry.reference("prod/app:v1"));
    let image = two_platforms(1);
    push(&client(registry.host(), &AUTHOR), &public, &image).await;

    let config = Config::new(registry.host(), &json!({ "identitytoken": "refresh-author" }));
    assert_eq!(digest(&run(&mut program(&config.path(), &public, &to))), json!(image.root().digest()));

    let anyone = Client::builder().build().unwrap();
    let elsewhere = DockerRegistry::start();
    let receipt = copy((&anyone, &public), (&anyone, &elsewhere.reference("copied/app:v1"))).await.unwrap();
    assert_eq!(receipt.digest(), image.root().digest());
    let error = copy((&anyone, &to), (&anyone, &elsewhere.reference("copied/app:v2"))).await.unwrap_err();
    assert!(error.port().is_some_and(|error| !error.is_not_found()), "not to be allowed is not to be absent: {error}");
    assert!(tokens.asked().iter().any(|asked| asked.user.is_empty() && asked.status == 200), "{:#?}", tokens.asked());
}
