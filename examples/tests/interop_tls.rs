//! docker-registry behind TLS: an authority of one's own, and certificates that clients show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod real;

use std::error::Error as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use lockage_promote::ImageCopy;
use lockage_registry::client::{Client, ClientBuilder};
use lockage_registry::testing::fixtures;
use lockage_registry::{Error, ErrorKind, Host, Reference, Source as _, TagOrDigest};
use real::{Authority, DockerRegistry, Settings, isolated, lockage, run, two_platforms};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The address by which tests reach it: this machine, and yet no loopback address, with which plain http is spoken.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// A registry whose certificate this authority has issued for `address`.
struct Secure(DockerRegistry);

impl Secure {
    fn start(authority: &Authority, address: IpAddr, clients: Option<&Authority>) -> Self {
        let pair = authority.server(address);
        let mut files = vec![("server.pem", pair.certificate), ("server.key", pair.key)];
        let mut http = "  tls:\n    certificate: DIR/server.pem\n    key: DIR/server.key\n".to_owned();
        if let Some(clients) = clients {
            files.push(("clients.pem", clients.certificate()));
            http += "    clientcas:\n      - DIR/clients.pem\n";
        }
        Self(DockerRegistry::with(Settings { http, files, ..Settings::default() }))
    }

    fn host(&self) -> Host {
        self.0.host().replace("127.0.0.1", &HERE.to_string()).parse().unwrap()
    }

    fn reference(&self, rest: &str) -> Reference {
        format!("{}/{rest}", self.host()).parse().unwrap()
    }
}

/// A folder with files for the program.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

fn trusting(authority: &Authority) -> ClientBuilder {
    Client::builder().root_certificate(authority.certificate().as_bytes()).unwrap()
}

async fn resolve(client: ClientBuilder, what: &Reference) -> lockage_registry::Result<()> {
    client.build()?.resolve(what.repository(), &TagOrDigest::of(what)).await.map(drop)
}

/// An error of TLS that says what to do.
fn assert_tls(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}: {:?}", error.source());
    assert!(error.remedy().is_some_and(|remedy| !remedy.is_empty()), "{error}");
}

fn program(from: &Reference, to: &Reference) -> std::process::Command {
    let mut command = isolated(lockage());
    command.args(["copy", "--json", &from.to_string(), &to.to_string()]);
    command
}

