//! The documents of cosign, Sigstore, DSSE and in-toto: read strictly, written byte for byte, no cryptography.
//!
//! What is read here comes from strangers. A field that is there twice, bytes behind the end, base64 that has a second
//! spelling: each is an error, because two readers could read two things in it.

mod base64;
mod bundle;
mod dsse;
mod error;
mod number;
mod payload;
mod predicate;
mod predicate_type;
mod rekor;
mod statement;
mod strict;

pub use bundle::{Bundle, Content, Material, MessageSignature};
pub use dsse::{Envelope, pae};
pub use error::FormatError;
pub use payload::SimpleSigning;
pub use predicate::{
    OpenVex, Provenance, Resource, Sbom, SbomFormat, TestResult, TestVerdict, TypedPredicate, Verification,
    VexStatement, VexStatus, VulnerabilityScan,
};
pub use predicate_type::PredicateType;
pub use rekor::{LogBundle, timestamp_token};
pub use statement::{Statement, StatementVersion, Subject};

pub(crate) use self::base64::{decode, encode};
#[cfg(feature = "bundle")]
pub(crate) use self::strict::has_one_reading;

/// Media types and annotations, as cosign writes them.
pub mod names {
    /// The layer of a signature in the old layout.
    pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
    /// The layer of an attestation in the old layout.
    pub const DSSE_ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
    /// The layer, and the artifact type, of a Sigstore bundle.
    pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
    /// What a DSSE envelope says of a payload that is an in-toto statement.
    pub const IN_TOTO: &str = "application/vnd.in-toto+json";

    /// Old layout, on the layer: the signature, in base64.
    pub const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
    /// Old layout, on the layer: the signer's certificate, in PEM.
    pub const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
    /// Old layout, on the layer: the certificates above it, in PEM.
    pub const CHAIN: &str = "dev.sigstore.cosign/chain";
    /// Old layout, on the layer: what Rekor answered, in JSON.
    pub const REKOR_BUNDLE: &str = "dev.sigstore.cosign/bundle";
    /// Old layout, on the layer: what a timestamp authority answered, in JSON.
    pub const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";
    /// Old layout, on the layer of an attestation: its predicate type.
    pub const PREDICATE_TYPE: &str = "predicateType";

    /// New layout, on the manifest: what the bundle has, `dsse-envelope` or `message-signature`.
    pub const BUNDLE_CONTENT: &str = "dev.sigstore.bundle.content";
    /// New layout, on the manifest: the predicate type of the statement.
    pub const BUNDLE_PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";
    /// New layout, on the manifest: when it was made.
    pub const CREATED: &str = "org.opencontainers.image.created";
}
