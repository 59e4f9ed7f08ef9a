//! `Owner`: whose packages they are, which the Packages API wants to be told in its paths.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

/// Whose packages they are: the first part of a repository's path is the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Owner {
    /// An organization.
    Organization,
    /// A user.
    User,
    /// The user whose token is used, whatever the name.
    Myself,
    /// An organization or a user: GitHub is asked which, by one request a name.
    Either,
}

/// What GitHub said of names.
#[derive(Clone, Debug, Default)]
pub(super) struct Owners(Arc<Mutex<HashMap<String, Owner>>>);

impl Owners {
    pub(super) fn of(&self, name: &str) -> Option<Owner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    pub(super) fn learn(&self, name: &str, owner: Owner) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), owner);
    }
}

/// An account, as `GET /users/{name}` shows it; organizations, too (REST documentation, "Users").
#[derive(Deserialize)]
pub(super) struct Account {
    #[serde(rename = "type")]
    kind: String,
}

impl Account {
    pub(super) fn owner(&self) -> Owner {
        if self.kind == "Organization" { Owner::Organization } else { Owner::User }
    }
}
