//! `cloud`: short-lived credentials of a cloud, got for an identity token, so that nothing lasting is stored anywhere.
//!
//! | what | requests | lasts |
//! |---|---|---|
//! | [`ActionsIdentity`] | a GET to GitHub for each exchange | – |
//! | [`FileIdentity`], [`VariableIdentity`] | none | – |
//! | [`AssumedRole`]: the keys of a role at Amazon | a POST to STS | an hour |
//! | [`EcrLogin`]: a login to Amazon ECR | a POST to ECR's API for each region | twelve hours |
//! | [`GoogleLogin`]: a login to Artifact Registry | a POST to Google's STS, and one to IAM for a service account | an hour |
//! | [`AzureLogin`]: a login to Azure Container Registry | a POST to Microsoft Entra and one to the registry | three hours |
//!
//! [`Clouds`] picks those that the environment names.
//!
//! What lasts is got anew from ten minutes before it expires (half of its life at most), by whoever asks then, also in the
//! middle of a copy that takes longer; any number of callers wait for one exchange. Where the service is out of order then,
//! what is held is used while it lasts. Tokens go to https alone (plain http to loopback addresses); answers are read up
//! to 64 KiB; and no token is in any `Debug` output or error.

mod aws;
mod azure;
mod environment;
mod google;
mod identity;
mod kept;
mod refused;
mod service;

pub use aws::{AssumedRole, EcrLogin};
pub use azure::AzureLogin;
pub use environment::Clouds;
pub use google::GoogleLogin;
pub use identity::{ActionsIdentity, FileIdentity, IdentityToken, VariableIdentity};