/// What it says where it fails, and its exit code.
fn failing(command: &mut std::process::Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn an_authority_of_ones_own_is_trusted_once_it_is_named() {
    let (authority, other) = (Authority::new("ours"), Authority::new("others"));
    let (dev, prod) = (Secure::start(&authority, HERE, None), Secure::start(&authority, HERE, None));
    let (from, to) = (dev.reference("dev/app:v1"), prod.reference("prod/app:v1"));
    assert_tls(&resolve(Client::builder(), &from).await.unwrap_err());
    assert_tls(&resolve(trusting(&other), &from).await.unwrap_err());

    let (client, image) = (trusting(&authority).build().unwrap(), two_platforms(1));
    fixtures::push(&client, from.repository(), &image, from.tag().unwrap()).await.unwrap();
    let copy = ImageCopy::new(&client, &from).to(&client, &to);
    let receipt = copy.apply(&copy.plan().await.unwrap()).await.unwrap();
    assert_eq!(receipt.digest(), image.root().digest());
    // Several may be named, and the order is of no matter.
    let both = trusting(&other).root_certificate(authority.certificate().as_bytes()).unwrap();
    resolve(both, &to).await.unwrap();
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn the_program_takes_the_authority_from_a_file() {
    let authority = Authority::new("ours");
    let registry = Secure::start(&authority, HERE, None);
    let (from, to) = (registry.reference("dev/app:v1"), registry.reference("prod/app:v1"));
    let (client, image) = (trusting(&authority).build().unwrap(), two_platforms(1));
    fixtures::push(&client, from.repository(), &image, from.tag().unwrap()).await.unwrap();

    let (code, said) = failing(&mut program(&from, &to));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("certificate") || said.contains("TLS"), "{said}");
    assert!(said.lines().count() > 2 && !said.trim_end().ends_with("UnknownIssuer"), "no remedy: {said}");

    let files = Files::new();
    let ca = files.put("ca.pem", &authority.certificate());
    let out = run(program(&from, &to).arg("--ca").arg(&ca));
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["copies"][0]["digest"], json!(image.root().digest()), "{document}");

    for (file, text) in [("no.pem", None), ("bad.pem", Some("no certificate"))] {
        let path = text.map_or(files.0.path().join(file), |text| files.put(file, text));
        let (code, said) = failing(program(&from, &to).arg("--ca").arg(&path));
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(path.to_str().unwrap()), "it names the file: {said}");
    }
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn a_certificate_for_another_address_is_refused_though_its_authority_is_trusted() {
    let authority = Authority::new("ours");
    let registry = Secure::start(&authority, IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), None);
    assert_tls(&resolve(trusting(&authority), &registry.reference("dev/app:v1")).await.unwrap_err());
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn a_registry_that_wants_a_certificate_is_shown_the_one_for_it() {
    let (authority, clients, strangers) = (Authority::new("ours"), Authority::new("clients"), Authority::new("others"));
    let registry = Secure::start(&authority, HERE, Some(&clients));
    let (from, to) = (registry.reference("dev/app:v1"), registry.reference("prod/app:v1"));
    let (ours, theirs) = (clients.client("bot").pem(), strangers.client("bot").pem());
    let showing = |host: Host, pem: &str| trusting(&authority).client_identity(host, pem.as_bytes()).unwrap();
    let elsewhere: Host = "registry.test:5000".parse().unwrap();

    for client in [trusting(&authority), showing(registry.host(), &theirs), showing(elsewhere, &ours)] {
        let error = resolve(client, &from).await.unwrap_err();
        // In TLS 1.3 the registry refuses after the handshake, and may have hung up before it is heard why.
        assert!(matches!(error.kind(), ErrorKind::Tls | ErrorKind::Unreachable), "{error}: {:?}", error.source());
        assert!(error.remedy().is_some_and(|remedy| !remedy.is_empty()), "{error}");
    }

    let (client, image) = (showing(registry.host(), &ours).build().unwrap(), two_platforms(1));
    fixtures::push(&client, from.repository(), &image, from.tag().unwrap()).await.unwrap();
    let copy = ImageCopy::new(&client, &from).to(&client, &to);
    let receipt = copy.apply(&copy.plan().await.unwrap()).await.unwrap();
    assert_eq!(receipt.digest(), image.root().digest());

    let files = Files::new();
    let ca = files.put("ca.pem", &authority.certificate());
    let identity = files.put("bot.pem", &ours);
    let again = registry.reference("prod/app:v2");
    let (code, said) = failing(program(&from, &again).arg("--ca").arg(&ca));
    assert_eq!(code, Some(3), "{said}");
    let shown = format!("{}={}", registry.host(), identity.display());
    let out = run(program(&from, &again).arg("--ca").arg(&ca).args(["--client-cert", &shown]));
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["copies"][0]["digest"], json!(image.root().digest()), "{document}");
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_is_no_certificate_or_lacks_its_key_is_an_error_without_the_key() {
    let pair = Authority::new("ours").client("bot");
    let host = || "registry.test:5000".parse::<Host>().unwrap();
    for pem in ["", "no certificate", &pair.key] {
        let error = Client::builder().root_certificate(pem.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    }
    let secret = pair.key.lines().nth(1).unwrap().to_owned();
    for pem in ["", &pair.certificate, &pair.key, &pair.pem().replace("PRIVATE KEY-----\n", "PRIVATE KEY-----\nA")] {
        let error = Client::builder().client_identity(host(), pem.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert!(!format!("{error:?}").contains(&secret), "{error:?}");
    }
    let builder = Client::builder().client_identity(host(), pair.pem().as_bytes()).unwrap();
    assert!(!format!("{builder:?}").contains(&secret), "{builder:?}");
    assert!(!format!("{:?}", builder.build().unwrap()).contains(&secret));
}
