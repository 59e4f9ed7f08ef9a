//! The example, and the JSON Schema of the gates: they have what the reader takes, no more and no less.

use std::collections::BTreeSet;
use std::path::Path;

use lockage_promote::pipeline::documents::{BuiltIn, Document, Factories, GateFactory as _, Parameters};
use lockage_signing::documents::SigningGates;
use lockage_signing::gate::Signers;
use serde_json::{Value, json};

fn file(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_example_is_loaded_with_its_signers_and_gates() {
    let document = Document::read(file("../../examples/documents/signed.toml")).unwrap();
    let signing = SigningGates::of(&document).unwrap();
    assert_eq!(signing.verifier().names().collect::<Vec<_>>(), ["alice", "bob", "release", "workflows"]);
    let factories = Factories::new().with(BuiltIn::new().verifying(signing.verifier())).with(signing);
    let graph = document.graph(&factories).unwrap();
    assert_eq!(graph.to_string(), "dev → prod (signed, built-by-us, verified, scanned, tested, approved)");
    let other = SigningGates::of(&Document::read(file("../../examples/lockage.toml")).unwrap()).unwrap();
    assert_eq!(other.verifier().names().collect::<Vec<_>>(), ["release"]);
}

#[test]
fn the_schema_has_the_keys_of_the_reader() {
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(file("schema/gates.schema.json")).unwrap()).unwrap();
    let gates = SigningGates::knowing(Signers::new());
    let kinds = schema["$defs"].as_object().unwrap();
    assert_eq!(kinds.keys().collect::<Vec<_>>(), ["attestation", "signature", "test-result"]);
    for (kind, described) in kinds {
        let wrong = json!({ "signers": [], "?": 1 });
        let error = gates.make("x", kind, &Parameters::new(wrong.as_object().unwrap().clone())).unwrap_err();
        let taken: BTreeSet<String> = error.to_string().split('`').skip(3).step_by(2).map(str::to_owned).collect();
        let mut keys: BTreeSet<String> = described["properties"].as_object().unwrap().keys().cloned().collect();
        assert!(keys.remove("kind"));
        assert_eq!(taken, keys, "{kind}: {error}");
        assert_eq!(described["additionalProperties"], false);
    }
    // Those of a signer are in the schema of the document.
    let document: Value =
        serde_json::from_str(&std::fs::read_to_string(file("../../schemas/lockage.json")).unwrap()).unwrap();
    let text = "[signers.x]\nwrong = 1";
    let read = Document::parse("x.toml", lockage_promote::pipeline::documents::Format::Toml, text).unwrap();
    let error = SigningGates::of(&read).unwrap_err().to_string();
    let taken: BTreeSet<&str> = error.split('`').skip(3).step_by(2).collect();
    let keys = document["$defs"]["signer"]["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(taken, keys, "{error}");
}
