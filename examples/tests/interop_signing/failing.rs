//! Where cosign fails, and what it does then: each with what we do, so that a release of it that changes is noticed.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use lockage_registry::Digest;

use crate::bench::{Bench, Tool, VERIFY, at, image};
use crate::real::{Place, tool};

const ATTEST: &str = "attest --type custom --predicate predicate.json";

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn a_copy_keeps_bundles_where_cosign_loses_them() {
    let bench = Bench::new();
    let [_, source] = Place::both();
    let [_, target] = Place::both();
    let image = image(110, false);
    source.push("team/app", "v1", &image).await;
    let from = source.at("team/app", "v1");
    bench.run(Tool::Cosign3, &format!("sign --yes --key ours.key --signing-config nothing.json {from}"));

    bench.run(Tool::Cosign3, &format!("copy {from} {}", target.at("theirs", "v1")));
    bench.refuses(Tool::Cosign3, &format!("{VERIFY} --key ours.pub {}", at(&target, "theirs", &image).0));

    bench.run(Tool::Lockage, &format!("copy {from} {}", target.at("ours", "v1")));
    let (copied, _) = at(&target, "ours", &image);
    bench.run(Tool::Cosign3, &format!("{VERIFY} --key ours.pub {copied}"));
    bench.run(Tool::Lockage, &format!("verify --key ours.pub {copied}"));
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn an_attestation_is_no_signature_where_cosign_3_takes_it_for_one() {
    let bench = Bench::new();
    for place in Place::both() {
        let image = image(111, false);
        place.push("team/app", "v1", &image).await;
        let (root, _) = at(&place, "team/app", &image);
        bench.run(Tool::Cosign3, &format!("{ATTEST} --yes --key ours.key --signing-config nothing.json {root}"));
        bench.run(Tool::Cosign3, &format!("{VERIFY} --key ours.pub {root}"));
        let ended = bench.ended(Tool::Lockage, &format!("verify --json --key ours.pub {root}"), &[]);
        assert_eq!(ended.code, 1);
        assert!(ended.out.contains(r#""outcome":"unsigned""#), "{}", ended.out);
    }
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn a_junk_bundle_hides_no_signature_where_cosign_3_looks_no_further() {
    let bench = Bench::new();
    for place in Place::both() {
        let image = image(112, false);
        place.push("team/app", "v1", &image).await;
        let (root, _) = at(&place, "team/app", &image);
        bench.run(Tool::Lockage, &format!("sign --format legacy --key ours.key {root}"));
        for tool in [Tool::Cosign2, Tool::Cosign3] {
            bench.run(tool, &format!("{VERIFY} --key ours.pub {root}"));
        }
        // Anybody who may push can attach a bundle.
        bench.run(Tool::Cosign3, &format!("sign --yes --key stranger.key --signing-config nothing.json {root}"));
        bench.write("junk.json", "{}");
        let media_type = "application/vnd.dev.sigstore.bundle.v0.3+json";
        let junk = bench.path().join("junk.json").display().to_string() + ":" + media_type;
        let attach = ["attach", "--plain-http", "--disable-path-validation", "--artifact-type", media_type];
        tool("oras", &[&attach[..], &[&root, &junk]].concat());
        bench.refuses(Tool::Cosign3, &format!("{VERIFY} --key ours.pub {root}"));
        bench.run(Tool::Lockage, &format!("verify --key ours.pub {root}"));
    }
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_we_sign_again_adds_nothing_where_cosign_3_adds_another() {
    let bench = Bench::new();
    let [_, place] = Place::both();
    let image = image(113, false);
    let attached = |repository: &str, ending: &str| {
        let digest = image.root().digest();
        let tag = format!("sha256-{}{ending}", digest.hex());
        let digest: Digest = tool("crane", &["digest", "--insecure", &place.at(repository, &tag)]).parse().unwrap();
        digest
    };
    for repository in ["ours", "theirs"] {
        place.push(repository, "v1", &image).await;
    }
    let sign = |_| {
        bench.run(Tool::Lockage, &format!("sign --key ours.key -a env=prod {}", place.at("ours", "v1")));
        [attached("ours", ""), attached("ours", ".sig")]
    };
    let states = [0, 1, 2].map(sign);
    assert!(states.iter().all(|state| *state == states[0]), "{states:?}");

    let sign = |_| {
        let how = "sign --yes --key ours.key --signing-config nothing.json";
        bench.run(Tool::Cosign3, &format!("{how} {}", at(&place, "theirs", &image).0));
        attached("theirs", "")
    };
    let [first, second] = [0, 1].map(sign);
    assert_ne!(first, second, "cosign 3 does not sign twice any more");
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn a_registry_that_fails_is_undecided_where_cosign_finds_no_signature() {
    let bench = Bench::new();
    let [_, place] = Place::both();
    let image = image(114, false);
    place.push("team/app", "v1", &image).await;
    bench.run(Tool::Lockage, &format!("sign --format bundle --key ours.key {}", place.at("team/app", "v1")));
    let front = broken(place.host());
    let through = format!("{front}/team/app@{}", image.root().digest());
    let said = bench.ended(Tool::Cosign3, &format!("{VERIFY} --key ours.pub {through}"), &[]);
    assert!(said.err.contains("no signatures found"), "cosign 3 tells errors from absence now: {}", said.err);
    let ended = bench.ended(Tool::Lockage, &format!("verify --json --key ours.pub {through}"), &[]);
    assert_eq!(ended.code, 3, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains(r#""outcome":"indeterminate""#), "{}", ended.out);
}

/// The registry behind a front that answers 500 to everybody who asks what refers to an image.
fn broken(registry: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (front, registry) = (listener.local_addr().unwrap().to_string(), registry.to_owned());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let registry = registry.clone();
            std::thread::spawn(move || forward(stream, &registry));
        }
    });
    front
}

/// One request without a body.
fn forward(mut stream: TcpStream, registry: &str) -> std::io::Result<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? > 0 {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let is_tag = path.contains("/manifests/sha256-") && !path.contains('.');
    if path.contains("/referrers/") || is_tag {
        return stream.write_all(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let lines = head.trim_end().lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let request = lines.collect::<Vec<_>>().join("\r\n") + "\r\nConnection: close\r\n\r\n";
    let mut upstream = TcpStream::connect(registry)?;
    upstream.write_all(request.as_bytes())?;
    std::io::copy(&mut upstream, &mut stream).map(|_| ())
}
