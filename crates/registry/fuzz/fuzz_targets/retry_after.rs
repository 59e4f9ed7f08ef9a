//! `Retry-After`: any time that is asked for can be waited for, or is given up on; nobody computes beyond the end of time.

#![no_main]

use std::time::{Duration, Instant, SystemTime};

use libfuzzer_sys::fuzz_target;
use lockage_registry::client::fuzzing::retry_after;
use lockage_registry::{Error, ErrorKind, RetryPolicy};

fuzz_target!(|input: (u32, &str)| {
    let (now, text) = input;
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now.into());
    let Some(asked) = retry_after(text, now) else {
        assert!(text.trim().is_empty() || !text.trim().bytes().all(|b| b.is_ascii_digit()), "{text}");
        return;
    };
    if let Ok(seconds) = text.trim().parse::<u64>() {
        assert_eq!(asked, Duration::from_secs(seconds), "{text}");
    }
    let policy = RetryPolicy::default();
    for attempt in [0, 1, 4, u32::MAX] {
        if let Some(delay) = policy.delay(attempt, Some(asked), 1.0) {
            assert!(delay >= asked && delay <= policy.patience + policy.longest_delay, "{text}");
            assert!(Instant::now().checked_add(delay).is_some());
        }
    }
    let error = Error::new(ErrorKind::RateLimited, "pull", "a").with_retry_after(asked);
    assert_eq!(error.retry_after(), Some(asked));
});

// What it begins with, a line each (the escapes are those of printf).
//~ \x00\x00\x00\x00120
//~ \x00\x00\x00\x00Sun, 06 Nov 1994 08:49:37 GMT
//~ \x00\x00\x00\x00Sunday, 06-Nov-94 08:49:47 GMT
//~ \x00\x00\x00\x00Sun Nov  6 08:49:37 1994
//~ \x00\x00\x00\x0018446744073709551615
