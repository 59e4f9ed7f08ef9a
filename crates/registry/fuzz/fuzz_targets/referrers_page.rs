//! A page of referrers: descriptors that print as what reads the same; a missing list is not an empty one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_registry::client::fuzzing::referrers_in;
use lockage_registry::Descriptor;
use serde_json::{Value, json};

fuzz_target!(|page: &[u8]| {
    let Ok(found) = referrers_in(page) else { return };
    // What is ignored is not checked: bytes that are no text, numbers beyond all bounds.
    let Ok(document) = serde_json::from_slice::<Value>(page) else { return };
    let listed = document.get("manifests").expect("a document that lists nothing is no list");
    assert_eq!(found.len(), listed.as_array().map_or(0, Vec::len));
    let again = json!({ "manifests": found });
    assert_eq!(referrers_in(again.to_string().as_bytes()).unwrap(), found);
    for Descriptor { platform, .. } in &found {
        let Some(platform) = platform else { continue };
        assert!(platform.accepts(platform));
        assert!(!platform.to_string().contains(char::is_control), "{platform:?}");
    }
});

// What it begins with, a line each (the escapes are those of printf).
//~ {"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0,"artifactType":"x","annotations":{"a":"b"},"platform":{"os":"linux","architecture":"arm64","variant":"v8","os.version":"1"}}]}
//~ {"manifests":null}
//~ [null]
