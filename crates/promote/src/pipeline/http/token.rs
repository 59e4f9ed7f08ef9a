//! `Token`: a secret that is shown to nobody.

use std::fmt;

/// A secret, sent in a header and nowhere else: neither `Debug` nor an error shows it.
#[derive(Clone)]
pub struct Token {
    header: &'static str,
    prefix: &'static str,
    secret: String,
}

impl Token {
    /// `Authorization: Bearer …`: GitHub's tokens, GitLab's OAuth tokens, most others.
    #[must_use]
    pub fn bearer(secret: impl Into<String>) -> Self {
        Self { header: "authorization", prefix: "Bearer ", secret: secret.into() }
    }

    /// `PRIVATE-TOKEN: …`: personal, group and project access tokens of GitLab.
    #[must_use]
    pub fn private(secret: impl Into<String>) -> Self {
        Self { header: "private-token", prefix: "", secret: secret.into() }
    }

    /// `JOB-TOKEN: …`: `$CI_JOB_TOKEN` of GitLab.
    #[must_use]
    pub fn job(secret: impl Into<String>) -> Self {
        Self { header: "job-token", prefix: "", secret: secret.into() }
    }

    /// The header; none where the secret cannot be one, such as one with a line break.
    pub(super) fn header(&self) -> Option<(&'static str, reqwest::header::HeaderValue)> {
        let value = format!("{}{}", self.prefix, self.secret.trim());
        let mut value = reqwest::header::HeaderValue::from_str(&value).ok()?;
        value.set_sensitive(true);
        Some((self.header, value))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}: …)", self.header)
    }
}
