//! `config.json`: it is understood or refused, and no secret in it is in the error, in `Debug`, or in the origin.

#![no_main]

use base64::Engine as _;
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;
use lockage_registry::Repository;
use lockage_registry::client::{CredentialProvider as _, DockerConfig};
use serde_json::Value;

fuzz_target!(|text: &str| {
    let bytes = text.as_bytes();
    let read = DockerConfig::from_variables(|name| (name == "DOCKER_AUTH_CONFIG").then(|| text.into()));
    let document: Option<Value> = serde_json::from_slice(bytes).ok();
    let secrets = document.as_ref().map(secrets).unwrap_or_default();
    let hidden = |said: &str| assert!(!secrets.iter().any(|secret| said.contains(secret.as_str())), "{said}");
    let config = match read {
        Ok(config) => config,
        Err(refused) => {
            hidden(&format!("{refused} {refused:?}"));
            return;
        }
    };
    hidden(&format!("{config:?}"));
    // Programs that the file names are not run here.
    let names_programs =
        |document: &Value| document.get("credsStore").is_some() || document.get("credHelpers").is_some();
    if document.as_ref().is_none_or(names_programs) {
        return;
    }
    for repository in ["docker.io/library/alpine", "ghcr.io/acme/app", "localhost:5000/a"] {
        let repository: Repository = repository.parse().unwrap();
        match block_on(config.credentials(&repository)) {
            Ok(Some(found)) => hidden(&format!("{} {:?}", found.origin, found.login)),
            Ok(None) => {}
            Err(refused) => hidden(&format!("{refused} {refused:?}")),
        }
    }
});

/// Whatever stands where a secret does, and nowhere else; what is short would be found by chance.
fn secrets(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let entries = document.get("auths").and_then(Value::as_object).into_iter().flat_map(|auths| auths.values());
    for entry in entries {
        let field = |name| entry.get(name).and_then(Value::as_str).map(str::to_owned);
        found.extend(["password", "identitytoken", "registrytoken", "auth"].into_iter().filter_map(field));
        let decoded = field("auth").and_then(|auth| base64::engine::general_purpose::STANDARD.decode(auth).ok());
        let password = decoded.and_then(|pair| String::from_utf8(pair).ok());
        found.extend(password.and_then(|pair| pair.split_once(':').map(|(_, password)| password.to_owned())));
    }
    let elsewhere = visible(document);
    found.retain(|secret| {
        secret.len() >= 8
            && !elsewhere.iter().any(|text| text.contains(secret.as_str()))
            && !FIXED.contains(secret.as_str())
    });
    found
}

/// What may be shown: the keys of `auths` and the names of the users.
fn visible(document: &Value) -> Vec<String> {
    let Some(auths) = document.get("auths").and_then(Value::as_object) else { return Vec::new() };
    let mut texts = Vec::new();
    for (key, entry) in auths {
        texts.push(format!("{key} {key:?}"));
        texts.extend(entry.get("username").and_then(Value::as_str).map(|name| format!("{name} {name:?}")));
        let pair =
            entry.get("auth").and_then(Value::as_str).map(|a| base64::engine::general_purpose::STANDARD.decode(a));
        let pair = pair.and_then(|pair| String::from_utf8(pair.ok()?).ok());
        texts.extend(pair.and_then(|pair| pair.split_once(':').map(|(name, _)| format!("{name} {name:?}"))));
    }
    texts
}

/// The words of the messages themselves.
const FIXED: &str = "Password { username: password: Secret(…) IdentityToken(Secret(…)) Bearer(Secret(…)) \
    `auth` is not base64 `auth` is not text `auth` is not user:password read credentials from not docker's config.json at \
    line column Configuration DockerConfig { places: [] helper_timeout: DOCKER_AUTH_CONFIG";

// What it begins with, a line each (the escapes are those of printf).
//~ {"auths":{"https://index.docker.io/v1/":{"auth":"dXNlcjpodW50ZXIyMg=="},"ghcr.io":{"identitytoken":"hunter22-identity"},"localhost:5000":{"username":"u","password":"hunter22-password"}}}
//~ {"auths":{"ghcr.io":{"registrytoken":"hunter22-registry"},"docker.io":{"auth":"bm9jb2xvbi1zZWNyZXQ="}}}
//~ {"auths":{"ghcr.io":{}},"credsStore":"x","credHelpers":{"ghcr.io":"y"}}
//~ {"auths":{"ghcr.io":{"auth":5,"password":"hunter22-password"}}}
