//! `Access`: what a request needs to be allowed, in the words of token servers (distribution, "Token Scope
//! Documentation").

use std::fmt;

use lockage_tagging::Repository;

/// What a request needs to be allowed: the repository whose credentials are used, and the scopes of its token.
#[derive(Clone, Debug)]
pub(in crate::client) struct Access {
    pub(in crate::client) repository: Repository,
    /// Destination first, then the repository to mount from: some token servers grant only the first.
    pub(super) scopes: Vec<Scope>,
}

/// Some actions on one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    path: String,
    actions: &'static [&'static str],
}

impl Access {
    pub(in crate::client) fn pull(repo: &Repository) -> Self {
        Self::to(repo, &["pull"])
    }

    pub(in crate::client) fn push(repo: &Repository) -> Self {
        Self::to(repo, &["pull", "push"])
    }

    pub(in crate::client) fn delete(repo: &Repository) -> Self {
        Self::to(repo, &["delete"])
    }

    pub(in crate::client) fn and_pull(mut self, other: &Repository) -> Self {
        if *other != self.repository {
            self.scopes.push(Scope { path: other.path().to_owned(), actions: &["pull"] });
        }
        self
    }

    fn to(repo: &Repository, actions: &'static [&'static str]) -> Self {
        Self { repository: repo.clone(), scopes: vec![Scope { path: repo.path().to_owned(), actions }] }
    }

    /// The scopes as one text, as an OAuth2 request and an error want them.
    pub(super) fn scope_list(&self) -> String {
        self.scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

impl Scope {
    fn covers(&self, wanted: &Self) -> bool {
        self.path == wanted.path && wanted.actions.iter().all(|action| self.actions.contains(action))
    }
}

/// Whether a token for the scopes `held` should do where one for `wanted` is needed.
pub(super) fn covers(held: &[Scope], wanted: &[Scope]) -> bool {
    wanted.iter().all(|wanted| held.iter().any(|held| held.covers(wanted)))
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "repository:{}:{}", self.path, self.actions.join(","))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_token_does_for_a_narrower_need() {
        let repo = |text: &str| text.parse::<Repository>().unwrap();
        let (app, base) = (repo("r.example/app"), repo("r.example/base"));
        let mount = Access::push(&app).and_pull(&base);
        assert_eq!(mount.scope_list(), "repository:app:pull,push repository:base:pull");
        assert_eq!(Access::push(&app).and_pull(&app).scope_list(), "repository:app:pull,push");
        for (held, wanted, does) in [
            (&Access::push(&app), &Access::pull(&app), true),
            (&Access::pull(&app), &Access::push(&app), false),
            (&mount, &Access::push(&app), true),
            (&mount, &Access::pull(&app), true),
            (&Access::push(&app), &mount, false),
            (&Access::push(&app), &Access::delete(&app), false),
            (&Access::push(&base), &Access::pull(&app), false),
        ] {
            assert_eq!(covers(&held.scopes, &wanted.scopes), does, "{held:?} {wanted:?}");
        }
    }
}
