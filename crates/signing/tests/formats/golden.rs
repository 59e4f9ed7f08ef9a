//! What cosign 2.5.0, cosign 3.1.1 and skopeo 1.22 have written, byte for byte.

use lockage_registry::{Algorithm, Digest, digest_of};
use lockage_signing::PublicKey;
use lockage_signing::format::{
    Bundle, Content, Envelope, LogBundle, Material, PredicateType, SimpleSigning, Statement, StatementVersion, Subject,
    names, pae,
};
use serde_json::{Value, json};

const IMAGE: &str = "sha256:1a8dd33d465d97146d8387955fda87158391201eb0e7f24e70cd94c7cd82e62e";

/// A claim with everything that Go's encoder and protobuf's write in a way of their own.
const ODD: &str = "<&>\u{2028}é\u{2029}🦀\"\\\t\u{7f}\u{8}\u{c}\u{1}/";

macro_rules! golden {
    ($name:literal) => {
        include_bytes!(concat!("golden/", $name)).as_slice()
    };
}

fn image() -> Digest {
    IMAGE.parse().unwrap()
}

fn payload(repository: &str) -> SimpleSigning {
    SimpleSigning::new(format!("127.0.0.1:17555/app/{repository}"), image())
}

fn envelope(bundle: &Bundle) -> &Envelope {
    let Content::Envelope(envelope) = &bundle.content else { panic!("{bundle:?}") };
    envelope
}

#[test]
fn our_payloads_are_those_of_cosign_byte_for_byte() {
    let claims = payload("b").claim("n", "1").claim("u", ODD).claim("env", "prod");
    for (ours, theirs) in [
        (payload("a"), golden!("cosign-2-payload.json")),
        (claims, golden!("cosign-2-payload-claims.json")),
        (payload("d").claim("u", ODD).claim("env", "prod"), golden!("cosign-3-payload-claims.json")),
    ] {
        assert_eq!(String::from_utf8(ours.to_bytes().unwrap()).unwrap(), str::from_utf8(theirs).unwrap());
        assert_eq!(SimpleSigning::parse(theirs).unwrap(), ours);
    }
}

#[test]
fn skopeos_payload_says_by_what_and_when() {
    let read = SimpleSigning::parse(golden!("skopeo-payload.json")).unwrap();
    assert_eq!(read.docker_reference, "127.0.0.1:17555/app/s:v1");
    assert_eq!(read.digest, image());
    assert_eq!(read.claims["creator"], "containers/image 5.39.1");
    assert_eq!(read.claims["timestamp"], 1_795_257_243);
    assert_eq!(read.to_bytes().unwrap(), golden!("skopeo-payload.json"));
}

#[test]
fn an_envelope_of_the_old_layout_is_cosigns_byte_for_byte() {
    let theirs = golden!("cosign-2-envelope.json");
    let envelope = Envelope::parse(theirs).unwrap();
    assert_eq!((envelope.payload_type.as_str(), envelope.key_id.as_str()), (names::IN_TOTO, ""));
    assert_eq!(envelope.signature.len(), 71);
    assert_eq!(envelope.pae(), pae(names::IN_TOTO, &envelope.payload));
    assert_eq!(String::from_utf8(envelope.to_bytes()).unwrap(), str::from_utf8(theirs).unwrap());
    let statement = envelope.statement().unwrap();
    assert_eq!(statement.version, StatementVersion::V01);
    assert_eq!(statement.about(&image()).unwrap().name, "127.0.0.1:17555/app/a");
    assert_eq!(statement.predicate_type, "slsaprovenance1".parse().unwrap());
}

#[test]
fn a_bundle_of_a_key_is_cosigns_byte_for_byte() {
    let key = PublicKey::from_pem(include_str!("golden/key.pub")).unwrap();
    let hash = digest_of(Algorithm::Sha256, key.as_der()).unwrap();
    let hash: Vec<u8> = (0..64).step_by(2).map(|at| u8::from_str_radix(&hash.hex()[at..at + 2], 16).unwrap()).collect();
    for theirs in [golden!("cosign-3-bundle.json"), golden!("cosign-3-bundle-claims.json")] {
        let read = Bundle::parse(theirs).unwrap();
        assert_eq!(read.material, Material::PublicKey { hint: Bundle::hint(&hash) });
        let ours = Bundle::of_key(envelope(&read).clone(), Bundle::hint(&hash));
        assert_eq!(str::from_utf8(ours.as_bytes()).unwrap(), str::from_utf8(theirs).unwrap());
        assert_eq!(ours, read);
    }
    assert_eq!(key.to_pem(), include_str!("golden/key.pub"));
}

