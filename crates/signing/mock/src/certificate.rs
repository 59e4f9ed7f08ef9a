//! Certificates: the authority's own, and those that it issues, with the promise of a certificate log inside.

use std::time::{Duration, SystemTime};

use crate::Key;
use crate::der;
use crate::key::sha256;

const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

/// How long a certificate of Fulcio is valid.
pub const LIFETIME: Duration = Duration::from_secs(600);

/// Whom a certificate is for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Name {
    /// A person.
    Email(String),
    /// A workflow.
    Uri(String),
}

/// What a certificate log says about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Promise {
    /// That it will be listed.
    Good,
    /// Nothing.
    Absent,
    /// The promise is for another certificate.
    Forged,
    /// The promise is of a log that nobody trusts.
    OtherLog,
}

/// A certificate to be issued. Every field can be made wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The public key, as `SubjectPublicKeyInfo` in DER.
    pub public_key: Vec<u8>,
    /// Whom it is for.
    pub name: Name,
    /// Who vouched for that.
    pub issuer: String,
    /// From when it is valid.
    pub not_before: SystemTime,
    /// How long it is valid.
    pub lifetime: Duration,
    /// What the certificate log says.
    pub promise: Promise,
    /// Whether it may sign code.
    pub code_signing: bool,
    /// Fulcio's further extensions: the last number of the object identifier below 1.3.6.1.4.1.57264.1, and the text.
    pub claims: Vec<(u8, String)>,
}

/// A certificate that was issued.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Certificate {
    /// The certificate.
    pub der: Vec<u8>,
    /// The certificates above it in PEM, the root last.
    pub chain: String,
}

/// A certificate authority: a root, and the certificate that issues.
#[derive(Debug)]
pub struct Authority {
    key: Key,
    name: Vec<u8>,
    /// The certificate that issues, and the root, in DER.
    pub certificates: [Vec<u8>; 2],
}

impl Request {
    /// A certificate as Fulcio issues it now.
    #[must_use]
    pub fn new(key: &Key, name: Name, issuer: impl Into<String>) -> Self {
        Self {
            public_key: key.spki(),
            name,
            issuer: issuer.into(),
            not_before: SystemTime::now() - Duration::from_secs(1),
            lifetime: LIFETIME,
            promise: Promise::Good,
            code_signing: true,
            claims: Vec::new(),
        }
    }
}

impl Certificate {
    /// The certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        der::pem("CERTIFICATE", &self.der)
    }
}

impl Authority {
    /// A new authority, valid from a day ago for ten years.
    #[must_use]
    pub fn new() -> Self {
        let (root, key) = (Key::p256(), Key::p256());
        let (root_name, name) = (distinguished_name("sigstore"), distinguished_name("sigstore-intermediate"));
        let authority = |issuer: &Key, issuer_name: &[u8], subject: &Key, subject_name: &[u8], extra: Vec<Vec<u8>>| {
            let mut extensions = vec![
                extension("2.5.29.15", true, &key_usage(0x06, 1)),
                extension("2.5.29.19", true, &der::sequence(&[der::boolean(true)])),
                extension("2.5.29.14", false, &der::octets(&key_id(&subject.spki()))),
            ];
            extensions.extend(extra);
            let body = tbs(issuer_name, decade(), subject_name, &subject.spki(), &extensions);
            signed(&body, issuer)
        };
        let certificate = authority(&root, &root_name, &root, &root_name, Vec::new());
        let above = vec![authority_key_id(&root.spki()), extension("2.5.29.37", false, &purpose(CODE_SIGNING))];
        let intermediate = authority(&root, &root_name, &key, &name, above);
        Self { key, name, certificates: [intermediate, certificate] }
    }

    /// Issues a certificate whose promise `log` signs.
    #[must_use]
    pub fn issue(&self, request: &Request, log: &Key) -> Certificate {
        let name = match &request.name {
            Name::Email(email) => der::tlv(0x81, email.as_bytes()),
            Name::Uri(uri) => der::tlv(0x86, uri.as_bytes()),
        };
        let mut extensions = vec![extension("2.5.29.15", true, &key_usage(0x80, 7))];
        if request.code_signing {
            extensions.push(extension("2.5.29.37", false, &purpose(CODE_SIGNING)));
        }
        extensions.extend([
            extension("2.5.29.14", false, &der::octets(&key_id(&request.public_key))),
            authority_key_id(&self.key.spki()),
            extension("2.5.29.17", true, &der::sequence(&[name])),
            extension("1.3.6.1.4.1.57264.1.1", false, request.issuer.as_bytes()),
            extension("1.3.6.1.4.1.57264.1.8", false, &der::utf8(&request.issuer)),
        ]);
        for (number, text) in &request.claims {
            // The first seven are the bare text; the later ones are DER.
            let value = if *number < 8 { text.as_bytes().to_vec() } else { der::utf8(text) };
            extensions.push(extension(&format!("1.3.6.1.4.1.57264.1.{number}"), false, &value));
        }
        let validity = (request.not_before, request.not_before + request.lifetime);
        let body = |extensions: &[Vec<u8>], serial: &[u8]| {
            tbs_with(serial, &self.name, validity, &der::sequence(&[]), &request.public_key, extensions)
        };
        let serial = serial();
        if request.promise != Promise::Absent {
            let listed = body(&extensions, &serial);
            let promise = self.promise(&listed, request, log);
            extensions.push(extension("1.3.6.1.4.1.11129.2.4.2", false, &der::octets(&promise)));
        }
        let der = signed(&body(&extensions, &serial), &self.key);
        Certificate { der, chain: self.chain_pem() }
    }

