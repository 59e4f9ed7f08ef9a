//! `AssumedRole`: the keys of a role, got for an identity token (STS API reference, "`AssumeRoleWithWebIdentity`").

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use jiff::Timestamp;
use lockage_tagging::Host;
use serde::Deserialize;

use crate::client::api::Refusal;
use crate::client::{Client, Secret};
use crate::cloud::IdentityToken;
use crate::cloud::kept::{Fresh, Kept, Now};
use crate::cloud::service::{Body, Question, Service};
use crate::ecr::{KeyProvider, Keys};
use crate::{Error, ErrorKind, Result};

/// For whom the identity token is.
const AUDIENCE: &str = "sts.amazonaws.com";
/// What every role allows.
const LASTS: Duration = Duration::from_secs(60 * 60);

/// The keys of a role: short-lived ones, which no setting holds.
///
/// They last for an hour, and are got anew from ten minutes before they expire, by whoever asks then: one identity token and
/// one POST to STS. Any number of callers wait for the same. Clones share the keys.
///
/// The role's trust policy says whom it trusts, for a job at GitHub by `token.actions.githubusercontent.com:sub`, such as
/// `repo:OWNER/NAME:ref:refs/heads/main`: name both the repository and the branch (or environment) there.
#[derive(Clone)]
pub struct AssumedRole(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    service: Service,
    identity: Arc<dyn IdentityToken>,
    role: String,
    session: String,
    audience: String,
    now: Now,
    kept: Arc<Kept<Keys>>,
}

impl AssumedRole {
    /// The role of this ARN, by the STS of a region, through the pools and limits of `client`. No request is made yet.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where the ARN is none of a role, or the region has no such name.
    pub fn new(client: &Client, identity: impl IdentityToken + 'static, role: &str, region: &str) -> Result<Self> {
        let bad = |subject, why: &str| Error::new(ErrorKind::Configuration, "use", subject).with_message(why);
        let named = region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if region.is_empty() || !named {
            return Err(bad("the region", "it is not named as regions of AWS are").with_remedy("Write eu-west-1, say."));
        }
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let host = format!("sts.{region}.{domain}");
        let host = host.parse().map_err(|e| bad("the region", "it makes no host's name").with_source(e))?;
        Self::at(client, identity, role, &host)
    }

    /// The same by an STS at another host: an interface endpoint, or a stand-in.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn at(client: &Client, identity: impl IdentityToken + 'static, role: &str, sts: &Host) -> Result<Self> {
        if !(role.starts_with("arn:") && role.contains(":role/")) {
            return Err(Error::new(ErrorKind::Configuration, "assume", role)
                .with_message("it is not the ARN of a role")
                .with_remedy("Write arn:aws:iam::ACCOUNT:role/NAME."));
        }
        Ok(Self(Arc::new(Inner {
            service: Service::new(client, sts)?,
            identity: Arc::new(identity),
            role: role.to_owned(),
            session: "lockage".to_owned(),
            audience: AUDIENCE.to_owned(),
            now: Now::default(),
            kept: Arc::default(),
        })))
    }

    /// Names the session, for AWS's own audit log; `lockage` unless said otherwise.
    #[must_use]
    pub fn with_session(self, name: impl Into<String>) -> Self {
        self.with(|inner| inner.session = name.into())
    }

    /// Asks for identity tokens for this audience, where the role trusts another than `sts.amazonaws.com`.
    #[must_use]
    pub fn with_audience(self, audience: impl Into<String>) -> Self {
        self.with(|inner| inner.audience = audience.into())
    }

    /// Takes the time from `now` rather than from the machine.
    #[must_use]
    pub fn with_now(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.with(|inner| inner.now = Now::new(now))
    }

    /// Whoever has settings of its own keeps keys of its own.
    fn with(self, set: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner { kept: Arc::default(), ..(*self.0).clone() };
        set(&mut inner);
        Self(Arc::new(inner))
    }
}

impl Inner {
    async fn assume(&self) -> Result<Fresh<Keys>> {
        let token = self.identity.token(&self.audience).await?;
        let form = vec![
            ("Action", "AssumeRoleWithWebIdentity".to_owned()),
            ("Version", "2011-06-15".to_owned()),
            ("RoleArn", self.role.clone()),
            ("RoleSessionName", self.session.clone()),
            ("DurationSeconds", LASTS.as_secs().to_string()),
            ("WebIdentityToken", token.expose().to_owned()),
        ];
        let answer: Answer = self
            .service
            .ask(Question {
                operation: "assume the role",
                subject: self.role.clone(),
                url: self.service.url("/"),
                body: Body::Form(form),
                bearer: None,
                hidden: &[&token],
                refusal,
            })
            .await?;
        let given = answer.response.result.credentials;
        let expires = given.expiration.time().ok_or_else(|| {
            Error::new(ErrorKind::Protocol, "assume the role", &self.role)
                .with_message("STS does not say in a way that can be read when the keys expire")
        })?;
        let keys = Keys::new(given.access_key_id, Secret::new(given.secret_access_key));
        Ok(Fresh { value: keys.with_session(Secret::new(given.session_token)), expires })
    }
}

