//! A bundle: one material, one content, and no more entries than are allowed, as any reader of JSON sees it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_signing::format::{Bundle, Content, LogBundle, Material, timestamp_token};
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let _ = LogBundle::parse(bytes);
    let _ = timestamp_token(bytes);
    let Ok(bundle) = Bundle::parse(bytes) else { return };
    assert_eq!(bundle.as_bytes(), bytes);
    assert!(bundle.log_entries.max(bundle.timestamps) <= Bundle::MAX_ENTRIES);
    // Numbers out of range in log entries are not looked at here, and are more than a `Value` holds.
    if let Ok(other) = serde_json::from_slice::<Value>(bytes) {
        let said = |value: &Value| !value.is_null();
        assert!(said(&other["dsseEnvelope"]) != said(&other["messageSignature"]));
        let material = &other["verificationMaterial"];
        let kinds = ["publicKey", "certificate", "x509CertificateChain"];
        assert_eq!(kinds.into_iter().filter(|kind| said(&material[kind])).count(), 1);
        assert_eq!(material["tlogEntries"].as_array().map_or(0, Vec::len), bundle.log_entries);
    }
    if let (Content::Envelope(envelope), Material::PublicKey { hint }) = (bundle.content, bundle.material) {
        let ours = Bundle::of_key(envelope, hint);
        assert_eq!(Bundle::parse(ours.as_bytes()).expect("what we write"), ours);
    }
});

// What it begins with, a line each (the escapes are those of printf).
//~ {"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"aGk="}},"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAE="}]}}
//~ {"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"certificate":{"rawBytes":"AAE="},"tlogEntries":[{"logIndex":"1"}],"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"AAE="}]}},"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AAE="},"signature":"AAE="}}
//~ {"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.2","verificationMaterial":{"x509CertificateChain":{"certificates":[{"rawBytes":"AAE="}]}},"messageSignature":{"signature":"AAE="}}
//~ {"SignedEntryTimestamp":"AAE=","Payload":{"body":"e30=","integratedTime":1,"logIndex":1,"logID":"00"}}
//~ {"SignedRFC3161Timestamp":"AAE="}
