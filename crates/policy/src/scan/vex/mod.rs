//! VEX: what somebody who should know says is not affected, whatever a scanner finds.

mod csaf;
mod cyclonedx;
mod openvex;
mod product_tree;

use jiff::Timestamp;
use lockage_tagging::Digest;
use serde::{Deserialize, Serialize};

use super::read::{node::Node, strict};
use super::{Finding, Format, Problem, Purl, ReadError};

pub(super) use self::csaf::read as read_csaf;
pub(super) use self::cyclonedx::read_analysis;
pub(super) use self::openvex::read as read_openvex;

/// A VEX document. Whether it is to be believed is the caller's to find out: its author is a word in it, and only a
/// signature proves one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Vex {
    /// The document it was read from.
    pub format: Format,
    /// Who says so.
    pub author: Option<String>,
    /// What is said.
    pub statements: Vec<VexStatement>,
}

/// What is said of a vulnerability in some products.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VexStatement {
    /// All names of the vulnerability.
    pub vulnerability: Vec<String>,
    /// Where it is said to be so, or not.
    pub products: Vec<Product>,
    /// What is said.
    pub status: VexStatus,
    /// Why.
    pub justification: String,
    /// When it was last said.
    pub at: Timestamp,
}

/// A package, an image, or packages in an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Product {
    /// The package URL. A product that has none is none that can be found.
    pub purl: Option<Purl>,
    /// Packages in it, if only these are meant.
    pub subcomponents: Vec<Option<Purl>>,
}

/// What is said of a vulnerability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VexStatus {
    /// It does no harm there.
    NotAffected,
    /// It is mended there.
    Fixed,
    /// It is there.
    Affected,
    /// Nobody knows yet.
    UnderInvestigation,
}

impl VexStatus {
    /// Whether a finding need not be minded: only what is known to be harmless, not what is being looked into.
    #[must_use]
    pub fn suppresses(self) -> bool {
        matches!(self, Self::NotAffected | Self::Fixed)
    }

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAffected => "not_affected",
            Self::Fixed => "fixed",
            Self::Affected => "affected",
            Self::UnderInvestigation => "under_investigation",
        }
    }
}

impl Vex {
    /// Reads OpenVEX, CSAF, or the analyses of a CycloneDX document.
    ///
    /// # Errors
    /// As [`read`](super::read); and where a statement lacks its products, its date, or its reason for not being
    /// affected, where CSAF says two things of one product, or is a draft.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        let value = strict::json(bytes, Format::LARGEST)?;
        let format = Format::of(&value)?;
        if bytes.len() > format.limit() {
            return Err(ReadError::new("", Problem::TooLarge { limit: format.limit() }).of(format));
        }
        let root = Node::root(&value);
        match format {
            Format::OpenVex => openvex::read(&root),
            Format::Csaf => csaf::read(&root),
            Format::CycloneDx => cyclonedx::read(&root),
            _ => Err(ReadError::new("", Problem::UnknownFormat)),
        }
        .map_err(|error| error.of(format))
    }
}

impl Product {
    /// Whether the finding, in an image that has one of these digests, is in this product.
    pub(super) fn covers(&self, finding: &Finding, digests: &[&Digest]) -> bool {
        let Some(purl) = &self.purl else { return false };
        let in_package = |wanted: &Purl| finding.package.purl.as_ref().is_some_and(|purl| purl.is_product(wanted));
        if purl.kind() != "oci" {
            // Which images hold a product that is no image, and has parts, is not said anywhere.
            return self.subcomponents.is_empty() && in_package(purl);
        }
        let this_image = purl.version().is_some_and(|version| digests.iter().any(|digest| digest.as_str() == version));
        let part = |part: &Option<Purl>| part.as_ref().is_some_and(in_package);
        this_image && (self.subcomponents.is_empty() || self.subcomponents.iter().any(part))
    }
}
