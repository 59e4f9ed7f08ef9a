//! Error documents: any body has a kind, and what a log shows of it stays on its line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_registry::fuzzing::refused;
use lockage_registry::{ErrorKind, OciError};

fuzz_target!(|input: (u16, &[u8])| {
    let (status, body) = input;
    let (kind, errors, shown) = refused(status, body);
    assert!(!shown.contains(char::is_control), "{shown:?}");
    let without = ErrorKind::of_answer(status, &[]);
    if errors.is_empty() {
        assert_eq!(kind, without);
    }
    // What a body says never makes a failure "not found": an absence is said by the status alone.
    assert!(kind != ErrorKind::NotFound || status == 404, "{status}");
    for error in &errors {
        let shown = error.to_string();
        assert!(shown.len() <= 1100 && !shown.contains(char::is_control), "{shown:?}");
    }
    let again: Vec<OciError> = errors.clone();
    assert_eq!(ErrorKind::of_answer(status, &again), kind);
});

// What it begins with, a line each (the escapes are those of printf).
//~ \x94\x01{"errors":[{"code":"MANIFEST_UNKNOWN","message":"a\\nb","detail":{}}]}
//~ \x93\x01{"errors":[{"code":"TOOMANYREQUESTS","message":"m"},{"code":"x","message":"the tag is immutable"}]}
//~ \xf4\x01<html>
