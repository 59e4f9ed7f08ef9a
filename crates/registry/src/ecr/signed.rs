//! A request to the ECR API, signed: what goes with it.

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName};

use super::sigv4::Signable;
use super::{Endpoint, Keys};
use crate::Result;
use crate::client::Secret;
use crate::client::api::{self, Call};

const JSON: &str = "application/x-amz-json-1.1";

/// The headers of a call of this action.
pub(crate) fn signed(call: &Call, endpoint: &Endpoint, keys: &Keys, action: &str, now: Timestamp) -> Result<HeaderMap> {
    let target = format!("AmazonEC2ContainerRegistry_V20150921.{action}");
    let signable = Signable {
        method: call.method.as_str(),
        headers: vec![("content-type", JSON), ("host", endpoint.host.as_str()), ("x-amz-target", &target)],
        body: &call.body,
        region: &endpoint.region,
        service: "ecr",
    };
    let signed = signable.sign(keys, now);
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, api::sensitive(&Secret::new(signed.authorization))?);
    api::insert(&mut headers, call, CONTENT_TYPE, JSON)?;
    api::insert(&mut headers, call, HeaderName::from_static("x-amz-target"), &target)?;
    api::insert(&mut headers, call, HeaderName::from_static("x-amz-date"), &signed.date)?;
    if let Some(session) = &keys.session {
        headers.insert(HeaderName::from_static("x-amz-security-token"), api::sensitive(session)?);
    }
    Ok(headers)
}
