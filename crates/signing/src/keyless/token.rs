//! `IdentityToken`: who somebody is, as an identity provider says it, and for a few minutes.

use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;

use super::KeylessError;

/// An identity token (OpenID Connect): a secret for as long as it is valid. It is not in `Debug` output.
#[derive(Clone)]
pub struct IdentityToken(sigstore_sign::oidc::IdentityToken);

impl IdentityToken {
    /// Reads a token. Its signature is for Fulcio to check.
    ///
    /// # Errors
    /// Where the text is no JSON web token with an issuer, a subject and an end.
    pub fn parse(text: &str) -> Result<Self, KeylessError> {
        let text = text.trim();
        // What the reader says about the claims may repeat them.
        let unusable = |_| KeylessError::Token { why: "it is no JSON web token with iss, sub and exp".to_owned() };
        sigstore_sign::oidc::IdentityToken::from_jwt(text).map(Self).map_err(unusable)
    }

    /// Who vouches for the identity.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.0.issuer()
    }

    /// Whom it is about. The certificate may name it in another way: for a workflow, by its file.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.0.identity()
    }

    /// When it ends.
    #[must_use]
    pub fn expires(&self) -> SystemTime {
        self.0.expiration().into()
    }

    pub(super) fn usable(&self, now: SystemTime) -> Result<(), KeylessError> {
        if self.expires() > now {
            return Ok(());
        }
        let end = Timestamp::try_from(self.expires()).map(|time| time.to_string()).unwrap_or_default();
        Err(KeylessError::Token { why: format!("it has expired at {end}") })
    }

    pub(super) fn inner(&self) -> &sigstore_sign::oidc::IdentityToken {
        &self.0
    }

    /// What somebody said, without the token.
    pub(super) fn redacted(&self, text: &str) -> String {
        text.replace(self.0.expose_secret(), "<token>")
    }
}

impl fmt::Debug for IdentityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2kuZXhhbXBsZSIsInN1YiI6InMiLCJleHAiOjEwMDB9.c2ln";

    #[test]
    fn a_token_says_who_and_until_when_and_hides_the_rest() {
        let token = IdentityToken::parse(&format!("{TOKEN}\n")).unwrap();
        assert_eq!((token.issuer(), token.subject()), ("https://i.example", "s"));
        assert!(!format!("{token:?}").contains("eyJ"));
        assert_eq!(token.redacted(&format!("you sent {TOKEN}!")), "you sent <token>!");
        let end = token.expires();
        token.usable(end - std::time::Duration::from_secs(1)).unwrap();
        let error = token.usable(end).unwrap_err();
        assert_eq!(error.to_string(), "the identity token cannot be used: it has expired at 1970-01-01T00:16:40Z");
    }

    #[test]
    fn what_is_no_token_is_refused_and_not_repeated() {
        for text in ["", "secret", "a.secret.c", "a.b", "a.eyJzZWNyZXQiOjF9.c"] {
            let error = IdentityToken::parse(text).expect_err(text).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
