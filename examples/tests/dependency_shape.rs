//! The shape of the dependencies: what each package pulls in at its default features, and what it must never.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

use std::collections::BTreeSet;
use std::process::Command;

/// The names and versions of everything that is built for `package` with `features`, build and macro crates counted.
fn crates(package: &str, features: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
        .args(["--package", package, "--features", &features.join(",")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let name = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    lines.lines().map(name).filter(|found| !found.starts_with(&format!("{package} "))).collect()
}

fn has(crates: &BTreeSet<String>, name: &str) -> bool {
    crates.iter().any(|found| found.split(' ').next() == Some(name))
}

#[test]
fn each_package_stays_small_at_its_default_features() {
    println!("crates at default features, the package itself not counted:");
    for (package, most, never) in [
        ("lockage-tagging", 10, ["tokio", "reqwest", "hyper", "rustls", "serde_json"].as_slice()),
        ("lockage-policy", 32, &["tokio", "reqwest", "hyper", "rustls"]),
        ("lockage-signing", 25, &["tokio", "reqwest", "hyper", "rustls", "lockage-registry"]),
        ("lockage-registry", 45, &["tokio", "reqwest", "hyper", "rustls", "url", "oci-client"]),
        ("lockage-promote", 46, &["tokio", "reqwest", "hyper", "rustls", "url", "oci-client"]),
    ] {
        let crates = crates(package, &[]);
        println!("  {package}: {}", crates.len());
        assert!(crates.len() <= most, "{package} pulls in {}: {crates:#?}", crates.len());
        for name in never {
            assert!(!has(&crates, name), "{package} pulls in {name}");
        }
    }
}

#[test]
fn a_feature_pulls_in_what_it_is_for() {
    let client = crates("lockage-registry", &["client"]);
    assert!(has(&client, "reqwest") && has(&client, "rustls"));
    for name in ["oci-client", "openssl", "native-tls", "ring", "hyper-tls"] {
        assert!(!has(&client, name), "the client pulls in {name}");
    }
    let server = crates("lockage-registry", &["server"]);
    assert!(has(&server, "hyper"));
    for name in ["reqwest", "rustls", "axum"] {
        assert!(!has(&server, name), "the server pulls in {name}");
    }
    for features in [["actions", "ci"], ["conventions", "select"]] {
        let tagging = crates("lockage-tagging", &features);
        for name in ["tokio", "reqwest", "hyper", "rustls", "ring", "aws-lc-rs"] {
            assert!(!has(&tagging, name), "{features:?} pulls in {name}");
        }
    }
    let policy = crates("lockage-policy", &["scan", "window"]);
    for name in ["tokio", "reqwest", "hyper", "rustls", "ring", "aws-lc-rs", "toml", "serde-saphyr"] {
        assert!(!has(&policy, name), "deciding on scans pulls in {name}");
    }
    assert!(policy.len() <= 40, "{}: {policy:#?}", policy.len());
    let layout = crates("lockage-registry", &["layout"]);
    assert!(!has(&layout, "hyper") && !has(&layout, "reqwest"));
}

/// Everything that hashes, signs or checks signatures, by the beginning of its name.
const CRYPTO: [&str; 12] = [
    "aws-lc",
    "crypto",
    "digest",
    "ecdsa",
    "ed25519",
    "elliptic-curve",
    "p256",
    "p384",
    "ring",
    "rsa",
    "sha",
    "sigstore",
];

#[test]
fn signing_has_no_crypto_library_until_it_is_asked_for_one() {
    let plain = crates("lockage-signing", &[]);
    for found in &plain {
        assert!(!CRYPTO.iter().any(|name| found.starts_with(name)), "lockage-signing pulls in {found}");
    }
    for (feature, never) in [
        ("image", ["reqwest", "hyper", "oci-client", "aws-lc-rs", "sigstore", "ring"].as_slice()),
        ("gate", &["reqwest", "hyper", "oci-client", "aws-lc-rs", "sigstore", "ring"]),
        ("key", &["reqwest", "hyper", "rustls", "oci-client", "ring", "lockage-promote"]),
        ("bundle", &["reqwest", "hyper", "rustls", "oci-client", "ring", "lockage-promote"]),
        ("keyless", &["oci-client", "ring", "openssl", "native-tls", "lockage-promote"]),
    ] {
        let crates = crates("lockage-signing", &[feature]);
        println!("  lockage-signing, {feature}: {}", crates.len());
        for name in never {
            assert!(!has(&crates, name), "{feature} pulls in {name}");
        }
    }
    assert!(has(&crates("lockage-signing", &["key"]), "aws-lc-rs"));
}

#[test]
fn names_are_the_leaf_and_no_crate_depends_upwards() {
    for (package, below) in [
        ("lockage-tagging", [].as_slice()),
        ("lockage-registry", &["lockage-tagging"]),
        ("lockage-policy", &["lockage-tagging"]),
        ("lockage-promote", &["lockage-registry", "lockage-tagging"]),
        ("lockage-signing", &["lockage-tagging"]),
    ] {
        let crates = crates(package, &[]);
        let ours: Vec<_> = crates
            .iter()
            .filter_map(|found| found.split(' ').next())
            .filter(|name| name.starts_with("lockage-"))
            .collect();
        assert_eq!(ours, below, "{package}");
    }
}
