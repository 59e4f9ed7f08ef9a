//! The policy of containers/image, which podman and skopeo ask: the old layout, and where the image was when it was signed.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::bench::{Bench, Tool, image};
use crate::real::{Place, peer, run};

/// Whether skopeo copies the image under a policy that asks for our key, and says this of where it was signed.
fn takes(bench: &Bench, key: &str, host: &str, identity: Option<&str>, reference: &str) -> bool {
    let mut rule = json!({ "type": "sigstoreSigned", "keyPath": bench.path().join(key) });
    if let Some(identity) = identity {
        rule["signedIdentity"] = json!({ "type": identity });
    }
    let policy = json!({ "default": [{ "type": "reject" }], "transports": { "docker": { (host): [rule] } } });
    bench.write("policy.json", &policy.to_string());
    let lookaside = bench.path().join("registries.d");
    fs::create_dir_all(&lookaside).unwrap();
    let yaml = format!("docker:\n  {host}:\n    use-sigstore-attachments: true\n");
    fs::write(lookaside.join("default.yaml"), yaml).unwrap();
    let out = tempfile::tempdir().unwrap();
    let to = |path: &Path| format!("dir:{}", path.join("out").display());
    let mut skopeo = peer("skopeo");
    skopeo.arg("--policy").arg(bench.path().join("policy.json")).arg("--registries.d").arg(&lookaside);
    skopeo.args(["copy", "--remove-signatures", "--src-tls-verify=false", "--all"]);
    let copied = skopeo.arg(format!("docker://{reference}")).arg(to(out.path())).output().unwrap();
    let said = String::from_utf8_lossy(&copied.stderr).into_owned();
    assert!(copied.status.success() || said.contains("Source image rejected"), "{said}");
    copied.status.success()
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_we_sign_passes_the_policy_of_skopeo() {
    let bench = Bench::new();
    for place in Place::both() {
        let host = place.host().to_owned();
        for (key, seed) in [("ours", 60), ("rsa", 61)] {
            let (repository, full) = (format!("team/{key}"), format!("full/{key}"));
            for (repository, how) in [(&repository, "repository"), (&full, "full")] {
                place.push(repository, "v1", &image(seed, false)).await;
                let tag = place.at(repository, "v1");
                bench.run(Tool::Lockage, &format!("sign --key {key}.key --docker-reference {how} {tag}"));
            }
            let (repository, full) = (place.at(&repository, "v1"), place.at(&full, "v1"));
            let public = format!("{key}.pub");
            assert!(takes(&bench, &public, &host, Some("matchRepository"), &repository));
            assert!(takes(&bench, &public, &host, Some("matchRepository"), &full));
            assert!(
                takes(&bench, &public, &host, None, &full),
                "matchRepoDigestOrExact is what it asks unless told otherwise"
            );
            assert!(!takes(&bench, &public, &host, None, &repository), "the tag was not signed");
            assert!(!takes(&bench, "stranger.pub", &host, Some("matchRepository"), &repository));
        }
    }
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn what_skopeo_signs_verifies_with_us() {
    let bench = Bench::new();
    bench.write("password", "for the test");
    for place in Place::both() {
        place.push("team/source", "v1", &image(62, false)).await;
        let (source, target) = (place.at("team/source", "v1"), place.at("team/target", "v1"));
        fs::create_dir_all(bench.path().join("registries.d")).unwrap();
        let yaml = format!("docker:\n  {}:\n    use-sigstore-attachments: true\n", place.host());
        fs::write(bench.path().join("registries.d/default.yaml"), yaml).unwrap();
        let mut skopeo = peer("skopeo");
        skopeo.current_dir(bench.path()).args(["--insecure-policy", "--registries.d", "registries.d", "copy"]);
        skopeo.args(["--src-tls-verify=false", "--dest-tls-verify=false"]);
        skopeo.args(["--sign-by-sigstore-private-key", "ours.key", "--sign-passphrase-file", "password"]);
        run(skopeo.arg(format!("docker://{source}")).arg(format!("docker://{target}")));
        let verify = format!("verify --key ours.pub --docker-reference exact={target}");
        bench.run(Tool::Lockage, &format!("{verify} {target}"));
        bench.ends(1, Tool::Lockage, &format!("verify --key stranger.pub {target}"));
    }
}
