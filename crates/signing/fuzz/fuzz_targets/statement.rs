//! A statement: what is read is written again, and read as the same, the predicate byte for byte; its view never panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_signing::format::{PredicateType, Statement, TypedPredicate};
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(statement) = Statement::parse(bytes) else { return };
    assert!(bytes.windows(statement.predicate.get().len()).any(|part| part == statement.predicate.get().as_bytes()));
    assert!((1..=Statement::MAX_SUBJECTS).contains(&statement.subject.len()));
    // Numbers out of range are kept in predicates, and are more than a `Value` holds.
    if let Ok(other) = serde_json::from_slice::<Value>(bytes) {
        assert_eq!(other["predicateType"], statement.predicate_type.as_str());
        assert_eq!(other["subject"].as_array().map(Vec::len), Some(statement.subject.len()));
    }
    let written = statement.to_bytes().expect("a statement is JSON");
    assert_eq!(Statement::parse(&written).expect("what we write"), statement);
    let _ = statement.typed_predicate();
    for (_, uri) in PredicateType::short_names() {
        let kind = uri.parse().expect("a URI");
        let _ = TypedPredicate::read(&kind, &statement.predicate);
    }
});

// What it begins with, a line each (the escapes are those of printf).
//~ {"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"00"},"annotations":{"n":1}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{"buildType":"b","resolvedDependencies":[{"uri":"u","digest":{"sha1":"a"}}]},"runDetails":{"builder":{"id":"i"},"metadata":{"invocationId":"7"}}}}
//~ {"_type":"https://in-toto.io/Statement/v0.1","subject":[{"digest":{"a":"b"}}],"predicateType":"https://spdx.dev/Document","predicate":"SPDXVersion: SPDX-2.3\\nPackageName: a"}
//~ {"_type":"https://in-toto.io/Statement/v0.1","subject":[{"digest":{"a":"b"}}],"predicateType":"https://cyclonedx.org/bom","predicate":{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"components":[{}]}]}}
//~ {"_type":"https://in-toto.io/Statement/v0.1","subject":[{"digest":{"a":"b"}}],"predicateType":"https://openvex.dev/ns","predicate":{"author":"a","timestamp":"t","statements":[{"vulnerability":{"name":"c"},"products":["p",{"@id":"q"}],"status":"fixed"}]}}
//~ {"_type":"https://in-toto.io/Statement/v0.1","subject":[{"digest":{"a":"b"}}],"predicateType":"https://cosign.sigstore.dev/attestation/vuln/v1","predicate":{"scanner":{"uri":"u","db":{},"result":1e999}}}
//~ {"_type":"https://in-toto.io/Statement/v0.1","subject":[{"digest":{"a":"b"}}],"predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"PASSED","failedTests":[]}}