#[async_trait]
impl KeyProvider for AssumedRole {
    async fn keys(&self) -> Result<Keys> {
        let inner = &self.0;
        inner.kept.get(&inner.now, |_asked| inner.assume()).await
    }
}

impl fmt::Debug for AssumedRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { service, identity, role, session, .. } = &*self.0;
        f.debug_struct("AssumedRole")
            .field("role", role)
            .field("session", session)
            .field("service", service)
            .field("identity", identity)
            .finish_non_exhaustive()
    }
}

/// What STS answers where JSON is asked for: the document of its XML, field by field.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "AssumeRoleWithWebIdentityResponse")]
    response: Response,
}

#[derive(Deserialize)]
struct Response {
    #[serde(rename = "AssumeRoleWithWebIdentityResult")]
    result: Outcome,
}

#[derive(Deserialize)]
struct Outcome {
    #[serde(rename = "Credentials")]
    credentials: Given,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: Expiration,
}

/// Seconds of the Unix epoch in JSON, and RFC 3339 as the XML has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Expiration {
    Seconds(f64),
    Text(String),
}

impl Expiration {
    fn time(&self) -> Option<SystemTime> {
        match self {
            Self::Seconds(seconds) => SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(*seconds).ok()?),
            Self::Text(text) => text.parse::<Timestamp>().ok().map(SystemTime::from),
        }
    }
}

/// What STS says when it refuses.
fn refusal(status: u16, body: &[u8]) -> Refusal {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Document {
        #[serde(default)]
        error: Said,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Said {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    // An explanation that cannot be read leaves the status to speak.
    let Said { code, message } = serde_json::from_slice::<Document>(body).unwrap_or_default().error;
    let kind = match code.as_str() {
        "AccessDenied" | "IDPRejectedClaim" | "RegionDisabledException" => ErrorKind::Denied,
        "InvalidIdentityToken" | "ExpiredTokenException" => ErrorKind::Unauthorized,
        "IDPCommunicationError" | "InternalFailure" | "ServiceUnavailable" => ErrorKind::Unavailable,
        "Throttling" | "ThrottlingException" | "RequestLimitExceeded" => ErrorKind::RateLimited,
        "ValidationError" => ErrorKind::Invalid,
        // Nothing is looked up there: that there is none is a wrong address.
        _ if status == 404 => ErrorKind::Protocol,
        _ => ErrorKind::of_answer(status, &[]),
    };
    let remedy = match code.as_str() {
        "AccessDenied" => {
            "Allow sts:AssumeRoleWithWebIdentity in the role's trust policy, for this repository and branch (or environment): \
             its condition on …:sub has to match the identity token's subject, and that on …:aud its audience."
        }
        "InvalidIdentityToken" | "IDPRejectedClaim" => {
            "Add the token's issuer to IAM's identity providers, with the token's audience (sts.amazonaws.com)."
        }
        "ExpiredTokenException" => "Use an identity token that outlasts the copy, and check that the clock is right.",
        "RegionDisabledException" => "Activate STS in this region, or name another.",
        "ValidationError" => "Check the role's ARN and the session's name.",
        _ => "",
    };
    let message = match code.is_empty() {
        true => format!("STS answered {status} and does not say why"),
        false => format!("{code}: {message}"),
    };
    Refusal {
        code: (!code.is_empty()).then_some(code),
        message: Some(message),
        remedy: (!remedy.is_empty()).then(|| remedy.to_owned()),
        ..Refusal::new(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_read_in_both_forms() {
        for (text, seconds) in [
            ("1714557600", Some(1_714_557_600)),
            ("1.7145576E9", Some(1_714_557_600)),
            (r#""2024-05-01T10:00:00Z""#, Some(1_714_557_600)),
            (r#""soon""#, None),
            ("-1", None),
            ("1e300", None),
        ] {
            let read = serde_json::from_str::<Expiration>(text).ok().and_then(|expiration| expiration.time());
            assert_eq!(read, seconds.map(|s| SystemTime::UNIX_EPOCH + Duration::from_secs(s)), "{text}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_change() {
        for (status, code, expected, word) in [
            (403, "AccessDenied", ErrorKind::Denied, "trust policy"),
            (400, "InvalidIdentityToken", ErrorKind::Unauthorized, "identity providers"),
            (400, "ExpiredTokenException", ErrorKind::Unauthorized, "outlasts"),
            (400, "IDPCommunicationError", ErrorKind::Unavailable, ""),
            (400, "Throttling", ErrorKind::RateLimited, ""),
            (400, "ValidationError", ErrorKind::Invalid, "ARN"),
            (404, "", ErrorKind::Protocol, ""),
            (503, "", ErrorKind::Unavailable, ""),
        ] {
            let body =
                serde_json::json!({ "Error": { "Code": code, "Message": "words", "Type": "Sender" } }).to_string();
            let refusal = refusal(status, body.as_bytes());
            assert_eq!(refusal.kind, expected, "{status} {code}");
            assert!(refusal.remedy.unwrap_or_default().contains(word), "{code}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_refusal_is_an_absence(status in 300u16..600, body in "\\PC*") {
            assert_ne!(refusal(status, body.as_bytes()).kind, ErrorKind::NotFound);
        }
    }
}
