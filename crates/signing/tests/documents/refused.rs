//! What a document says wrongly of signers and gates, with its place and what to write.

use lockage_promote::pipeline::documents::DocumentProblem;
use lockage_promote::pipeline::documents::{GateFactory as _, Parameters, TableProblem};
use lockage_signing::documents::SigningGates;

use crate::world::World;

#[tokio::test]
async fn a_signer_that_cannot_be_known_is_told_with_its_line() {
    let world = World::new().await;
    std::fs::write(world.folder.path().join("damaged.pub"), "-----BEGIN PUBLIC KEY-----\nAAAA").unwrap();
    std::fs::write(world.folder.path().join("root.json"), "{}").unwrap();
    let id = "identity = 'a@acme.example'";
    for (written, said) in [
        ("", "a signer is a key, or an identity and its issuer, and one of them"),
        ("key = 'alice.pub'\nissuer = 'https://i.example'", "a signer is a key, or an identity"),
        ("key = 'alice.pub'\nidentity = 'a@acme.example'\nissuer = 'x'", "a signer is a key, or an identity"),
        ("key = 'nobody.pub'", "nobody.pub cannot be read: "),
        ("key = 'damaged.pub'", "damaged.pub: "),
        ("key = 'lockage.key'\ncolour = 'red'", "unknown field `colour`"),
        ("key = 'alice.pub'\nuntil = 'tomorrow'", "until: "),
        ("key = 'alice.pub'\nfrom = 2027-01-01T00:00:00Z\nuntil = 2026-01-01T00:00:00Z", "until is not after from"),
        ("key = 'bob.pub'", "new has the same key or identity as bob, who would count twice"),
        (id, "an identity has an issuer or an issuer-regexp, and one of them"),
        (&format!("{id}\nissuer = 'x'\nissuer-regexp = 'y'"), "an identity has an issuer or an issuer-regexp"),
        (&format!("{id}\nissuer = ''"), "it is empty"),
        (&format!("{id}\nissuer = 'x'\nuntil = 2027-01-01T00:00:00Z"), "from and until are for keys"),
        (&format!("{id}\nissuer = 'x'\ntrusted-root = 'root.json'"), "root.json: trusted root: "),
        ("identity-regexp = '.*'\nissuer = 'x'", "it matches nothing at all"),
        ("identity-regexp = '(a'\nissuer = 'x'", "the identity \"(a\": "),
    ] {
        let error =
            world.read(&format!("[signers]\nbob = {{ key = 'bob.pub' }}\n[signers.new]\n{written}")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("lockage.toml:3: signers.new: ") && text.contains(said), "{text}\n{said}");
        assert!(!text.contains('\n') && !error.remedy().is_empty(), "{text}");
        assert!(matches!(error.problem(), DocumentProblem::Signer(_)), "{error:?}");
    }
    let good = "[signers]\nbob = { key = 'bob.pub', until = 2099-01-01T00:00:00Z }\n\
                ci = { identity-regexp = 'https://github.com/acme/.*', issuer-regexp = 'https://.*\\.example' }";
    assert_eq!(world.read(good).unwrap().names().collect::<Vec<_>>(), ["bob", "ci"]);
}

#[tokio::test]
async fn a_gate_that_asks_what_cannot_be_is_told_with_its_line() {
    let world = World::new().await;
    let att = "kind = 'attestation'\nsigners = ['alice']";
    for (gate, said, remedy) in [
        ("kind = 'signature'", "missing field `signers`", ""),
        ("kind = 'signature'\nsigners = []", "signers: nobody would have to sign", "Name those"),
        (
            "kind = 'signature'\nsigners = ['mallory']",
            "signers: there is no signer mallory",
            "There are: alice, bob, release.",
        ),
        ("kind = 'signature'\nsigners = ['alice', 'alice']", "signers: alice is there twice", ""),
        ("kind = 'signature'\nsigners = ['alice']\nthreshold = 0", "the policy asks for no signer", ""),
        (
            "kind = 'signature'\nsigners = ['alice']\nthreshold = 2",
            "asks for 2 distinct signers and knows 1",
            "Name more keys",
        ),
        ("kind = 'signature'\nsigners = ['alice']\ntimestamp = true", "has no trusted root", "Give a trusted root"),
        ("kind = 'signature'\nsigners = ['alice']\nclaims = { a = [1] }", "the claim \"a\" is neither", ""),
        ("kind = 'signature'\nsigners = ['alice']\nclaim = { a = 1 }", "unknown field `claim`", ""),
        ("kind = 'signature'\nsigners = ['alice']\nreference = 'anywhere'", "did not match any variant", ""),
        (att, "missing field `predicate-type`", ""),
        (&format!("{att}\npredicate-type = 'sbom'"), "predicate-type: ", "Write a URI"),
        (
            &format!("{att}\npredicate-type = 'test-result'"),
            "whether tests have passed or not",
            "kind = \"test-result\"",
        ),
        (&format!("{att}\npredicate-type = 'https://sigstore.dev/cosign/sign/v1'"), "that is a signature", ""),
        (
            &format!("{att}\npredicate-type = 'spdx'\nbuilder = 'x'"),
            "builder: attestations of https://spdx.dev/Document",
            "",
        ),
        (&format!("{att}\npredicate-type = 'vsa'\nproperties = ['x']"), "properties: attestations of ", ""),
        (&format!("{att}\npredicate-type = 'slsaprovenance1'\nbuilder = []"), "builder: it is empty", ""),
        (&format!("{att}\npredicate-type = 'slsaprovenance1'\nmax-age = '1d'"), "no time is proven", "trusted-root"),
        ("kind = 'test-result'\nsigners = ['alice']\nmax-age = '1d'", "a test result says no time", "trusted-root"),
        (&format!("{att}\npredicate-type = 'vsa'\nmax-age = 'soon'"), "max-age: \"soon\" is no duration", "2d 4h"),
    ] {
        let error = world.promoter(gate).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(": gates.asked: ") && text.contains(said), "{text}\n{said}");
        assert!(!text.contains('\n') && error.line().is_some(), "{text}");
        assert!(error.remedy().contains(remedy) && !error.remedy().is_empty(), "{}", error.remedy());
    }
}