    /// The certificate that issues and the root, in PEM.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.certificates.iter().map(|certificate| der::pem("CERTIFICATE", certificate)).collect()
    }

    /// The list of one promise (RFC 6962, sections 3.2 and 3.3).
    fn promise(&self, listed: &[u8], request: &Request, log: &Key) -> Vec<u8> {
        let other = Key::p256();
        let log = if request.promise == Promise::OtherLog { &other } else { log };
        let since = request.not_before.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let time = (since.as_millis() as u64).to_be_bytes();
        let mut message = vec![0, 0];
        message.extend(time);
        message.extend([0, 1]);
        message.extend(sha256(&self.key.spki()));
        message.extend(&(listed.len() as u32).to_be_bytes()[1..]);
        message.extend(listed);
        message.extend([0, 0]);
        if request.promise == Promise::Forged {
            message.reverse();
        }
        let signature = log.sign(&message);
        let mut entry = vec![0];
        entry.extend(log.id());
        entry.extend(time);
        entry.extend([0, 0, 4, 3]);
        entry.extend((signature.len() as u16).to_be_bytes());
        entry.extend(signature);
        let one = [(entry.len() as u16).to_be_bytes().as_slice(), &entry].concat();
        [(one.len() as u16).to_be_bytes().as_slice(), &one].concat()
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

/// The certificates of a timestamp authority: its own, and its root. Also its own name and serial number, as a token names them.
pub(crate) fn of_timestamps(key: &Key) -> ([Vec<u8>; 2], Vec<u8>) {
    let root = Key::p256();
    let (root_name, name) = (distinguished_name("tsa-root"), distinguished_name("tsa"));
    let above = [
        extension("2.5.29.15", true, &key_usage(0x06, 1)),
        extension("2.5.29.19", true, &der::sequence(&[der::boolean(true)])),
        extension("2.5.29.14", false, &der::octets(&key_id(&root.spki()))),
    ];
    let own = [
        extension("2.5.29.15", true, &key_usage(0x80, 7)),
        extension("2.5.29.37", true, &purpose(TIME_STAMPING)),
        extension("2.5.29.14", false, &der::octets(&key_id(&key.spki()))),
        authority_key_id(&root.spki()),
    ];
    let serial = serial();
    let root_certificate = signed(&tbs(&root_name, decade(), &root_name, &root.spki(), &above), &root);
    let certificate = signed(&tbs_with(&serial, &root_name, decade(), &name, &key.spki(), &own), &root);
    ([certificate, root_certificate], der::sequence(&[root_name, der::unsigned(&serial)]))
}

pub(crate) fn ecdsa_with_sha256() -> Vec<u8> {
    der::sequence(&[der::oid("1.2.840.10045.4.3.2")])
}

fn decade() -> (SystemTime, SystemTime) {
    let day = Duration::from_secs(86_400);
    (SystemTime::now() - day, SystemTime::now() + day * 3650)
}

fn serial() -> Vec<u8> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("random bytes");
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    bytes.to_vec()
}

fn distinguished_name(common: &str) -> Vec<u8> {
    let attribute = |oid, text| der::set_of(&[der::sequence(&[der::oid(oid), der::utf8(text)])]);
    der::sequence(&[attribute("2.5.4.10", "sigstore.mock"), attribute("2.5.4.3", common)])
}

fn tbs(
    issuer: &[u8],
    validity: (SystemTime, SystemTime),
    subject: &[u8],
    key: &[u8],
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    tbs_with(&serial(), issuer, validity, subject, key, extensions)
}

fn tbs_with(
    serial: &[u8],
    issuer: &[u8],
    validity: (SystemTime, SystemTime),
    subject: &[u8],
    key: &[u8],
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    der::sequence(&[
        der::context(0, &der::integer(2)),
        der::unsigned(serial),
        ecdsa_with_sha256(),
        issuer.to_vec(),
        der::sequence(&[der::utc_time(validity.0), der::utc_time(validity.1)]),
        subject.to_vec(),
        key.to_vec(),
        der::context(3, &der::sequence(extensions)),
    ])
}

fn signed(body: &[u8], key: &Key) -> Vec<u8> {
    der::sequence(&[body.to_vec(), ecdsa_with_sha256(), der::bits(&key.sign(body))])
}

fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![der::oid(oid)];
    if critical {
        parts.push(der::boolean(true));
    }
    parts.push(der::octets(value));
    der::sequence(&parts)
}

fn key_usage(bits: u8, unused: u8) -> Vec<u8> {
    der::tlv(0x03, &[unused, bits])
}

fn purpose(oid: &str) -> Vec<u8> {
    der::sequence(&[der::oid(oid)])
}

fn key_id(spki: &[u8]) -> Vec<u8> {
    sha256(spki)[..20].to_vec()
}

fn authority_key_id(spki: &[u8]) -> Vec<u8> {
    extension("2.5.29.35", false, &der::sequence(&[der::tlv(0x80, &key_id(spki))]))
}
