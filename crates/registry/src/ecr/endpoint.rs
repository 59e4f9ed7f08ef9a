//! `Endpoint`: where the API of a registry is, by the registry's name.

use lockage_tagging::Host;

use crate::{Error, ErrorKind, Result};

/// The API that answers for a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub(super) host: Host,
    pub(super) region: String,
    pub(super) account: Option<String>,
}

impl Endpoint {
    /// An API at a host, in a region, for the account that the keys belong to.
    #[must_use]
    pub fn new(host: Host, region: impl Into<String>) -> Self {
        Self { host, region: region.into(), account: None }
    }

    /// For the registry of this account, rather than the one that the keys belong to.
    #[must_use]
    pub fn with_account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Where the API is.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The same at another host: the address of an interface endpoint, or of a stand-in.
    #[must_use]
    pub fn at(self, host: Host) -> Self {
        Self { host, ..self }
    }

    /// The API of a private registry, `ACCOUNT.dkr.ecr[-fips].REGION.amazonaws.com[.cn]`: `api.ecr.REGION.amazonaws.com`, and
    /// `ecr-fips.REGION.amazonaws.com` for the FIPS one ("Amazon ECR endpoints and quotas").
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] for any other name.
    pub fn of(registry: &Host) -> Result<Self> {
        let other = || {
            Error::new(ErrorKind::Configuration, "find the API of", registry)
                .with_message("it is not the name of a private registry at Amazon ECR")
                .with_remedy("Write ACCOUNT.dkr.ecr.REGION.amazonaws.com, or name the API's host and region.")
        };
        let parts: Vec<&str> = registry.name().split('.').collect();
        let [account, "dkr", service, region, domain @ ..] = parts.as_slice() else { return Err(other()) };
        let api = match *service {
            "ecr" => "api.ecr",
            "ecr-fips" => "ecr-fips",
            _ => return Err(other()),
        };
        let known = matches!(domain, ["amazonaws", "com"] | ["amazonaws", "com", "cn"]);
        if !known || registry.port().is_some() || account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Err(other());
        }
        let host = format!("{api}.{region}.{}", domain.join(".")).parse().map_err(|e| other().with_source(e))?;
        Ok(Self::new(host, *region).with_account(*account))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_registry_says_where_its_api_is() {
        for (registry, expected) in [
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", Some(("api.ecr.eu-west-1.amazonaws.com", "eu-west-1"))),
            (
                "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
                Some(("ecr-fips.us-east-1.amazonaws.com", "us-east-1")),
            ),
            (
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
                Some(("api.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1")),
            ),
            ("public.ecr.aws", None),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", None),
            ("12345678901x.dkr.ecr.eu-west-1.amazonaws.com", None),
            ("ghcr.io", None),
        ] {
            let found = Endpoint::of(&registry.parse().unwrap()).ok();
            let found = found.as_ref().map(|found| {
                assert_eq!(found.account.as_deref(), Some("123456789012"));
                (found.host.as_str(), found.region.as_str())
            });
            assert_eq!(found, expected, "{registry}");
        }
    }
}
