//! `Guard`: who may pull and push, so that the login of a client can be tried against a server in this process.

mod door;
mod issued;
mod rights;
mod tokens;

use std::fmt;
use std::hint::black_box;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

pub(super) use self::door::{Caller, Door};
use self::rights::Rights;
pub(super) use self::rights::needs;
pub(super) use self::tokens::PATH as TOKEN_PATH;

/// How long a token is good unless that is said otherwise.
const LIFE: Duration = Duration::from_secs(300);

/// Who may do what on a [`Server`](super::Server), and how a client says who it is.
///
/// A guard for tests and for one machine: users and passwords are given by the program, and a right counts for every
/// repository. There is no TLS here, so a password can be read by whoever is on the way.
///
/// ```
/// use lockage_registry::server::Guard;
///
/// let guard = Guard::bearer("robot", "correct horse").reader("guest", "guest").anonymous_pull();
/// assert!(!format!("{guard:?}").contains("horse"));
/// ```
#[derive(Clone)]
pub struct Guard {
    scheme: Scheme,
    users: Vec<User>,
    anonymous_pull: bool,
    life: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Basic,
    Bearer,
}

#[derive(Clone)]
struct User {
    name: String,
    /// A hash, so that all have one length, and comparing them tells nothing of a password by its time.
    password: [u8; 32],
    rights: Rights,
}

impl Guard {
    /// Each request carries name and password (RFC 7617). This user may do everything.
    ///
    /// Who lacks a right is answered 403 `DENIED`, and who is nobody 401.
    #[must_use]
    pub fn basic(user: impl Into<String>, password: &str) -> Self {
        Self::new(Scheme::Basic).user(user, password)
    }

    /// Each request carries a token from the server's own `/token` (distribution, "Token Authentication
    /// Specification" and "OAuth2 Token Authentication"). This user may do everything.
    ///
    /// A token holds the rights that were asked for, as far as the user has them. Without one that is good for the
    /// request, the answer is 401 with the scope that is wanted, and with the error `invalid_token` or
    /// `insufficient_scope` where a token was sent.
    #[must_use]
    pub fn bearer(user: impl Into<String>, password: &str) -> Self {
        Self::new(Scheme::Bearer).user(user, password)
    }

    /// One more user who may do everything: pull, push, delete.
    #[must_use]
    pub fn user(self, name: impl Into<String>, password: &str) -> Self {
        self.with(name.into(), password, Rights::ALL)
    }

    /// One more user, who may only pull.
    #[must_use]
    pub fn reader(self, name: impl Into<String>, password: &str) -> Self {
        self.with(name.into(), password, Rights::PULL)
    }

    /// Lets everybody pull: with [`bearer`](Self::bearer) by a token that is given without a password, as public
    /// registries do it. With [`basic`](Self::basic), clients that begin with a ping and have no password may give up
    /// there, as docker and skopeo do: by the refused ping all others learn that there are users.
    #[must_use]
    pub fn anonymous_pull(mut self) -> Self {
        self.anonymous_pull = true;
        self
    }

    /// How long a token is good; 300 s unless said otherwise. Clients are told in whole seconds.
    #[must_use]
    pub fn life(mut self, life: Duration) -> Self {
        self.life = life;
        self
    }

    fn new(scheme: Scheme) -> Self {
        Self { scheme, users: Vec::new(), anonymous_pull: false, life: LIFE }
    }

    fn with(mut self, name: String, password: &str, rights: Rights) -> Self {
        self.users.push(User { name, password: hash(password), rights });
        self
    }

    /// The user of this name and password. All are compared, whichever it is.
    fn find(&self, name: &str, password: &str) -> Option<&User> {
        let given = hash(password);
        self.users.iter().fold(None, |found, user| {
            let right = same(&user.password, &given) & (user.name == name);
            if right { Some(user) } else { found }
        })
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let users: Vec<_> = self.users.iter().map(|user| (&user.name, user.rights.to_string())).collect();
        f.debug_struct("Guard")
            .field("scheme", &self.scheme)
            .field("users", &users)
            .field("anonymous_pull", &self.anonymous_pull)
            .field("life", &self.life)
            .finish()
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Looks at every byte, wherever the first difference is.
fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    black_box(a.iter().zip(b).fold(0, |differences, (a, b)| differences | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_user_is_found_by_name_and_password_together() {
        let guard = Guard::basic("a", "one").reader("b", "two").user("b", "three");
        for (name, password, rights) in
            [("a", "one", "pull,push,delete"), ("b", "two", "pull"), ("b", "three", "pull,push,delete")]
        {
            assert_eq!(guard.find(name, password).unwrap().rights.to_string(), rights, "{name} {password}");
        }
        for (name, password) in [("a", "two"), ("b", "one"), ("", ""), ("a", ""), ("c", "one"), ("a", "one ")] {
            assert!(guard.find(name, password).is_none(), "{name} {password}");
        }
    }

    #[test]
    fn nothing_shows_a_password() {
        let shown = format!("{:?}", Guard::bearer("robot", "hunter2"));
        assert!(shown.contains("robot") && !shown.contains("hunter2"), "{shown}");
    }
}
