//! `WWW-Authenticate`: a challenge that was written is read as it was written; what is read was written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_registry::client::fuzzing::challenge;

fuzz_target!(|text: &str| {
    // One value, and one for each line.
    let lines: Vec<&[u8]> = text.split('\n').map(str::as_bytes).collect();
    for values in [vec![text.as_bytes()], lines] {
        if let Some((bearer, realm, service)) = challenge(&values) {
            assert!(!bearer || realm.is_some(), "a token server without an address");
            for value in realm.iter().chain(&service) {
                assert!(value.len() <= text.len());
                assert!(value.chars().all(|c| text.contains(c)), "{value}");
            }
            let scheme = if bearer { "bearer" } else { "basic" };
            assert!(text.to_ascii_lowercase().contains(scheme), "{text}");
        }
    }
    // A quoted string holds anything that a header may.
    if text.is_empty() || text.len() > 1000 || !text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return;
    }
    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
    let written =
        format!("Basic realm=\"{quoted}\", BEARER scope=\"{quoted}\", Realm=\"{quoted}\" , service = \"{quoted}\"");
    let expected = Some((true, Some(text.to_owned()), Some(text.to_owned())));
    assert_eq!(challenge(&[written.as_bytes()]), expected, "{written}");
});

// What it begins with, a line each (the escapes are those of printf).
//~ Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"
//~ Basic realm="x", Bearer realm="https://t",service=s
//~ Negotiate abc==\nBearer realm="a \\"b\\""
