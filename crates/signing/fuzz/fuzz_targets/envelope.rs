//! A DSSE envelope: what is read is written again, and read as the same; its encoding for signing holds what it says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_signing::format::Envelope;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(envelope) = Envelope::parse(bytes) else { return };
    // Numbers out of range in unknown fields are not looked at here, and are more than a `Value` holds.
    if let Ok(other) = serde_json::from_slice::<Value>(bytes) {
        assert_eq!(other["payloadType"], envelope.payload_type);
        assert_eq!(other["signatures"].as_array().map(Vec::len), Some(1));
    }
    assert!(envelope.pae().ends_with(&envelope.payload));
    assert_eq!(Envelope::parse(&envelope.to_bytes()).expect("what we write"), envelope);
    let _ = envelope.statement();
});

// What it begins with, a line each (the escapes are those of printf).
//~ {"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"keyid":"","sig":"AAE="}]}
//~ {"payload":"","payloadType":"","signatures":[{"sig":""}],"more":[1,{"a":"\\ud83e\\udd80"}]}
