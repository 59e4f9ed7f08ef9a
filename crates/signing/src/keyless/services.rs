//! `Services`: which Fulcio, Rekor and timestamp authority sign.

use sigstore_sign::trust_root::{
    SIGSTORE_PRODUCTION_SIGNING_CONFIG, ServiceConfiguration, ServiceEndpoint, ServiceSelector, SigningConfig,
};

use super::endpoint::Endpoint;
use super::{KeylessError, Service};

/// Which services sign: a certificate authority, a transparency log, and perhaps a timestamp authority.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Services {
    pub(super) fulcio: Endpoint,
    pub(super) rekor: Endpoint,
    pub(super) version: RekorVersion,
    pub(super) timestamps: Option<Endpoint>,
}

/// Which of its two protocols a log speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a third would be another protocol to write")]
pub enum RekorVersion {
    /// The log promises to take an entry, and when: all that the old layout can hold.
    V1,
    /// The log proves that it has the entry, and says nothing about the time: a timestamp authority does.
    V2,
}

impl Services {
    /// Fulcio and a log of version 1 at these addresses, and no timestamps.
    ///
    /// # Errors
    /// Where one of them is not https, nor on loopback.
    pub fn new(fulcio: &str, rekor: &str) -> Result<Self, KeylessError> {
        Ok(Self {
            fulcio: base(Service::Fulcio, fulcio)?,
            rekor: base(Service::Rekor, rekor)?,
            version: RekorVersion::V1,
            timestamps: None,
        })
    }

    /// Has this authority sign the time of every signature.
    ///
    /// # Errors
    /// Where it is not https, nor on loopback.
    pub fn timestamps(mut self, url: &str) -> Result<Self, KeylessError> {
        self.timestamps = Some(Endpoint::new(Service::Timestamp, url)?);
        Ok(self)
    }

    /// Logs at a log of version 2. It needs a timestamp authority, which is asked for here so that it cannot be forgotten.
    ///
    /// # Errors
    /// Where one of them is not https, nor on loopback.
    pub fn rekor_v2(mut self, rekor: &str, timestamps: &str) -> Result<Self, KeylessError> {
        self.rekor = base(Service::Rekor, rekor)?;
        self.version = RekorVersion::V2;
        self.timestamps(timestamps)
    }

    /// The services of a signing configuration (v0.2), as cosign's `--signing-config` reads it: of those that are valid now,
    /// the log with the highest version.
    ///
    /// # Errors
    /// What is no such configuration; one without a Fulcio or a log, or with a log of version 2 and no timestamps; and one
    /// that wants more than one log or authority to be asked.
    pub fn from_signing_config(json: &str) -> Result<Self, KeylessError> {
        Self::select(json, None)
    }

    /// The same with a log of this version, where the configuration names both.
    ///
    /// # Errors
    /// As [`from_signing_config`](Self::from_signing_config), and where there is no log of this version.
    pub fn from_signing_config_with(json: &str, version: RekorVersion) -> Result<Self, KeylessError> {
        Self::select(json, Some(version))
    }

    /// Sigstore's public instance, as it was when this crate was made. Nothing is fetched.
    ///
    /// Everything signed there is public for ever: who signed, when, and the digest.
    ///
    /// # Errors
    /// None that can happen: it is compiled in, and a test reads it.
    pub fn public_good() -> Result<Self, KeylessError> {
        Self::from_signing_config(SIGSTORE_PRODUCTION_SIGNING_CONFIG)
    }

    /// Which protocol the log speaks.
    #[must_use]
    pub fn version(&self) -> RekorVersion {
        self.version
    }

    /// Whether the old layout can be written: with the promise of a log of version 1.
    #[must_use]
    pub fn has_legacy(&self) -> bool {
        self.version == RekorVersion::V1
    }

    fn select(json: &str, version: Option<RekorVersion>) -> Result<Self, KeylessError> {
        let unusable = |why: String| KeylessError::Configuration { why };
        let config = SigningConfig::from_json(json).map_err(|error| unusable(error.to_string()))?;
        let number = version.map(|version| if version == RekorVersion::V1 { 1 } else { 2 });
        let (logs, stamps) = (config.eligible_rekor_urls(number), config.eligible_tsa_urls());
        one_will_do("logs", &config.rekor_tlog_config, &logs)?;
        if !config.tsa_urls.is_empty() {
            one_will_do("timestamp authorities", &config.tsa_config, &stamps)?;
        }
        let fulcio = config.fulcio_url().ok_or_else(|| unusable("it names no Fulcio that is valid now".to_owned()))?;
        let Some(log) = logs.first() else {
            return Err(unusable("it names no log that is valid now and that is spoken here".to_owned()));
        };
        let services = Self::new(&fulcio.url, &log.url)?;
        match (log.major_api_version, stamps.first()) {
            (2, Some(stamp)) => services.rekor_v2(&log.url, &stamp.url),
            (2, None) => Err(unusable("its log is Rekor v2, and it names no timestamp authority".to_owned())),
            (_, Some(stamp)) => services.timestamps(&stamp.url),
            // Once timestamps are asked for, a signature without one is not what was asked for.
            (_, None) if !config.tsa_urls.is_empty() => {
                Err(unusable("it names no timestamp authority that is valid now".to_owned()))
            }
            (_, None) => Ok(services),
        }
    }
}