#[test]
fn without_signers_nobody_can_be_asked() {
    let gates = SigningGates::knowing(lockage_signing::gate::Signers::new());
    let parameters = serde_json::json!({ "signers": ["alice"] });
    let parameters = Parameters::new(parameters.as_object().unwrap().clone());
    let problem = gates.make("signed", "signature", &parameters).unwrap_err();
    assert_eq!(problem.remedy(), "Name who may sign in [signers].");
    assert_eq!(
        gates.make("x", "scan", &parameters).unwrap_err(),
        TableProblem::unknown("scan", ["attestation", "signature", "test-result"])
    );
}

#[tokio::test]
async fn signers_of_two_roots_are_asked_in_two_gates() {
    let world = World::new().await;
    let root = lockage_signing_mock::Sigstore::new().trusted_root("http://127.0.0.1:1");
    std::fs::write(world.folder.path().join("root.json"), root).unwrap();
    let signers = world
        .read(
            "[signers]\na = { identity = 'a@x.example', issuer = 'i' }\n\
             b = { identity = 'b@x.example', issuer = 'i', trusted-root = 'root.json' }\n\
             c = { identity = 'c@x.example', issuer = 'i', trusted-root = './root.json' }",
        )
        .unwrap();
    let gates = SigningGates::knowing(signers);
    let make = |names: &[&str]| {
        let parameters = serde_json::json!({ "signers": names });
        gates.make("signed", "signature", &Parameters::new(parameters.as_object().unwrap().clone())).map(drop)
    };
    let problem = make(&["a", "b"]).unwrap_err();
    assert_eq!(problem.to_string(), "signers: b and a have different trusted roots");
    assert_eq!(problem.remedy(), "Ask them in two gates.");
    make(&["b", "c"]).unwrap();
}

#[tokio::test]
async fn an_approval_by_a_name_that_nobody_signs_under_is_refused_with_the_document() {
    let world = World::new().await;
    let pattern = "[signers.ci]\nidentity-regexp = '.*@acme\\.example'\nissuer = 'https://i.example'\n\
                   [signers.carol]\nidentity = 'carol@acme.example'\nissuer = 'https://i.example'\n[gates.asked]\n";
    let approval = |rest: &str| format!("kind = 'approval'\nquorum = 1\n{rest}");
    let group = |name: &str| approval(&format!("groups = [{{ name = 'leads', members = ['bob', '{name}'] }}]"));
    for (gate, said, remedy) in [
        (approval("not = ['alise']"), "not: there is no signer alise", "There are: alice, bob, release."),
        (approval("not = ['Alice']"), "not: there is no signer Alice", "There are: alice, bob, release."),
        (group("dave@acme.example"), "groups: there is no signer dave@acme.example", "There are: "),
    ] {
        let error = world.promoter(&gate).unwrap_err();
        assert!(error.to_string().contains(&format!("gates.asked: {said}")), "{error}");
        assert!(error.remedy().starts_with(remedy), "{}", error.remedy());
    }
    for good in [approval("not = ['alice']"), group("alice")] {
        let _ = world.promoter(&good).unwrap();
    }
    // Whom a pattern takes counts by the subject; whom one name stands for, by that name.
    let with = |gate: String| world.gate(&format!("{pattern}{gate}"));
    for name in ["dave@acme.example", "carol", "bob"] {
        with(approval(&format!("not = ['{name}']"))).unwrap();
    }
    for (name, said) in [
        ("ci", "ci is a pattern, and those who match it sign by their own names"),
        ("carol@acme.example", "carol@acme.example signs as carol"),
        ("dave@other.example", "there is no signer dave@other.example"),
    ] {
        let error = with(approval(&format!("not = ['{name}']"))).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        let all = "There are: bob, carol; and the subjects of certificates that ci takes.";
        assert_eq!(error.remedy(), all);
    }
}

#[tokio::test]
async fn some_of_the_signers_are_nobody_else() {
    use lockage_promote::pipeline::approval::{Checked, StatementSigner as _, StatementVerifier as _};

    let world = World::new().await;
    let all = world.read("[signers]\nalice = { key = 'alice.pub' }\nbob = { key = 'bob.pub' }").unwrap();
    let error = all.only(["mallory"]).unwrap_err();
    assert_eq!(error.to_string(), "there is no signer mallory");
    let only = all.only(["bob", "bob"]).unwrap();
    assert_eq!(only.names().collect::<Vec<_>>(), ["bob"]);
    let statement = br#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}],
        "predicateType":"https://acme.example/checked/v1","predicate":{}}"#;
    for (who, is_known) in [("bob", true), ("alice", false)] {
        let key = lockage_signing::gate::KeySigner::shared(world.shared_key(who));
        let sealed = key.sign_statement(statement).await.unwrap();
        let heard = only.verify_statement(&sealed).await.unwrap();
        assert_eq!(matches!(heard, Checked::Signed { .. }), is_known, "{who}: {heard:?}");
        assert!(matches!(all.verify_statement(&sealed).await.unwrap(), Checked::Signed { .. }));
    }
}
