//! What the fuzz targets reach of the client's parsers (`cfg(fuzzing)` only).

use std::time::{Duration, Instant, SystemTime};

use lockage_tagging::{Repository, Tag};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RANGE, WWW_AUTHENTICATE};

use super::auth::{challenge, grant};
use super::range::{self, Arrived};
use super::{RateLimit, Secret, pages, retry_after};
use crate::{Descriptor, Result};

/// The target of `Link` with `rel="next"`.
#[must_use]
pub fn next_link(header: &str) -> Option<&str> {
    pages::parse_next(header)
}

/// The tags in a page.
///
/// # Errors
/// What the client fails with.
pub fn tags_in(repo: &Repository, page: &[u8]) -> Result<Vec<Tag>> {
    pages::tags_in(repo, page)
}

/// The descriptors in a page of referrers.
///
/// # Errors
/// The parser's.
pub fn referrers_in(page: &[u8]) -> serde_json::Result<Vec<Descriptor>> {
    pages::entries(page)
}

/// The challenge that is answered, of those in these values of `WWW-Authenticate`: whether it is bearer, realm, service.
#[must_use]
pub fn challenge(values: &[&[u8]]) -> Option<(bool, Option<String>, Option<String>)> {
    let found = challenge::parse(&headers(values.iter().map(|value| (WWW_AUTHENTICATE, *value))))?;
    Some((found.scheme == challenge::Scheme::Bearer, found.realm, found.service))
}

/// The token in a document that came at `now`, the one that renews it, and how long it lives.
///
/// # Errors
/// Why there is none.
pub fn token(document: &[u8], now: SystemTime) -> Result<(Secret, Option<Secret>, Duration), &'static str> {
    let granted = grant::parse(document, now).map_err(|none| none.words())?;
    Ok((granted.token, granted.refresh, granted.life))
}

/// First, last and total of `Content-Range`.
#[must_use]
pub fn content_range(header: &str) -> Option<(u64, u64, Option<u64>)> {
    range::content_range(header)
}

/// How many bytes the `Range` of an upload says have arrived; 0 for none or one.
///
/// # Errors
/// The header, where it makes no sense.
pub fn arrived(header: &[u8]) -> Result<Option<u64>, String> {
    Ok(range::arrived(&headers([(RANGE, header)]))?.map(|arrived| match arrived {
        Arrived::Hardly => 0,
        Arrived::Bytes(bytes) => bytes,
    }))
}

/// What `Retry-After` asks for.
#[must_use]
pub fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    retry_after::parse(header, now)
}

/// What the headers say of the registry's limit, and whether no more than `floor` is left at `later`.
#[must_use]
pub fn rate_limit(
    pairs: &[(&'static str, &[u8])],
    now: Instant,
    floor: u64,
    later: Instant,
) -> Option<(RateLimit, bool)> {
    let pairs = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), *value));
    let said = RateLimit::of(&headers(pairs), now)?;
    Some((said, said.is_down_to(floor, later)))
}

/// As they come out of the HTTP library: what cannot be a header's value never gets here.
fn headers<'a>(pairs: impl IntoIterator<Item = (HeaderName, &'a [u8])>) -> HeaderMap {
    let value = |bytes| HeaderValue::from_bytes(bytes).ok();
    pairs.into_iter().filter_map(|(name, bytes)| Some((name, value(bytes)?))).fold(
        HeaderMap::new(),
        |mut map, (name, value)| {
            map.append(name, value);
            map
        },
    )
}
