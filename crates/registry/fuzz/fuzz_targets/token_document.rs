//! Token documents: a token with a life that can be added to the clock, or a reason that repeats nothing of the document.

#![no_main]

use std::time::{Duration, Instant, SystemTime};

use libfuzzer_sys::fuzz_target;
use lockage_registry::client::fuzzing::token;

fuzz_target!(|input: (u32, &[u8])| {
    let (now, document) = input;
    match token(document, SystemTime::UNIX_EPOCH + Duration::from_secs(now.into())) {
        Ok((secret, refresh, life)) => {
            assert!(refresh.is_none_or(|refresh| !refresh.expose().is_empty()));
            assert!(document.trim_ascii_start().starts_with(b"{"), "no object is no document");
            assert!(!secret.expose().is_empty());
            assert_eq!(format!("{secret:?}"), "Secret(…)");
            assert!(life <= Duration::from_secs(86_400));
            assert!(Instant::now().checked_add(life).is_some());
        }
        Err(why) => assert!(why.starts_with("its token server answered "), "{why}"),
    }
});

// What it begins with, a line each (the escapes are those of printf).
//~ \x00\x00\x00\x60{"token":"t","expires_in":300,"issued_at":"2026-11-21T07:03:03Z"}
//~ \x00\x00\x00\x60{"access_token":"a","refresh_token":"r","expires_in":18446744073709551615}
//~ \x00\x00\x00\x60["t"]
//~ \xa3\x7c\x01\x6b{"token":"t","expires_in":"1e3","issued_at":"2026-11-21t08:03:03.5+01:00"}
