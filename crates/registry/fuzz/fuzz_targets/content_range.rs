//! `Content-Range`, of a download's answer and of an upload's chunk: first ≤ last < total, and nothing overflows.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_registry::client::fuzzing::content_range;
use lockage_registry::server::fuzzing::chunk;

fuzz_target!(|text: &str| {
    if let Some((first, last, total)) = content_range(text) {
        assert!(first <= last, "{text}");
        assert!(last.checked_add(1).is_some(), "{text}");
        assert!(total.is_none_or(|total| last < total), "{text}");
        let total = total.map_or("*".to_owned(), |total| total.to_string());
        assert_eq!(content_range(&format!("bytes {first}-{last}/{total}")), content_range(text), "{text}");
    }
    if let Some((first, last)) = chunk(text) {
        assert!(first <= last, "{text}");
        // The length of the chunk.
        assert!((last - first).checked_add(1).is_some(), "{text}");
        assert_eq!(chunk(&format!("{first}-{last}")), Some((first, last)), "{text}");
    }
});

// What it begins with, a line each (the escapes are those of printf).
//~ bytes 5-9/10
//~ bytes 0-0/*
//~ bytes 0-18446744073709551615/*
//~ 0-1023
//~ 0-18446744073709551615
//~ bytes */10