/// Refuses a configuration that asks for several services to be used: one of each is.
fn one_will_do(
    what: &'static str,
    wanted: &ServiceConfiguration,
    eligible: &[&ServiceEndpoint],
) -> Result<(), KeylessError> {
    let will_do = match (wanted.selector, wanted.count) {
        (ServiceSelector::Any, _) | (ServiceSelector::Exact, Some(1)) => true,
        (ServiceSelector::All, _) => eligible.len() < 2,
        _ => false,
    };
    if will_do {
        return Ok(());
    }
    Err(KeylessError::Configuration { why: format!("it wants several {what}, and one is used") })
}

fn base(service: Service, url: &str) -> Result<Endpoint, KeylessError> {
    if url.contains(['?', '#']) {
        let url = url.split(['?', '#']).next().unwrap_or_default().to_owned();
        return Err(KeylessError::Url { service, url, why: "paths are added to it, so it can have no query" });
    }
    Endpoint::new(service, url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(logs: &[u8], stamps: &[&str], more: &str) -> String {
        let service = |url: &str, version: u8, end: &str| {
            format!(
                r#"{{"url":"{url}","majorApiVersion":{version},"validFor":{{"start":"2020-01-01T00:00:00Z"{end}}}}}"#
            )
        };
        let logs: Vec<_> =
            logs.iter().map(|version| service(&format!("https://log{version}.example"), *version, "")).collect();
        let stamps: Vec<_> = stamps.iter().map(|end| service("https://tsa.example/stamp", 1, end)).collect();
        format!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[{}],"rekorTlogUrls":[{}],"tsaUrls":[{}]{more}}}"#,
            service("https://fulcio.example", 1, ""),
            logs.join(","),
            stamps.join(",")
        )
    }

    #[test]
    fn the_newest_log_of_a_configuration_is_used_unless_another_is_asked_for() {
        let both = config(&[1, 2], &[""], "");
        let services = Services::from_signing_config(&both).unwrap();
        assert_eq!((services.version(), services.rekor.as_str()), (RekorVersion::V2, "https://log2.example"));
        assert!(!services.has_legacy());
        let services = Services::from_signing_config_with(&both, RekorVersion::V1).unwrap();
        assert_eq!((services.version(), services.rekor.as_str()), (RekorVersion::V1, "https://log1.example"));
        assert!(services.has_legacy() && services.timestamps.is_some());
        assert!(Services::from_signing_config(&config(&[1], &[], "")).unwrap().timestamps.is_none());
    }

    #[test]
    fn a_configuration_that_cannot_be_fulfilled_is_refused() {
        const ENDED: &str = r#","end":"2021-01-01T00:00:00Z""#;
        let cases = [
            ("{}".to_owned(), "mediaType"),
            (config(&[], &[""], ""), "no log"),
            (config(&[3], &[""], ""), "no log"),
            (config(&[2], &[], ""), "no timestamp authority"),
            (config(&[2], &[ENDED], ""), "no timestamp authority"),
            (config(&[1], &[ENDED], ""), "no timestamp authority"),
            (config(&[1], &[], r#","rekorTlogConfig":{"selector":"EXACT","count":2}"#), "several logs"),
            (config(&[1, 2], &[""], r#","rekorTlogConfig":{"selector":"ALL"}"#), "several logs"),
            (config(&[1], &[""], r#","tsaConfig":{"selector":"EXACT"}"#), "several timestamp"),
        ];
        for (json, expected) in cases {
            let error = Services::from_signing_config(&json).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error} does not say {expected}");
        }
        Services::from_signing_config_with(&config(&[1], &[], ""), RekorVersion::V2).unwrap_err();
        let plain = config(&[1], &[], "").replace("https://fulcio", "http://fulcio");
        assert!(matches!(Services::from_signing_config(&plain), Err(KeylessError::Url { .. })));
    }

    #[test]
    fn the_public_instance_can_be_used() {
        let services = Services::public_good().unwrap();
        assert_eq!(services.fulcio.as_str(), "https://fulcio.sigstore.dev");
        assert!(services.timestamps.is_some());
    }
}
