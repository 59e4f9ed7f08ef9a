//! What holds for every document: nothing panics, and what is written is read as it was.

use lockage_registry::{Algorithm, Digest};
use lockage_signing::PublicKey;
use lockage_signing::format::{
    Bundle, Content, Envelope, LogBundle, SimpleSigning, Statement, StatementVersion, Subject, timestamp_token,
};
use proptest::prelude::*;
use serde_json::Value;

const DOCUMENTS: [&[u8]; 6] = [
    include_bytes!("golden/cosign-2-payload-claims.json"),
    include_bytes!("golden/cosign-2-envelope.json"),
    include_bytes!("golden/cosign-3-bundle-claims.json"),
    include_bytes!("golden/cosign-2-rekor.json"),
    include_bytes!("golden/key.pub"),
    br#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"},"annotations":{"n":1}}],"predicateType":"https://p.test/v1","predicate":{"a":[1,"\ud83e\udd80"]}}"#,
];

/// Reads it as everything; there is nothing to see but that it comes back.
fn read(bytes: &[u8]) {
    let _ = SimpleSigning::parse(bytes).map(|read| read.to_bytes());
    let _ = Envelope::parse(bytes).map(|read| read.statement());
    let _ = Statement::parse(bytes).map(|read| read.to_bytes());
    let _ = Bundle::parse(bytes);
    let _ = LogBundle::parse(bytes);
    let _ = timestamp_token(bytes);
    let _ = PublicKey::from_pem(&String::from_utf8_lossy(bytes));
    let _ = PublicKey::from_der(bytes);
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(|hash| Digest::from_bytes(Algorithm::Sha256, &hash).unwrap())
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ]
}

/// JSON as others might write it: any nesting, any space.
fn json() -> impl Strategy<Value = String> {
    let leaf = scalar().prop_map(|value| value.to_string());
    leaf.prop_recursive(6, 40, 6, |inner| {
        let list = prop::collection::vec((inner.clone(), "[ \t\n\r]{0,3}"), 0..6)
            .prop_map(|values| values.iter().map(|(value, space)| format!("{space}{value}")).collect::<Vec<_>>())
            .prop_map(|values| format!("[{}]", values.join(",")));
        let object = prop::collection::btree_map(any::<String>(), (inner, "[ \t\n\r]{0,3}"), 0..6)
            .prop_map(|fields| {
                let field = |(name, (value, space)): (String, (String, String))| {
                    format!("{space}{}{space}:{value}{space}", Value::from(name))
                };
                fields.into_iter().map(field).collect::<Vec<_>>()
            })
            .prop_map(|fields| format!("{{{}}}", fields.join(",")));
        prop_oneof![list, object]
    })
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        read(&bytes);
    }

    #[test]
    fn no_damage_to_a_document_panics(which in 0..DOCUMENTS.len(), at: prop::sample::Index, cut in 0..4_usize, put: Vec<u8>) {
        let mut bytes = DOCUMENTS[which].to_vec();
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + cut);
        bytes.splice(at..end, put);
        read(&bytes);
    }

    #[test]
    fn a_payload_is_read_as_it_was_written(
        reference: String,
        digest in digest(),
        claims in prop::collection::btree_map(any::<String>(), scalar(), 0..6),
    ) {
        let written = claims.into_iter().fold(SimpleSigning::new(reference, digest), |payload, (name, value)| {
            payload.claim(name, value)
        });
        let bytes = written.to_bytes().unwrap();
        prop_assert_eq!(SimpleSigning::parse(&bytes).unwrap(), written);
        prop_assert!(!bytes.iter().any(|byte| b"<>&\n".contains(byte)));
    }

    #[test]
    fn a_statement_is_read_as_it_was_written(
        name: String,
        digest in digest(),
        annotations in prop::collection::btree_map(any::<String>(), scalar(), 0..6),
        predicate in json(),
        old: bool,
    ) {
        let mut subject = Subject::new(&digest).named(name);
        subject.annotations = annotations;
        let version = if old { StatementVersion::V01 } else { StatementVersion::V1 };
        let kind = "https://p.test/v1".parse().unwrap();
        let written = Statement::new(subject, kind, &predicate).unwrap().version(version);
        let bytes = written.to_bytes().unwrap();
        let read = Statement::parse(&bytes).unwrap();
        prop_assert_eq!(read.predicate.get(), predicate.as_str());
        prop_assert_eq!(read.to_bytes().unwrap(), bytes);
        prop_assert_eq!(read, written);
    }

    #[test]
    fn an_envelope_and_a_bundle_are_read_as_they_were_written(
        kind: String, key_id: String, payload: Vec<u8>, signature: Vec<u8>, hint: String,
    ) {
        let mut envelope = Envelope::new(kind, payload, signature);
        envelope.key_id = key_id;
        prop_assert_eq!(&Envelope::parse(&envelope.to_bytes()).unwrap(), &envelope);
        let bundle = Bundle::of_key(envelope.clone(), hint);
        let read = Bundle::parse(bundle.as_bytes()).unwrap();
        prop_assert_eq!(&read, &bundle);
        prop_assert_eq!(read.content, Content::Envelope(envelope));
    }

    #[test]
    fn an_encoding_for_signing_has_one_origin(one: (String, Vec<u8>), other: (String, Vec<u8>)) {
        use lockage_signing::format::pae;
        prop_assert_eq!(pae(&one.0, &one.1) == pae(&other.0, &other.1), one == other);
    }

    #[test]
    fn a_key_is_read_as_it_was_written(content in prop::collection::vec(any::<u8>(), 0..600)) {
        let length = match content.len() {
            short @ 0..0x80 => vec![short as u8],
            middle @ 0x80..0x100 => vec![0x81, middle as u8],
            long => vec![0x82, (long >> 8) as u8, long as u8],
        };
        let key = PublicKey::from_der([vec![0x30], length, content].concat()).unwrap();
        prop_assert_eq!(PublicKey::from_pem(&key.to_pem()).unwrap(), key);
    }
}
