//! Reading `[signers]`: keys and roots from their files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use lockage_promote::pipeline::documents::{Document, DocumentError, Parameters, TableProblem};
use serde::Deserialize;

use super::problem;
use crate::gate::{Signers, SignersError};
use crate::key::VerifyingKey;
use crate::policy::{PolicyError, TrustedKey};
use crate::trust::{Identity, TrustedRoot};

/// The largest file that is read, in bytes.
const MAX: u64 = 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    key: Option<PathBuf>,
    identity: Option<String>,
    identity_regexp: Option<String>,
    issuer: Option<String>,
    issuer_regexp: Option<String>,
    trusted_root: Option<PathBuf>,
    from: Option<String>,
    until: Option<String>,
}

/// Those that `takes` takes, by their names.
pub(super) fn signers(document: &Document, takes: impl Fn(&str) -> bool) -> Result<Signers, DocumentError> {
    let mut roots = Roots { folder: document.folder(), read: BTreeMap::new() };
    document.signers().filter(|(name, _)| takes(name)).try_fold(Signers::new(), |signers, (name, written)| {
        add(signers, name, written, &mut roots).map_err(|problem| document.signer_error(name, problem))
    })
}

fn add(signers: Signers, name: &str, written: &Parameters, roots: &mut Roots<'_>) -> Result<Signers, TableProblem> {
    let Written { key, identity, identity_regexp, issuer, issuer_regexp, trusted_root, from, until } =
        written.read()?;
    let is_key = key.is_some();
    let added = match (key, identity, identity_regexp) {
        (Some(file), None, None) if issuer.is_none() && issuer_regexp.is_none() => {
            let key = trusted_key(&roots.folder.join(file), from.as_deref(), until.as_deref())?;
            match trusted_root {
                Some(root) => signers.witnessed_key(name, key, roots.get(Some(&root))?),
                None => signers.trusted_key(name, key),
            }
        }
        (None, Some(identity), None) => {
            signers.identity(name, exact(identity, issuer, issuer_regexp)?, roots.get(trusted_root.as_deref())?)
        }
        (None, None, Some(pattern)) => {
            signers.identity(name, matching(&pattern, issuer, issuer_regexp)?, roots.get(trusted_root.as_deref())?)
        }
        _ => {
            return Err(problem(
                "a signer is a key, or an identity and its issuer, and one of them",
                "Write key = \"FILE\", or identity = \"…\" or identity-regexp = \"…\" with issuer = \"…\".",
            ));
        }
    };
    if !is_key && (from.is_some() || until.is_some()) {
        return Err(problem(
            "from and until are for keys",
            "A certificate says itself when it is valid; leave them out.",
        ));
    }
    added.map_err(|error: SignersError| problem(&error, error.remedy()))
}

fn trusted_key(file: &Path, from: Option<&str>, until: Option<&str>) -> Result<TrustedKey, TableProblem> {
    let key = VerifyingKey::from_pem(text(file)?)
        .map_err(|error| problem(format_args!("{}: {error}", file.display()), error.remedy()))?;
    let key = TrustedKey::new(key);
    let (from, until) = (time("from", from)?, time("until", until)?);
    if let (Some(from), Some(until)) = (from, until)
        && from >= until
    {
        return Err(problem("until is not after from", "The key would be believed at no time."));
    }
    let key = from.into_iter().fold(key, TrustedKey::from);
    Ok(until.into_iter().fold(key, TrustedKey::until))
}

fn exact(identity: String, issuer: Option<String>, pattern: Option<String>) -> Result<Identity, TableProblem> {
    match (issuer, pattern) {
        (Some(issuer), None) => Identity::exact(identity, issuer).map_err(refused),
        // The issuer that is given here is replaced.
        (None, Some(pattern)) => {
            Identity::exact(identity, &pattern).and_then(|identity| identity.issuer_matching(&pattern)).map_err(refused)
        }
        _ => Err(no_issuer()),
    }
}

fn matching(identity: &str, issuer: Option<String>, pattern: Option<String>) -> Result<Identity, TableProblem> {
    match (issuer, pattern) {
        (Some(issuer), None) => Identity::matching(identity, issuer).map_err(refused),
        (None, Some(pattern)) => {
            Identity::matching(identity, &pattern).and_then(|id| id.issuer_matching(&pattern)).map_err(refused)
        }
        _ => Err(no_issuer()),
    }
}

fn no_issuer() -> TableProblem {
    problem("an identity has an issuer or an issuer-regexp, and one of them", "Say who vouches for it: issuer = \"…\".")
}

fn refused(error: PolicyError) -> TableProblem {
    problem(&error, error.remedy())
}

/// Each file is read once, so that signers of one root have the same.
struct Roots<'a> {
    folder: &'a Path,
    read: BTreeMap<Option<PathBuf>, Arc<TrustedRoot>>,
}

impl Roots<'_> {
    fn get(&mut self, file: Option<&Path>) -> Result<Arc<TrustedRoot>, TableProblem> {
        let file = file.map(|file| self.folder.join(file));
        if let Some(root) = self.read.get(&file) {
            return Ok(Arc::clone(root));
        }
        let root = match &file {
            Some(file) => TrustedRoot::from_json(&text(file)?)
                .map_err(|error| problem(format_args!("{}: {error}", file.display()), "Give a trusted_root.json.")),
            None => TrustedRoot::public_good().map_err(|error| problem(&error, "Give a trusted-root.")),
        };
        let root = Arc::new(root?);
        self.read.insert(file, Arc::clone(&root));
        Ok(root)
    }
}

fn text(file: &Path) -> Result<String, TableProblem> {
    let unreadable = |why: String| {
        problem(
            format_args!("{} cannot be read: {why}", file.display()),
            "Files are taken from the folder of the document; see whether it is there.",
        )
    };
    let size = std::fs::metadata(file).map_err(|error| unreadable(error.to_string()))?.len();
    if size > MAX {
        return Err(unreadable(format!("it has {size} bytes, and at most {MAX} are read")));
    }
    std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))
}

fn time(key: &str, text: Option<&str>) -> Result<Option<SystemTime>, TableProblem> {
    let read = |text: &str| {
        text.parse::<jiff::Timestamp>()
            .map(SystemTime::from)
            .map_err(|error| problem(format_args!("{key}: {error}"), "Write 2027-01-31T00:00:00Z."))
    };
    text.map(read).transpose()
}
