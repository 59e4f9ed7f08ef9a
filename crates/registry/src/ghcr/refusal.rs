//! What GitHub says when it refuses: rate limits, missing scopes and its own rules, told apart.
//!
//! The status alone does not tell. A limit that is used up is a 403 or a 429, and what a token may not see is a 404.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;

use crate::ErrorKind;
use crate::client::api::{Refusal, text};

/// The code of a refusal to delete the last version that has a tag.
pub const LAST_TAGGED_VERSION: &str = "LAST_TAGGED_VERSION";
/// The code of a refusal to delete a public version that was downloaded more than 5000 times.
pub const TOO_MANY_DOWNLOADS: &str = "TOO_MANY_DOWNLOADS";

/// How long to wait where GitHub names no time ("Rate limits": at least one minute).
const UNTOLD: Duration = Duration::from_secs(60);

/// What an answer means to a request that needs these scopes, where the clock shows `now` seconds of the Unix epoch.
pub(super) fn refusal(needs: &[&str], status: u16, headers: &HeaderMap, body: &[u8], now: u64) -> Refusal {
    let said = said(body);
    if matches!(status, 403 | 429)
        && let Some(wait) = rate_limit(status, headers, &said, now)
    {
        return Refusal {
            message: Some(format!("GitHub takes no more requests of this token for now: {said}")),
            retry_after: wait,
            ..Refusal::new(ErrorKind::RateLimited)
        };
    }
    if let Some(rule) = rule(status, &said) {
        return rule;
    }
    match status {
        401 => Refusal {
            message: Some(format!("GitHub does not accept the token: {said}")),
            remedy: Some("Use a token that is neither expired nor revoked.".to_owned()),
            ..Refusal::new(ErrorKind::Unauthorized)
        },
        403 | 404 => forbidden(needs, status, headers, &said),
        _ => Refusal {
            message: Some(format!("GitHub answered {status}: {said}")),
            ..Refusal::new(ErrorKind::of_answer(status, &[]))
        },
    }
}

fn said(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Document {
        message: String,
    }
    // An explanation that cannot be read leaves the status to speak.
    serde_json::from_slice(body)
        .map_or_else(|_| "it does not say why".to_owned(), |document: Document| document.message)
}

/// Whether it is a limit, and how long to wait where that is not what `Retry-After` says.
fn rate_limit(status: u16, headers: &HeaderMap, said: &str, now: u64) -> Option<Option<Duration>> {
    if headers.contains_key(RETRY_AFTER) {
        return Some(None);
    }
    if text(headers, "x-ratelimit-remaining") == Some("0") {
        let reset = text(headers, "x-ratelimit-reset").and_then(|text| text.parse::<u64>().ok());
        // A second for what the two clocks differ.
        return Some(Some(reset.map_or(UNTOLD, |at| Duration::from_secs(at.saturating_sub(now).saturating_add(1)))));
    }
    (status == 429 || said.to_ascii_lowercase().contains("rate limit")).then_some(Some(UNTOLD))
}

/// Rules of GitHub's own that no right overcomes.
fn rule(status: u16, said: &str) -> Option<Refusal> {
    if !matches!(status, 400 | 403 | 422) {
        return None;
    }
    let lower = said.to_ascii_lowercase();
    let (code, remedy) = match () {
        () if lower.contains("last tagged version") => {
            (LAST_TAGGED_VERSION, "Keep one version that has a tag, or delete the whole package.")
        }
        () if lower.contains("5000 downloads") || lower.contains("5,000 downloads") => {
            (TOO_MANY_DOWNLOADS, "Keep it, or ask GitHub's support to delete it.")
        }
        () => return None,
    };
    Some(Refusal {
        code: Some(code.to_owned()),
        message: Some(format!("GitHub refuses: {said}")),
        remedy: Some(remedy.to_owned()),
        ..Refusal::new(ErrorKind::Rejected)
    })
}

