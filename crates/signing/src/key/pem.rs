//! PEM (RFC 7468), read within a limit and wiped, and written with line feeds.

use pem_rfc7468::LineEnding;
use zeroize::Zeroizing;

use super::KeyError;

/// The most that is read of a file, in bytes; an RSA key of 8192 bits under a password has 9 KiB.
pub(super) const MAX_BYTES: usize = 32 * 1024;

/// What `openssl ecparam -genkey` writes before the key that repeats it.
const PARAMETERS_END: &[u8] = b"-----END EC PARAMETERS-----";

/// The label and the content of the one document in `pem`.
pub(super) fn read<'a>(what: &'static str, pem: &'a [u8]) -> Result<(&'a str, Zeroizing<Vec<u8>>), KeyError> {
    let pem = one(what, pem)?;
    let (label, content) = pem_rfc7468::decode_vec(pem).map_err(|error| unreadable(what, error))?;
    Ok((label, Zeroizing::new(content)))
}

/// The label of the one document in `pem`.
pub(super) fn label<'a>(what: &'static str, pem: &'a [u8]) -> Result<&'a str, KeyError> {
    pem_rfc7468::decode_label(one(what, pem)?).map_err(|error| unreadable(what, error))
}

/// The document of this label and content.
pub(super) fn write(what: &'static str, label: &str, content: &[u8]) -> Result<Zeroizing<String>, KeyError> {
    let pem = pem_rfc7468::encode_string(label, LineEnding::LF, content).map_err(|_| KeyError::Failed { what })?;
    Ok(Zeroizing::new(pem))
}

fn one<'a>(what: &'static str, pem: &'a [u8]) -> Result<&'a [u8], KeyError> {
    if pem.len() > MAX_BYTES {
        return Err(KeyError::TooLarge { what, limit: MAX_BYTES });
    }
    let pem = pem.trim_ascii();
    if !pem.starts_with(b"-----BEGIN EC PARAMETERS-----") {
        return Ok(pem);
    }
    let parameters = pem.windows(PARAMETERS_END.len()).position(|window| window == PARAMETERS_END);
    Ok(parameters.and_then(|at| pem.get(at + PARAMETERS_END.len()..)).map_or(pem, <[u8]>::trim_ascii))
}

fn unreadable(what: &'static str, error: pem_rfc7468::Error) -> KeyError {
    KeyError::Malformed { what, why: format!("no PEM document: {error}") }
}
