//! Identity tokens: those that this Sigstore's own provider makes, and the only ones that its Fulcio takes.

use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::certificate::Name;
use crate::text::{base64url, seconds, unbase64url};

/// The issuer of tokens for workflows.
pub const ACTIONS_ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The workflow of [`Tokens::workflow`].
pub const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/rel.yml@refs/heads/main";

/// The provider: a secret with which it knows its own tokens.
#[derive(Debug)]
pub struct Tokens {
    secret: hmac::Key,
}

/// What a token says, of which a certificate is made.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub(crate) name: Name,
    pub(crate) issuer: String,
    /// What the proof of possession signs.
    pub(crate) challenge: String,
    pub(crate) claims: Vec<(u8, String)>,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).expect("random bytes");
        Self { secret: hmac::Key::new(hmac::HMAC_SHA256, &secret) }
    }

    /// A token with exactly these claims.
    #[must_use]
    pub fn make(&self, claims: &Value) -> String {
        let head = json!({ "alg": "HS256", "typ": "JWT" }).to_string();
        let signed = format!("{}.{}", base64url(head.as_bytes()), base64url(claims.to_string().as_bytes()));
        let tag = hmac::sign(&self.secret, signed.as_bytes());
        format!("{signed}.{}", base64url(tag.as_ref()))
    }

    /// A token for `audience` of the workflow [`WORKFLOW`] from [`ACTIONS_ISSUER`], valid for ten days.
    #[must_use]
    pub fn workflow(&self, audience: &str) -> String {
        self.make(&with_times(json!({
            "iss": ACTIONS_ISSUER,
            "sub": WORKFLOW,
            "aud": audience,
            "repository": "acme/app",
            "ref": "refs/heads/main",
            "sha": "a".repeat(40),
            "workflow": "rel",
            "event_name": "push",
        })))
    }

    /// A token of a person.
    #[must_use]
    pub fn person(&self, email: &str, issuer: &str) -> String {
        let claims = json!({ "iss": issuer, "sub": "1234", "aud": "sigstore", "email": email, "email_verified": true });
        self.make(&with_times(claims))
    }

    /// Reads a token of its own that is for Sigstore and valid now.
    pub(crate) fn read(&self, token: &str) -> Result<Bearer, &'static str> {
        let (signed, tag) = token.trim().rsplit_once('.').ok_or("the token is none")?;
        let tag = unbase64url(tag).ok_or("the token's signature is none")?;
        hmac::verify(&self.secret, signed.as_bytes(), &tag).map_err(|_| "the token is of another issuer")?;
        let body = signed.split_once('.').and_then(|(_, body)| unbase64url(body)).ok_or("the token has no claims")?;
        let claims: Value = serde_json::from_slice(&body).map_err(|_| "the token's claims are no JSON")?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if claims.get("exp").and_then(Value::as_u64).is_none_or(|end| end <= seconds(SystemTime::now())) {
            return Err("the token has expired");
        }
        if text("aud") != Some("sigstore") {
            return Err("the token is for another audience");
        }
        let issuer = text("iss").ok_or("the token has no issuer")?.to_owned();
        let subject = text("sub").ok_or("the token has no subject")?;
        let (name, challenge) = match text("email") {
            Some(email) => (Name::Email(email.to_owned()), email),
            None => (Name::Uri(subject.to_owned()), subject),
        };
        let numbers = [(2, "event_name"), (3, "sha"), (4, "workflow"), (5, "repository"), (6, "ref")];
        let mut extensions: Vec<(u8, String)> =
            numbers.iter().filter_map(|(number, name)| Some((*number, text(name)?.to_owned()))).collect();
        if let Some(repository) = text("repository") {
            extensions.push((9, subject.to_owned()));
            extensions.push((12, format!("https://github.com/{repository}")));
        }
        extensions.extend(text("sha").map(|sha| (13, sha.to_owned())));
        extensions.extend(text("ref").map(|name| (14, name.to_owned())));
        extensions.extend(text("event_name").map(|event| (20, event.to_owned())));
        Ok(Bearer { name, issuer, challenge: challenge.to_owned(), claims: extensions })
    }
}

fn with_times(mut claims: Value) -> Value {
    let now = SystemTime::now();
    claims["iat"] = json!(seconds(now));
    claims["nbf"] = json!(seconds(now));
    claims["exp"] = json!(seconds(now + Duration::from_secs(864_000)));
    claims
}
