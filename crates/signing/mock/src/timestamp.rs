//! `TimestampAuthority`: tokens of RFC 3161, in DER by hand.

use std::time::SystemTime;

use crate::certificate::{self, ecdsa_with_sha256};
use crate::key::sha256;
use crate::{Key, der};

const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";

/// An authority that signs times.
#[derive(Debug)]
pub struct TimestampAuthority {
    key: Key,
    issuer_and_serial: Vec<u8>,
    /// Its certificate and the root, in DER.
    pub certificates: [Vec<u8>; 2],
}

/// What a token is asked to say. Every field can be made wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stamp {
    /// The SHA-256 of what is stamped.
    pub imprint: [u8; 32],
    /// The time that is said.
    pub time: SystemTime,
    /// The content of the request's nonce, in DER.
    pub nonce: Option<Vec<u8>>,
    /// Whether the certificate is in the token.
    pub certificate: bool,
    /// Whether the time has a fraction of a second, which RFC 3161 allows.
    pub fraction: bool,
}

impl Stamp {
    /// The stamp of these bytes at that time.
    #[must_use]
    pub fn of(message: &[u8], time: SystemTime) -> Self {
        Self { imprint: sha256(message), time, nonce: None, certificate: true, fraction: false }
    }

    /// Reads a `TimeStampReq`. None where it is none, or asks for another hash than SHA-256.
    pub(crate) fn asked(request: &[u8], time: SystemTime, fraction: bool) -> Option<Self> {
        let mut outer = request;
        let (_, mut body) = der::take(&mut outer)?;
        der::take(&mut body)?;
        let (_, mut imprint) = der::take(&mut body)?;
        let (_, algorithm) = der::take(&mut imprint)?;
        let (_, hash) = der::take(&mut imprint)?;
        if !algorithm.starts_with(&der::oid(SHA256)) {
            return None;
        }
        let mut stamp = Self { imprint: hash.try_into().ok()?, time, nonce: None, certificate: false, fraction };
        while let Some((tag, content)) = der::take(&mut body) {
            match tag {
                0x02 => stamp.nonce = Some(content.to_vec()),
                0x01 => stamp.certificate = content != [0],
                _ => {}
            }
        }
        Some(stamp)
    }
}

impl TimestampAuthority {
    /// A new authority.
    #[must_use]
    pub fn new() -> Self {
        let key = Key::p256();
        let (certificates, issuer_and_serial) = certificate::of_timestamps(&key);
        Self { key, issuer_and_serial, certificates }
    }

    /// The token by itself.
    #[must_use]
    pub fn token(&self, stamp: &Stamp) -> Vec<u8> {
        let sha256_id = der::sequence(&[der::oid(SHA256)]);
        let mut info = vec![
            der::integer(1),
            der::oid("1.3.6.1.4.1.57264.2"),
            der::sequence(&[sha256_id.clone(), der::octets(&stamp.imprint)]),
            der::unsigned(&sha256(&self.key.sign(&stamp.imprint))[..8]),
            der::generalized_time(stamp.time, stamp.fraction),
        ];
        info.extend(stamp.nonce.as_ref().map(|nonce| der::tlv(0x02, nonce)));
        let info = der::sequence(&info);
        let attribute = |oid, value: Vec<u8>| der::sequence(&[der::oid(oid), der::set_of(&[value])]);
        let certificate_id = der::sequence(&[der::octets(&sha256(&self.certificates[0]))]);
        let attributes = [
            attribute("1.2.840.113549.1.9.3", der::oid(TST_INFO)),
            attribute("1.2.840.113549.1.9.4", der::octets(&sha256(&info))),
            attribute("1.2.840.113549.1.9.16.2.47", der::sequence(&[der::sequence(&[certificate_id])])),
        ];
        let signature = self.key.sign(&der::set_of(&attributes));
        let signer = der::sequence(&[
            der::integer(1),
            self.issuer_and_serial.clone(),
            sha256_id.clone(),
            der::context(0, &der::sorted(&attributes)),
            ecdsa_with_sha256(),
            der::octets(&signature),
        ]);
        let mut content = vec![
            der::integer(3),
            der::set_of(&[sha256_id]),
            der::sequence(&[der::oid(TST_INFO), der::context(0, &der::octets(&info))]),
        ];
        if stamp.certificate {
            content.push(der::context(0, &self.certificates[0]));
        }
        content.push(der::set_of(&[signer]));
        der::sequence(&[der::oid(SIGNED_DATA), der::context(0, &der::sequence(&content))])
    }

    /// The whole answer: what a bundle keeps, and the old layout.
    #[must_use]
    pub fn response(&self, stamp: &Stamp) -> Vec<u8> {
        der::sequence(&[der::sequence(&[der::integer(0)]), self.token(stamp)])
    }

    /// Its certificate and the root, in PEM.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.certificates.iter().map(|certificate| der::pem("CERTIFICATE", certificate)).collect()
    }
}

impl Default for TimestampAuthority {
    fn default() -> Self {
        Self::new()
    }
}
