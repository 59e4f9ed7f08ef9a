//! The server's parsers: a path is one endpoint, whatever is in its name; parameters and ranges are read as they were written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_registry::server::fuzzing::{chunk, parameter, route, wanted};

fuzz_target!(|input: (u64, &str)| {
    let (size, text) = input;
    let (text, value) = text.split_once('\n').unwrap_or((text, text));
    if let Some((shown, name)) = route(text) {
        assert!(!shown.is_empty());
        assert!(name.is_none_or(|name| name.len() <= text.len() * 3));
    }
    let name = value;
    if !name.contains('%') {
        for end in ["manifests/v1", "blobs/x", "blobs/uploads/", "blobs/uploads/x", "tags/list", "referrers/x"] {
            let (_, found) = route(&format!("/v2/{name}/{end}")).unwrap();
            // `x/blobs/uploads/y`: an id may look like an endpoint, and a name may end like one.
            assert_eq!(found.as_deref(), Some(name), "{end}");
        }
    }
    let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let query = format!("x&{encoded}={encoded}&n=1");
    if value != "x" {
        assert_eq!(parameter(&query, value).as_deref(), Some(value));
    }
    let _ = parameter(text, value);
    if let Some(Some((first, last))) = wanted(text, size) {
        assert!(first <= last && last < size);
    }
    if let Some((first, last)) = chunk(text) {
        assert!((last - first).checked_add(1).is_some(), "{text}");
    }
});

// What it begins with, a line each (the escapes are those of printf).
//~ \x0a\x00\x00\x00\x00\x00\x00\x00/v2/a/blobs/uploads/manifests/manifests/v1\na/b
//~ \x0a\x00\x00\x00\x00\x00\x00\x00bytes=2-4\nn
//~ \x0a\x00\x00\x00\x00\x00\x00\x00n=1&&last=a%26b&flag\nlast
