//! A signature's payload: what is read is written again, and read as the same; two readers agree on what it says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_signing::format::SimpleSigning;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(payload) = SimpleSigning::parse(bytes) else { return };
    let other: Value = serde_json::from_slice(bytes).expect("what we read is JSON");
    assert_eq!(other["critical"]["image"]["docker-manifest-digest"], payload.digest.to_string());
    assert_eq!(other["critical"]["identity"]["docker-reference"], payload.docker_reference);
    assert_eq!(other["critical"]["type"], SimpleSigning::TYPE);
    let claims = other.get("optional").and_then(Value::as_object).map_or(0, serde_json::Map::len);
    assert_eq!(claims, payload.claims.len());
    let written = payload.to_bytes().expect("a payload is JSON");
    assert_eq!(SimpleSigning::parse(&written).expect("what we write"), payload);
});

// What it begins with, a line each (the escapes are those of printf).
//~ {"critical":{"identity":{"docker-reference":"r.test/a"},"image":{"docker-manifest-digest":"sha256:1a8dd33d465d97146d8387955fda87158391201eb0e7f24e70cd94c7cd82e62e"},"type":"cosign container image signature"},"optional":null}
//~ {"critical":{"identity":{"docker-reference":""},"image":{"docker-manifest-digest":"sha256:1a8dd33d465d97146d8387955fda87158391201eb0e7f24e70cd94c7cd82e62e"},"type":"cosign container image signature"},"optional":{"env":"prod","n":1.50e2,"u":"\\u003c\\ud83e\\udd80","x":[true,null,{}]}}
