//! `lockage keygen`, `sign`, `verify`, `attest`, `verify-attestation` and `tree`, against `lockage serve`: what they print,
//! and with which exit code they end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod real;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use lockage_registry::Reference;
use lockage_registry::client::Client;
use lockage_registry::testing::fixtures;
use real::{Serving, isolated, lockage, platforms, run};
use serde_json::Value;
use tempfile::TempDir;

const PASSWORD: &str = "for the test";

/// A folder with two keys, a registry with an image and an index.
struct World {
    directory: TempDir,
    registry: Serving,
}

/// How a command ended.
#[derive(Debug)]
struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl Ended {
    fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl World {
    async fn start() -> Self {
        let world = Self { directory: tempfile::tempdir().unwrap(), registry: Serving::start(None) };
        let client = Client::builder().build().unwrap();
        for (name, image) in
            [("team/app", fixtures::image(1)), ("team/index", platforms(2, &["amd64", "arm64"], 99, 9))]
        {
            let at: Reference = world.at(&format!("{name}:v1")).parse().unwrap();
            fixtures::push(&client, at.repository(), &image, at.tag().unwrap()).await.unwrap();
        }
        for name in ["ours", "theirs"] {
            run(world.command().args(["keygen", "--out", name]));
        }
        world
    }

    fn at(&self, rest: &str) -> String {
        format!("{}/{rest}", self.registry.host())
    }

    fn command(&self) -> Command {
        command(self.directory.path())
    }

    fn lockage(&self, line: &str) -> Ended {
        ended(self.command().args(line.split_whitespace()))
    }

    /// What each manifest that is attached is.
    fn attached(&self, image: &str) -> Value {
        self.lockage(&format!("tree --json {}", self.at(image))).document()["tree"].clone()
    }
}

fn command(directory: &Path) -> Command {
    let mut command = isolated(lockage());
    command.current_dir(directory).env("COSIGN_PASSWORD", PASSWORD);
    command
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ended { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
}

#[tokio::test]
async fn an_image_is_unsigned_then_verified_and_refused_to_whom_it_is_not_signed_by() {
    let world = World::start().await;
    let app = world.at("team/app:v1");
    let verify = |more: &str| world.lockage(&format!("verify --json {app} {more}"));
    let outcome = |ended: &Ended| ended.document()["images"][0]["outcome"].as_str().unwrap().to_owned();

    let unsigned = verify("--key ours.pub");
    assert_eq!((unsigned.code, outcome(&unsigned)), (1, "unsigned".into()));

    let signed = world.lockage(&format!("sign --json {app} --key ours.key -a env=prod -a build=7"));
    assert_eq!(signed.code, 0, "{signed:?}");
    let signed = &signed.document()["images"][0];
    assert_eq!((&signed["result"], signed["marks"].as_array().unwrap().len()), (&"signed".into(), 2));

    let verified = verify("--key theirs.pub --key ours.pub -a env=prod -a build=7");
    assert_eq!((verified.code, outcome(&verified)), (0, "verified".into()));
    let entry = &verified.document()["images"][0];
    assert_eq!(entry["digest"], signed["digest"]);
    assert_eq!(entry["verified"]["accepted"][0]["signer"]["id"], "ours.pub");
    assert_eq!(
        entry["verified"]["accepted"][0]["checks"],
        serde_json::json!(["digest", "claims", "key", "key-validity"])
    );

    for refused in ["--key theirs.pub", "--key ours.pub -a env=dev", "--key ours.pub --key theirs.pub --threshold 2"] {
        let ended = verify(refused);
        assert_eq!((ended.code, outcome(&ended)), (1, "rejected".into()), "{refused}");
        assert!(!ended.document()["images"][0]["rejected"].as_array().unwrap().is_empty(), "{refused}");
    }
    let text = world.lockage(&format!("verify {app} --key theirs.pub"));
    assert_eq!((text.code, text.out.as_str()), (1, ""));
    assert!(text.err.contains("no signature is taken\n") && text.err.contains("no key of the policy"), "{}", text.err);
}

#[tokio::test]
async fn what_is_signed_again_is_as_it_was() {
    let world = World::start().await;
    let index = world.at("team/index:v1");
    let sign = || world.lockage(&format!("sign --json --recursive {index} --key ours.key -a env=prod"));
    let first = sign().document();
    assert_eq!(first["images"][0]["marks"].as_array().unwrap().len(), 6, "two layouts, an index and two children");
    let (before, again, after) = (world.attached("team/index:v1"), sign(), world.attached("team/index:v1"));
    assert_eq!((again.code, &again.document()["images"][0]["result"]), (0, &"present".into()));
    assert_eq!(before, after);
    let manifests = |document: &Value| -> Vec<Value> {
        let marks = document["images"][0]["marks"].as_array().unwrap();
        marks.iter().map(|mark| mark["manifest"].clone()).collect()
    };
    assert_eq!(manifests(&first), manifests(&again.document()));
    assert_eq!(world.lockage(&format!("verify --recursive {index} --key ours.pub")).code, 0);
}

#[tokio::test]
async fn many_images_are_signed_by_one_command_and_one_failure_does_not_stop_the_others() {
    let world = World::start().await;
    let images = format!("{} {} {}", world.at("team/app:v1"), world.at("team/gone:v1"), world.at("team/index:v1"));
    let signed = world.lockage(&format!("sign --json {images} --key ours.key"));
    assert_eq!(signed.code, 3);
    let document = signed.document();
    let results: Vec<_> = document["images"].as_array().unwrap().iter().map(|image| image["result"].clone()).collect();
    assert_eq!(results, ["signed", "failed", "signed"]);
    assert!(signed.err.contains("team/gone:v1: not found"), "{}", signed.err);

    let verified = world.lockage(&format!("verify --json {images} --key ours.pub"));
    assert_eq!(verified.code, 3, "two are verified, and of one nothing is known");
    assert_eq!(verified.document()["images"][1]["outcome"], "indeterminate");
    let images = format!("{images} {}", world.at("team/index:v1"));
    assert_eq!(world.lockage(&format!("verify --json {images} --key theirs.pub")).code, 1, "a refusal is one");
}

#[tokio::test]
async fn an_attestation_is_printed_byte_by_byte_and_is_no_signature() {
    let world = World::start().await;
    let app = world.at("team/app:v1");
    let predicate = r#"{ "z":[], "a":12345678901234567890123, "materials":[ ], "x":1.0 }"#;
    fs::write(world.directory.path().join("predicate.json"), predicate).unwrap();
    let attest = "attest --type slsaprovenance1 --predicate predicate.json --key ours.key";
    assert_eq!(world.lockage(&format!("{attest} {app}")).code, 0);

    let said = world.lockage(&format!("verify-attestation {app} --key ours.pub --type https://slsa.dev/provenance/v1"));
    assert_eq!((said.code, said.out.lines().nth(1)), (0, Some(predicate)), "{said:?}");
    let said = world.lockage(&format!("verify-attestation --json {app} --key ours.pub --type slsaprovenance1"));
    assert!(said.out.contains(predicate), "{}", said.out);
    assert_eq!(said.document()["images"][0]["verified"]["attestations"].as_array().unwrap().len(), 2);

    for (key, kind) in [("ours", "slsaprovenance"), ("ours", "spdxjson"), ("theirs", "slsaprovenance1")] {
        assert_eq!(world.lockage(&format!("verify-attestation {app} --key {key}.pub --type {kind}")).code, 1);
    }
    let verified = world.lockage(&format!("verify --json {app} --key ours.pub"));
    assert_eq!((verified.code, &verified.document()["images"][0]["outcome"]), (1, &"unsigned".into()));

    let tree = world.lockage(&format!("tree {app}")).out;
    assert!(tree.contains("https://slsa.dev/provenance/v1"), "{tree}");
}

#[tokio::test]
async fn an_image_is_carried_in_a_directory_and_verified_there() {
    let world = World::start().await;
    let (app, layout) = (world.at("team/index:v1"), "--layout air.test=gap");
    let other = Serving::start(None);
    fs::write(world.directory.path().join("sbom.json"), "{}").unwrap();
    assert_eq!(world.lockage(&format!("sign --recursive {app} --key ours.key")).code, 0);
    assert_eq!(world.lockage(&format!("attest {app} --type spdxjson --predicate sbom.json --key ours.key")).code, 0);

    assert_eq!(world.lockage(&format!("copy {layout} {app} air.test/app")).code, 0);
    assert!(world.directory.path().join("gap/app/oci-layout").is_file());
    let verified = |at: &str, layout: &str| {
        assert_eq!(world.lockage(&format!("verify --recursive {at} --key ours.pub {layout}")).code, 0, "{at}");
        assert_eq!(world.lockage(&format!("verify {at} --key theirs.pub {layout}")).code, 1, "{at}");
        let attested = world.lockage(&format!("verify-attestation {at} --type spdxjson --key ours.pub {layout}"));
        assert_eq!(attested.code, 0, "{attested:?}");
    };
    verified("air.test/app:v1", layout);

    // Signed once more where there is no registry.
    assert_eq!(world.lockage(&format!("sign air.test/app:v1 --key theirs.key {layout}")).code, 0);
    let inside = format!("{}/inside/app:v1", other.host());
    assert_eq!(world.lockage(&format!("copy {layout} air.test/app:v1 {inside}")).code, 0);
    let both = format!("verify {inside} --key ours.pub --key theirs.pub --threshold 2");
    assert_eq!(world.lockage(&both).code, 0);
}

#[tokio::test]
async fn where_an_image_was_signed_is_asked_only_by_a_rule() {
    let world = World::start().await;
    let app = world.at("team/app:v1");
    let reference = |rule: &str| world.lockage(&format!("verify {app} --key ours.pub --docker-reference {rule}")).code;
    assert_eq!(world.lockage(&format!("sign {app} --key ours.key --docker-reference full")).code, 0);
    assert_eq!([reference("ignore"), reference("match-repository"), reference(&format!("exact={app}"))], [0, 0, 0]);
    assert_eq!(reference(&format!("exact={}", world.at("team/app"))), 1);
    assert_eq!(reference(&format!("remap={}={}", world.at("team"), "upstream.test/team")), 1);
    assert_eq!(reference("matchRepository"), 2);
}

#[test]
fn a_key_is_made_for_its_owner_alone_and_over_no_other_file() {
    let directory = tempfile::tempdir().unwrap();
    let keygen = || ended(command(directory.path()).args(["keygen", "--json", "--out", "release"]));
    let made = keygen();
    assert_eq!(made.code, 0, "{made:?}");
    assert_eq!(made.document()["public"], "release.pub");
    let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
    let (private, public) = (read("release.key"), read("release.pub"));
    assert!(private.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"), "{public}");
    assert!(public.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{public}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name: &str| fs::metadata(directory.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("release.key"), 0o600);
    }

    let again = keygen();
    assert_eq!((again.code, again.out.as_str()), (2, ""));
    assert_eq!((read("release.key"), read("release.pub")), (private, public));

    fs::remove_file(directory.path().join("release.key")).unwrap();
    assert_eq!(keygen().code, 2, "the public half is there");
    assert!(!directory.path().join("release.key").exists());
}

#[tokio::test]
async fn the_password_is_read_as_cosign_reads_it() {
    let world = World::start().await;
    let app = world.at("team/app:v1");
    let sign = |password: Option<&str>, piped: Option<&str>| {
        let mut command = world.command();
        command.args(["sign", &app, "--key", "ours.key"]).stdout(Stdio::null()).stderr(Stdio::piped());
        match password {
            Some(password) => command.env("COSIGN_PASSWORD", password),
            None => command.env_remove("COSIGN_PASSWORD"),
        };
        let mut child = command.stdin(if piped.is_some() { Stdio::piped() } else { Stdio::null() }).spawn().unwrap();
        if let (Some(mut stdin), Some(piped)) = (child.stdin.take(), piped) {
            stdin.write_all(piped.as_bytes()).unwrap();
        }
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (child.wait().unwrap().code().unwrap(), err)
    };
    assert_eq!(sign(Some(PASSWORD), None).0, 0);
    assert_eq!(sign(None, Some(PASSWORD)).0, 0);

    let (code, err) = sign(None, None);
    assert_eq!(code, 2);
    assert!(err.contains("COSIGN_PASSWORD") && err.contains("PKCS#8"), "{err}");
    for wrong in [sign(Some(""), None), sign(Some("wrong"), Some(PASSWORD)), sign(None, Some("for the test\n"))] {
        assert_eq!(wrong.0, 2);
        assert!(wrong.1.contains("the password does not open the private key"), "{}", wrong.1);
    }
}

#[test]
fn a_question_that_nobody_can_answer_is_no_verdict() {
    let directory = tempfile::tempdir().unwrap();
    let line = |line: &str| ended(command(directory.path()).args(line.split_whitespace()));
    assert_eq!(line("keygen --out k").code, 0);
    for usage in [
        "verify a.test/b",
        "verify a.test/b --key missing.pub",
        "verify a.test/b --key k.key",
        "verify a.test/b --identity me@acme.test",
        "verify a.test/b --identity-regex ( --issuer https://issuer.test",
        "verify a.test/b --key k.pub --threshold 2",
        "verify a.test/b --key k.pub --threshold 0",
        "verify a.test/b --key k.pub --trusted-root k.pub",
        "verify-attestation a.test/b --key k.pub",
        "verify-attestation a.test/b --key k.pub --type no-such-type",
        "sign a.test/b",
        "sign a.test/b --key k.pub",
        "attest a.test/b --key k.key --type custom --predicate k.pub",
    ] {
        let ended = line(usage);
        assert_eq!(ended.code, 2, "{usage}: {ended:?}");
    }
}

#[test]
fn a_registry_that_fails_is_undecided_and_never_unsigned() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            });
        }
    });
    let directory = tempfile::tempdir().unwrap();
    run(command(directory.path()).args(["keygen", "--out", "k"]));
    let image = format!("{address}/app@sha256:{}", "a".repeat(64));
    let verified = ended(command(directory.path()).args(["verify", "--json", &image, "--key", "k.pub"]));
    let document = verified.document();
    let entry = &document["images"][0];
    assert_eq!((verified.code, &entry["outcome"]), (3, &"indeterminate".into()), "{verified:?}");
    assert!(
        entry["errors"].as_array().unwrap().iter().any(|error| error.as_str().unwrap().contains("registry")),
        "{entry}"
    );
}
