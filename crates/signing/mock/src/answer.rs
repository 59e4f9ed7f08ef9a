//! Answers: what each service says to a request, without HTTP.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::certificate::Request;
use crate::text::unbase64;
use crate::timestamp::Stamp;
use crate::token::ACTIONS_ISSUER;
use crate::{Key, Sigstore, der, key};

/// An answer: its status, its headers and its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type", kind.to_owned())], body: body.into() }
    }

    pub(crate) fn refused(status: u16, why: &str) -> Self {
        Self::new(status, "application/json", json!({ "code": status, "message": why }).to_string())
    }
}

/// Fulcio's two ways to ask for a certificate.
pub(crate) fn certificate(sigstore: &Sigstore, v2: bool, authorization: &str, body: &[u8]) -> Answer {
    match issue(sigstore, v2, authorization, body) {
        Ok(answer) => answer,
        Err((status, why)) => Answer::refused(status, why),
    }
}

fn issue(sigstore: &Sigstore, v2: bool, authorization: &str, body: &[u8]) -> Result<Answer, (u16, &'static str)> {
    let malformed = |why| (400, why);
    let asked: Value = serde_json::from_slice(body).map_err(|_| malformed("the request is no JSON"))?;
    let at = |path: &str| asked.pointer(path).and_then(Value::as_str);
    let bearer = authorization.get(7..).unwrap_or_default();
    let token = at("/credentials/oidcIdentityToken").unwrap_or(bearer);
    let who = sigstore.tokens.read(token).map_err(|why| (401, why))?;
    let (spki, proof) = if v2 {
        let pem = at("/publicKeyRequest/publicKey/content").ok_or(malformed("there is no public key"))?;
        (der::unpem(pem), at("/publicKeyRequest/proofOfPossession"))
    } else {
        let content = at("/publicKey/content").and_then(unbase64).ok_or(malformed("there is no public key"))?;
        let spki =
            if content.starts_with(b"-----") { der::unpem(&String::from_utf8_lossy(&content)) } else { Some(content) };
        (spki, at("/signedEmailAddress"))
    };
    let spki = spki.ok_or(malformed("the public key is none"))?;
    let proof = proof.and_then(unbase64).ok_or(malformed("there is no proof of possession"))?;
    if !key::verifies(&spki, who.challenge.as_bytes(), &proof) {
        return Err(malformed("the proof of possession is not that of the public key"));
    }
    let placeholder = Key::p256();
    let mut request = Request::new(&placeholder, who.name, who.issuer);
    request.public_key = spki;
    request.claims = who.claims;
    let issued = sigstore.certify(&request);
    if !v2 {
        let chain = issued.pem() + &issued.chain;
        return Ok(Answer::new(201, "application/pem-certificate-chain", chain));
    }
    let above = sigstore.authority.certificates.iter().map(|certificate| der::pem("CERTIFICATE", certificate));
    let certificates: Vec<String> = std::iter::once(issued.pem()).chain(above).collect();
    let answer = json!({ "signedCertificateEmbeddedSct": { "chain": { "certificates": certificates } } });
    Ok(Answer::new(200, "application/json", answer.to_string()))
}

/// `POST /api/v1/log/entries`.
pub(crate) fn log_v1(sigstore: &Sigstore, url: &str, body: &[u8]) -> Answer {
    let Ok(asked) = serde_json::from_slice::<Value>(body) else {
        return Answer::refused(400, "the entry is no JSON");
    };
    let at = |path: &str| asked.pointer(path).and_then(Value::as_str);
    let now = SystemTime::now();
    let entry = match at("/kind") {
        Some("hashedrekord") => (|| {
            let hash = unhex(at("/spec/data/hash/value")?)?;
            let signature = unbase64(at("/spec/signature/content")?)?;
            let verifier = String::from_utf8(unbase64(at("/spec/signature/publicKey/content")?)?).ok()?;
            Some(sigstore.log_signature(&hash, &signature, &verifier, now))
        })(),
        Some("dsse") => (|| {
            let envelope = at("/spec/proposedContent/envelope")?;
            let verifier = String::from_utf8(unbase64(at("/spec/proposedContent/verifiers/0")?)?).ok()?;
            sigstore.log_envelope(envelope, &verifier, now)
        })(),
        _ => return Answer::refused(400, "the kind of the entry is unknown here"),
    };
    let Some(entry) = entry else {
        return Answer::refused(400, "the entry lacks a field");
    };
    let mut answer = Answer::new(201, "application/json", entry.to_v1().to_string());
    answer.headers.push(("etag", entry.uuid()));
    answer.headers.push(("location", format!("{url}/api/v1/log/entries/{}", entry.uuid())));
    answer
}

/// `POST /api/v2/log/entries`.
pub(crate) fn log_v2(sigstore: &Sigstore, body: &[u8]) -> Answer {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let field = |name: &str| asked.pointer(&format!("/hashedRekordRequestV002/{name}"));
    match (field("digest"), field("signature")) {
        (Some(digest), Some(signature)) => {
            let entry = sigstore.log_v2_as_asked(digest, signature).to_bundle();
            Answer::new(201, "application/json", entry.to_string())
        }
        _ => Answer::refused(400, "the entry is no hashedRekordRequestV002"),
    }
}

/// `POST /api/v1/timestamp`.
pub(crate) fn timestamp(sigstore: &Sigstore, body: &[u8], fraction: bool) -> Answer {
    match Stamp::asked(body, SystemTime::now(), fraction) {
        Some(stamp) => Answer::new(201, "application/timestamp-reply", sigstore.timestamps.response(&stamp)),
        None => Answer::refused(400, "the request is no TimeStampReq over SHA-256"),
    }
}

/// What a workflow asks for its token, with the token that the runner gave it.
pub(crate) fn actions(sigstore: &Sigstore, expected: &str, authorization: &str, query: &str) -> Answer {
    if authorization.get(7..).is_none_or(|token| token != expected) {
        return Answer::refused(401, &format!("{ACTIONS_ISSUER} does not know this runner"));
    }
    let audience = query.split('&').find_map(|pair| pair.strip_prefix("audience=")).unwrap_or("acme");
    let token = sigstore.tokens.workflow(audience);
    Answer::new(200, "application/json", json!({ "count": token.len(), "value": token }).to_string())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
