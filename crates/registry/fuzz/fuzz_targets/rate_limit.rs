//! `RateLimit-*`: numbers of any size are compared, and never computed with until they overflow.

#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use lockage_registry::client::fuzzing::rate_limit;

fuzz_target!(|input: (bool, u16, u16, &[u8])| {
    let (old, floor, passed, text) = input;
    let (floor, mut values) = (u64::from(floor), text.splitn(2, |byte| *byte == b'\n'));
    let (Some(limit), Some(remaining)) = (values.next(), values.next()) else { return };
    let names =
        if old { ["x-ratelimit-limit", "x-ratelimit-remaining"] } else { ["ratelimit-limit", "ratelimit-remaining"] };
    let now = Instant::now();
    let later = now + Duration::from_secs(passed.into());
    let Some((said, down)) = rate_limit(&[(names[0], limit), (names[1], remaining)], now, floor, later) else { return };
    assert!(!down || said.remaining <= floor);
    let digits = String::from_utf8_lossy(remaining);
    assert!(digits.contains(said.remaining.to_string().trim_start_matches('0')), "{digits}");
    let window = said.window.unwrap_or(Duration::from_secs(21_600));
    assert_eq!(down, said.remaining <= floor && Duration::from_secs(passed.into()) < window);
});

// What it begins with, a line each (the escapes are those of printf).
//~ \x00\x0a\x00\x0a\x00100;w=21600\n76;w=21600
//~ \x01\x00\x00\x00\x0060\n5
//~ \x00\x00\x00\x00\x00100;w=18446744073709551615\n0
