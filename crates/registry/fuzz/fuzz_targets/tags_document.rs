//! Tag documents: whatever the inputs, an answer or a typed error, in time; and what the strict profile answers are tags.

#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use lockage_tagging::Tag;
use lockage_tagging::actions::{Document, Profile};

fuzz_target!(|text: &[u8]| {
    let Ok(document) = serde_json::from_slice::<Document>(text) else { return };
    for profile in [Profile::Compatible, Profile::Strict] {
        let answer = document.answer(profile, Timestamp::UNIX_EPOCH);
        let Ok(answer) = serde_json::to_value(answer) else { panic!("an answer is a document") };
        if profile == Profile::Strict {
            for tag in answer.get("tag_names").and_then(|names| names.as_array()).into_iter().flatten() {
                let tag = tag.as_str().unwrap_or_default();
                assert!(tag.parse::<Tag>().is_ok(), "{tag:?} is no tag");
            }
        }
    }
});

// What it begins with, a line each (the escapes are those of printf).
//~ {"raw_inputs":{"images":"a/b","tags":"type=semver,pattern={{version}}"},"env":{},"context":{"event_name":"push","ref":"refs/tags/v1.2.3","sha":"2b2e927"}}
//~ {"raw_inputs":{"tags":"type=match,pattern=/v(.*)/i,group=1"},"context":{"ref":"refs/tags/v1","sha":"2b2e927"}}
//~ {"inputs":{"images":["a"],"tags":["type=schedule,pattern={{date 'YYYYMMDD'}}","type=sha,format=long","type=raw,value={{branch}}-x"],"flavor":["latest=true,prefix=p-,onlatest=true"],"labels":["a={{#if tag}}b{{else}}c{{/if}}"],"annotations":[],"sep_tags":",","sep_labels":",","sep_annotations":",","bake_target":"t"},"context":{"event_name":"schedule","ref":"refs/heads/main","sha":"2b2e927"}}
//~ {"raw_inputs":{"tags":"type=pep440,pattern={{version}},value=1!2.0rc1.post2+a.b"},"env":{"DOCKER_METADATA_SHORT_SHA_LENGTH":"9"},"context":{"ref":"refs/pull/1/merge","sha":"2b2e927"}}
