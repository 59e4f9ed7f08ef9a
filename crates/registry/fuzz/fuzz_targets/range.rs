//! `Range`, of an upload's answer and of a download's request: what arrived is a number of bytes, and the part that is asked
//! for lies within the blob.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_registry::client::fuzzing::arrived;
use lockage_registry::server::fuzzing::wanted;

fuzz_target!(|input: (u64, &str)| {
    let (size, text) = input;
    match arrived(text.as_bytes()) {
        // `0-0` says one as well as none.
        Ok(Some(bytes)) => {
            assert_ne!(bytes, 1, "{text}");
            assert_eq!(arrived(format!("0-{}", bytes.saturating_sub(1)).as_bytes()), Ok(Some(bytes)), "{text}");
        }
        Ok(None) => assert!(text.trim().is_empty() || text.chars().any(|c| c.is_control() || !c.is_ascii()), "{text}"),
        Err(said) => assert_eq!(said, text.trim()),
    }
    match wanted(text, size) {
        Some(Some((first, last))) => {
            assert!(first <= last && last < size, "{text}");
            assert_eq!(wanted(&format!("bytes={first}-{last}"), size), Some(Some((first, last))), "{text}");
        }
        Some(None) | None => {}
    }
});

// What it begins with, a line each (the escapes are those of printf).
//~ \x0a\x00\x00\x00\x00\x00\x00\x000-99
//~ \x0a\x00\x00\x00\x00\x00\x00\x00bytes=0-0
//~ \x0a\x00\x00\x00\x00\x00\x00\x00bytes=2-4
//~ \x0a\x00\x00\x00\x00\x00\x00\x00bytes=-3
//~ \x0a\x00\x00\x00\x00\x00\x00\x00bytes=9-
