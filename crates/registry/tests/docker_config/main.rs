//! The files of docker and podman: which credentials are found for which repository, where they are looked for, and what
//! is said of a file or a helper that cannot be used.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod entries;
#[cfg(unix)]
mod helpers;
mod places;

use lockage_registry::client::{CredentialProvider, Login};

/// Who is logged in to `repository`, in a form that can be compared.
async fn login(provider: &dyn CredentialProvider, repository: &str) -> Option<String> {
    let found = provider.credentials(&repository.parse().unwrap()).await.unwrap()?;
    Some(match found.login {
        Login::Password { username, password } => format!("{username}/{}", password.expose()),
        Login::IdentityToken(token) => format!("identity {}", token.expose()),
        Login::Bearer(token) => format!("bearer {}", token.expose()),
        other => panic!("{other:?}"),
    })
}

/// All that an error says, with its causes and its remedy.
fn told(error: &lockage_registry::Error) -> String {
    let mut text = format!("{error} {error:?} {:?}", error.remedy());
    let mut cause = std::error::Error::source(error);
    while let Some(layer) = cause {
        text += &format!(" / {layer}");
        cause = layer.source();
    }
    text
}