fn forbidden(needs: &[&str], status: u16, headers: &HeaderMap, said: &str) -> Refusal {
    let needed = needs.join(" and ");
    // Only classic tokens have scopes, and only their answers have this header.
    if let Some(held) = headers.get("x-oauth-scopes").and_then(|value| value.to_str().ok()) {
        let held: Vec<&str> = held.split(',').map(str::trim).filter(|scope| !scope.is_empty()).collect();
        // What may write may read.
        let has = |scope: &str| held.contains(&scope) || scope == "read:packages" && held.contains(&"write:packages");
        let missing: Vec<&str> = needs.iter().copied().filter(|scope| !has(scope)).collect();
        if !missing.is_empty() {
            let held = if held.is_empty() { "no scope at all".to_owned() } else { held.join(", ") };
            return Refusal {
                message: Some(format!("the token lacks the scope {}; it has {held}", missing.join(" and "))),
                remedy: Some(format!("Use a classic token with {needed}.")),
                ..Refusal::new(ErrorKind::Denied)
            };
        }
    }
    if status == 404 && needs.is_empty() {
        return Refusal {
            message: Some("GitHub knows no user or organization of this name".to_owned()),
            remedy: Some("Write ghcr.io/OWNER/NAME, with the owner as GitHub spells it.".to_owned()),
            ..Refusal::new(ErrorKind::NotFound)
        };
    }
    if status == 404 {
        return Refusal {
            message: Some("there is no such package or version, or the token may not see it".to_owned()),
            remedy: Some(format!(
                "Check the name and whether its owner is an organization or a user. A private package is shown to tokens with \
                 {needed} and the right on it."
            )),
            ..Refusal::new(ErrorKind::NotFound)
        };
    }
    Refusal {
        message: Some(format!("the token may not do this: {said}")),
        remedy: Some(format!(
            "A classic token needs {needed}; a workflow's token needs `packages: write`, and the admin role on the package for \
             its repository."
        )),
        ..Refusal::new(ErrorKind::Denied)
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    const DELETE: [&str; 2] = ["read:packages", "delete:packages"];

    fn told(status: u16, headers: &[(&'static str, &'static str)], message: &str) -> Refusal {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let body = serde_json::json!({ "message": message }).to_string();
        refusal(&DELETE, status, &headers, body.as_bytes(), 1000)
    }

    #[test]
    fn limits_are_told_from_missing_rights() {
        let seconds = |refusal: Refusal| (refusal.kind, refusal.retry_after.map(|wait| wait.as_secs()));
        let limited = ErrorKind::RateLimited;
        for (status, headers, message, expected) in [
            (403, vec![("retry-after", "7")], "You have exceeded a secondary rate limit.", (limited, None)),
            (429, vec![("retry-after", "7")], "", (limited, None)),
            (
                403,
                vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1030")],
                "API rate limit exceeded",
                (limited, Some(31)),
            ),
            (403, vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "900")], "", (limited, Some(1))),
            (
                403,
                vec![("x-ratelimit-remaining", "4000")],
                "You have exceeded a secondary rate limit.",
                (limited, Some(60)),
            ),
            (429, vec![], "", (limited, Some(60))),
            (
                403,
                vec![("x-ratelimit-remaining", "4000")],
                "Resource not accessible by integration",
                (ErrorKind::Denied, None),
            ),
            (401, vec![], "Bad credentials", (ErrorKind::Unauthorized, None)),
            (404, vec![], "Not Found", (ErrorKind::NotFound, None)),
            (
                404,
                vec![("x-oauth-scopes", "repo, read:packages, delete:packages")],
                "Not Found",
                (ErrorKind::NotFound, None),
            ),
            (500, vec![], "", (ErrorKind::Unavailable, None)),
        ] {
            assert_eq!(seconds(told(status, &headers, message)), expected, "{status} {headers:?} {message}");
        }
    }

    #[test]
    fn what_a_token_lacks_is_named_also_where_github_says_not_found() {
        for (status, scopes, lacks) in [
            (404, "repo", "lacks the scope read:packages and delete:packages; it has repo"),
            (403, "read:packages", "lacks the scope delete:packages; it has read:packages"),
            (404, "repo, write:packages", "lacks the scope delete:packages; it has repo, write:packages"),
            (404, "", "lacks the scope read:packages and delete:packages; it has no scope at all"),
        ] {
            let refusal = told(status, &[("x-oauth-scopes", scopes)], "Not Found");
            assert_eq!(refusal.kind, ErrorKind::Denied, "{scopes}");
            assert!(refusal.message.as_ref().is_some_and(|message| message.contains(lacks)), "{:?}", refusal.message);
        }
    }

    #[test]
    fn rules_of_githubs_own_have_a_code() {
        for (status, message, code) in [
            (
                400,
                "You cannot delete the last tagged version of a package. You must delete the package instead.",
                LAST_TAGGED_VERSION,
            ),
            (
                400,
                "Publicly visible package versions with more than 5000 downloads cannot be deleted.",
                TOO_MANY_DOWNLOADS,
            ),
            (
                403,
                "Publicly visible package versions with more than 5,000 downloads cannot be deleted.",
                TOO_MANY_DOWNLOADS,
            ),
        ] {
            let refusal = told(status, &[], message);
            assert_eq!((refusal.kind, refusal.code.as_deref()), (ErrorKind::Rejected, Some(code)), "{message}");
        }
    }

    proptest::proptest! {
        #[test]
        fn only_a_404_is_not_found(status in 300u16..600, body in "\\PC*") {
            let refusal = refusal(&DELETE, status, &HeaderMap::new(), body.as_bytes(), 0);
            assert!(refusal.kind != ErrorKind::NotFound || status == 404);
        }
    }
}
