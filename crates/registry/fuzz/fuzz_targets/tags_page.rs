//! A page of tags: every name in it is a tag, or the page is refused on one line; a missing list is not an empty one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_registry::Repository;
use lockage_registry::client::fuzzing::tags_in;
use serde_json::{Value, json};

fuzz_target!(|page: &[u8]| {
    let repo: Repository = "registry.example/a".parse().unwrap();
    match tags_in(&repo, page) {
        Ok(tags) => {
            // What is ignored is not checked: bytes that are no text, numbers beyond all bounds.
            let Ok(document) = serde_json::from_slice::<Value>(page) else { return };
            let listed = document.get("tags").expect("a document that lists nothing is no list");
            assert!(listed.is_null() || tags.len() <= listed.as_array().unwrap().len());
            let again = json!({ "name": "a", "tags": tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>() });
            assert_eq!(tags_in(&repo, again.to_string().as_bytes()).unwrap(), tags);
        }
        Err(refused) => {
            let said = refused.to_string();
            assert!(!said.contains(char::is_control) && said.len() < 2000, "{said:?}");
        }
    }
});

// What it begins with, a line each (the escapes are those of printf).
//~ {"name":"a","tags":["v1","v2"]}
//~ {"name":"a","tags":null}
//~ {"tags":["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","not a tag"]}
//~ [null]
//~ [["v1"]]
