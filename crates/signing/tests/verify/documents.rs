//! Documents of odd shapes: each has one verdict.

use lockage_signing::format::{PredicateType, names, pae};
use lockage_signing::verify::Outcome;
use serde_json::{Value, json};

use super::danger::reasons;
use super::toy::{Toy, now};
use super::world::*;

const SIGN: &str = PredicateType::COSIGN_SIGN;

type ChangeText = fn(String) -> String;
type Change = fn(&mut Value);

/// What is wrong with it, for a registry that has a signature layer of these bytes, signed.
async fn payload_verdict(change: impl Fn(String) -> String) -> Result<(), String> {
    let (world, toy) = (World::new().await, Toy::new(1));
    let payload = String::from_utf8(world.payload().to_bytes().unwrap()).unwrap();
    world.sig(&[signed_bytes(&toy, change(payload).as_bytes())]).await;
    match toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await {
        Outcome::Verified(_) => Ok(()),
        other => Err(format!("{:?}", reasons(other))),
    }
}

#[tokio::test]
async fn payloads_have_one_reading() {
    let good: [(&str, ChangeText); 2] = [("as it is", |text| text), ("blanks around", |text| format!(" {text}\n"))];
    for (name, change) in good {
        assert_eq!(payload_verdict(change).await, Ok(()), "{name}");
    }
    let bad: [(&str, ChangeText); 8] = [
        ("a field that is unknown", |text| text.replacen('{', r#"{"more":[1],"#, 1)),
        ("another type", |text| text.replace("cosign container image signature", "atomic container signature")),
        ("a field twice", |text| text.replacen('{', r#"{"critical":null,"#, 1)),
        ("bytes behind", |text| format!("{text}{{}}")),
        ("no digest", |text| text.replace("docker-manifest-digest", "digest")),
        ("a digest that is none", |text| text.replace("sha256:", "sha257:")),
        ("in a list", |text| format!("[{text}]")),
        ("nothing", |_| String::new()),
    ];
    for (name, change) in bad {
        assert!(payload_verdict(change).await.is_err_and(|why| why.contains("Malformed")), "{name}");
    }
}

#[tokio::test]
async fn signatures_have_one_spelling() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let payload = world.payload().to_bytes().unwrap();
    let spelled = encode(toy.sign(&payload));
    for odd in
        [spelled.trim_end_matches('=').to_owned() + "\n", format!(" {spelled}"), spelled.replace('=', ""), "!".into()]
    {
        world.sig(&[annotated(blob(names::SIMPLE_SIGNING, payload.clone()), names::SIGNATURE, &odd)]).await;
        let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
        assert!(format!("{:?}", reasons(outcome)).contains("Malformed"), "{odd:?}");
    }
    world.sig(&[blob(names::SIMPLE_SIGNING, payload)]).await;
    let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(format!("{:?}", reasons(outcome)).contains("no annotation"));
}

/// What becomes of a bundle after a change.
async fn bundle_verdict(change: impl Fn(&mut Value)) -> Result<(), String> {
    let (world, toy) = (World::new().await, Toy::new(1));
    let mut document = bundle(&toy, &statement(&world.digest, SIGN));
    change(&mut document);
    world.bundle(&document).await;
    match toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await {
        Outcome::Verified(_) => Ok(()),
        other => Err(format!("{:?}", reasons(other))),
    }
}

#[tokio::test]
async fn bundles_have_one_reading() {
    let good: [(&str, Change); 2] = [
        ("as it is", |_| {}),
        ("a key id", |bundle| bundle["dsseEnvelope"]["signatures"][0]["keyid"] = json!("whatever")),
    ];
    for (name, change) in good {
        assert_eq!(bundle_verdict(change).await, Ok(()), "{name}");
    }
    let bad: [(&str, Change); 10] = [
        ("a field that is unknown", |bundle| bundle["more"] = json!({"a": 1})),
        ("no signature", |bundle| bundle["dsseEnvelope"]["signatures"] = json!([])),
        ("two signatures", |bundle| {
            let one = bundle["dsseEnvelope"]["signatures"][0].clone();
            bundle["dsseEnvelope"]["signatures"] = json!([one, one]);
        }),
        ("no envelope", |bundle| drop(bundle.as_object_mut().unwrap().remove("dsseEnvelope"))),
        ("a message beside", |bundle| bundle["messageSignature"] = json!({"signature": "AAAA"})),
        ("a message only", |bundle| {
            bundle.as_object_mut().unwrap().remove("dsseEnvelope");
            bundle["messageSignature"] = json!({"signature": "AAAA"});
        }),
        ("another media type", |bundle| bundle["mediaType"] = json!("application/json")),
        ("two kinds of key", |bundle| {
            bundle["verificationMaterial"]["certificate"] = json!({"rawBytes": "MAA="});
        }),
        ("many log entries", |bundle| bundle["verificationMaterial"]["tlogEntries"] = json!(vec![1; 33])),
        ("many timestamps", |bundle| {
            bundle["verificationMaterial"]["timestampVerificationData"] = json!({"rfc3161Timestamps": vec![1; 33]});
        }),
    ];
    for (name, change) in bad {
        assert!(bundle_verdict(change).await.is_err_and(|why| why.contains("Malformed")), "{name}");
    }
}

/// What becomes of a signed statement after a change of its text.
async fn statement_verdict(change: impl Fn(&mut Value)) -> Result<(), String> {
    let (world, toy) = (World::new().await, Toy::new(1));
    let mut said = statement(&world.digest, SIGN);
    change(&mut said);
    world.bundle(&bundle(&toy, &said)).await;
    match toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await {
        Outcome::Verified(_) => Ok(()),
        Outcome::Unsigned => Err("Unsigned".to_owned()),
        other => Err(format!("{:?}", reasons(other))),
    }
}

#[tokio::test]
async fn statements_are_about_something_or_refused() {
    assert_eq!(statement_verdict(|said| said["subject"][0]["name"] = json!("anything")).await, Ok(()));
    assert_eq!(statement_verdict(|said| said["_type"] = json!("https://in-toto.io/Statement/v0.1")).await, Ok(()));
    let second = |said: &mut Value| {
        let mine = said["subject"][0].clone();
        said["subject"] = json!([{"digest": {"sha256": "00"}}, mine]);
    };
    assert_eq!(statement_verdict(second).await, Ok(()));
    let bad: [(&str, &str, Change); 9] = [
        ("no subject", "Malformed", |said| said["subject"] = json!([])),
        ("a subject without a digest", "Malformed", |said| said["subject"] = json!([{"name": "x"}])),
        ("a digest of another kind", "WrongDigest", |said| {
            let hex = said["subject"][0]["digest"]["sha256"].clone();
            said["subject"] = json!([{"digest": {"sha1": hex}}]);
        }),
        ("in capitals", "WrongDigest", |said| {
            let hex = said["subject"][0]["digest"]["sha256"].as_str().unwrap().to_uppercase();
            said["subject"] = json!([{"digest": {"sha256": hex}}]);
        }),
        ("very many subjects", "Malformed", |said| {
            let mine = said["subject"][0].clone();
            said["subject"] = json!(vec![mine; 1025]);
        }),
        ("another type of statement", "Malformed", |said| said["_type"] = json!("https://in-toto.io/Statement/v2")),
        ("no predicate type", "Malformed", |said| drop(said.as_object_mut().unwrap().remove("predicateType"))),
        ("nearly the type", "Unsigned", |said| said["predicateType"] = json!("https://sigstore.dev/cosign/sign/v1/")),
        ("no predicate", "Malformed", |said| drop(said.as_object_mut().unwrap().remove("predicate"))),
    ];
    for (name, why, change) in bad {
        assert!(statement_verdict(change).await.is_err_and(|said| said.contains(why)), "{name}");
    }
}

#[tokio::test]
async fn a_statement_with_a_field_twice_is_refused() {
    let (world, toy) = (World::new().await, Toy::new(1));
    let said = statement(&world.digest, SIGN).to_string();
    let twice = said.replacen('{', &format!(r#"{{"predicateType":"{PROVENANCE}","#), 1);
    let payload = encode(&twice);
    let sig = encode(toy.sign(&pae(names::IN_TOTO, twice.as_bytes())));
    let envelope = json!({"payloadType": names::IN_TOTO, "payload": payload, "signatures": [{"sig": sig}]});
    world.bundle(&bundle_of(envelope, "")).await;
    let outcome = toy.policy().verify(&world.registry, &world.repo, &world.digest, now()).await;
    assert!(format!("{:?}", reasons(outcome)).contains("twice"));
}