#[test]
fn our_statement_of_a_signature_is_cosigns_byte_for_byte() {
    let theirs = Bundle::parse(golden!("cosign-3-bundle-claims.json")).unwrap();
    let mut subject = Subject::new(&image());
    subject.annotations.insert("u".to_owned(), ODD.into());
    subject.annotations.insert("env".to_owned(), "prod".into());
    let ours = Statement::new(subject, PredicateType::cosign_sign(), "{}").unwrap();
    assert_eq!(
        String::from_utf8(ours.to_bytes().unwrap()).unwrap(),
        str::from_utf8(&envelope(&theirs).payload).unwrap()
    );
    assert_eq!(envelope(&theirs).statement().unwrap(), ours);

    // Without claims cosign writes an empty object, and we write none; both read the same.
    let theirs = Bundle::parse(golden!("cosign-3-bundle.json")).unwrap();
    let ours = Statement::new(Subject::new(&image()), PredicateType::cosign_sign(), "{}").unwrap();
    assert_eq!(envelope(&theirs).statement().unwrap(), ours);
    let written = str::from_utf8(&envelope(&theirs).payload).unwrap().replace(r#","annotations":{}"#, "");
    assert_eq!(String::from_utf8(ours.to_bytes().unwrap()).unwrap(), written);
}

#[test]
fn our_attestation_statement_is_cosign_3s_byte_for_byte() {
    let theirs = Bundle::parse(golden!("cosign-3-bundle-attestation.json")).unwrap();
    let subject = Subject::new(&image()).named("127.0.0.1:17555/app/b");
    // cosign has rounded this number, which was 123456789012345678901234567890 in the file.
    let predicate = r#"{"big":1.2345678901234568e+29,"l":"a<b","n":[1,2],"x":1}"#;
    let kind = "https://acme.example/x".parse().unwrap();
    let ours = Statement::new(subject, kind, predicate).unwrap().version(StatementVersion::V01);
    let written = ours.to_bytes().unwrap();
    assert_eq!(str::from_utf8(&written).unwrap(), str::from_utf8(&envelope(&theirs).payload).unwrap());
    assert_eq!(envelope(&theirs).statement().unwrap(), ours);
}

#[test]
fn a_bundle_that_cosign_2_has_spaced_out_is_read() {
    let read = Bundle::parse(golden!("cosign-2-bundle-attestation.json")).unwrap();
    assert_eq!(envelope(&read).statement().unwrap().predicate_type.as_str(), "https://slsa.dev/provenance/v1");
    assert_eq!(read.as_bytes(), golden!("cosign-2-bundle-attestation.json"));
}

#[test]
fn a_keyless_bundle_has_a_certificate_an_entry_and_a_timestamp() {
    let read = Bundle::parse(golden!("cosign-3-bundle-keyless.json")).unwrap();
    let Material::Certificate(chain) = &read.material else { panic!("{:?}", read.material) };
    assert_eq!((chain.len(), chain[0][0], read.log_entries, read.timestamps), (1, 0x30, 1, 1));
    assert!(envelope(&read).statement().unwrap().predicate_type.is_signature());
}

#[test]
fn what_cosign_2_keeps_of_a_log_is_read() {
    let read = LogBundle::parse(golden!("cosign-2-rekor.json")).unwrap();
    let document: Value = serde_json::from_slice(golden!("cosign-2-rekor.json")).unwrap();
    assert_eq!(json!(read.integrated_time), document["Payload"]["integratedTime"]);
    assert_eq!(json!(read.log_index), document["Payload"]["logIndex"]);
    assert_eq!(json!(read.log_id), document["Payload"]["logID"]);
    assert_eq!(serde_json::from_slice::<Value>(&read.body).unwrap()["kind"], "hashedrekord");
}

#[test]
fn a_predicate_is_kept_byte_for_byte() {
    let predicate = r#"{ "z" : [ ],"a":{ },  "resolvedDependencies":[],"big":123456789012345678901234567890,
        "e":1.50E+02,"escaped":"\u00e9\/<\u003c","unknown":null,"tiny":1e-400, "deep":[[[[]]]] }"#;
    let kind: PredicateType = "slsaprovenance1".parse().unwrap();
    let statement = Statement::new(Subject::new(&image()), kind, &format!("\n {predicate}\n\n")).unwrap();
    assert_eq!(statement.predicate.get(), predicate);
    let bytes = statement.to_bytes().unwrap();
    assert!(str::from_utf8(&bytes).unwrap().ends_with(&format!(r#","predicate":{predicate}}}"#)));
    let read = Envelope::parse(&Envelope::new(names::IN_TOTO, bytes, vec![0]).to_bytes()).unwrap().statement().unwrap();
    assert_eq!(read.predicate.get(), predicate);
}
