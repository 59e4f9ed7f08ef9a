//! `Rights`: what may be done in a repository, what a request needs, and the scopes that name both (distribution,
//! "Token Scope Documentation").

use std::collections::BTreeMap;
use std::fmt;

use http::Method;

use crate::server::query::Query;
use crate::server::route::Route;

/// The actions of a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::server) struct Rights {
    pull: bool,
    push: bool,
    delete: bool,
}

/// Rights by the path of a repository, as it is written.
pub(in crate::server) type Grants = BTreeMap<String, Rights>;

impl Rights {
    pub(super) const PULL: Self = Self { pull: true, push: false, delete: false };
    pub(super) const PUSH: Self = Self { pull: true, push: true, delete: false };
    pub(super) const DELETE: Self = Self { pull: false, push: false, delete: true };
    pub(super) const ALL: Self = Self { pull: true, push: true, delete: true };

    pub(super) fn covers(self, needed: Self) -> bool {
        self.and(needed) == needed
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self { pull: self.pull & other.pull, push: self.push & other.push, delete: self.delete & other.delete }
    }

    fn or(self, other: Self) -> Self {
        Self { pull: self.pull | other.pull, push: self.push | other.push, delete: self.delete | other.delete }
    }

    fn parse(actions: &str) -> Self {
        actions.split(',').fold(Self::default(), |rights, action| {
            rights.or(match action {
                "pull" => Self::PULL,
                "push" => Self { push: true, ..Self::default() },
                "delete" => Self::DELETE,
                "*" => Self::ALL,
                _ => Self::default(),
            })
        })
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [(self.pull, "pull"), (self.push, "push"), (self.delete, "delete")];
        let mut separator = "";
        for (_, name) in named.iter().filter(|(held, _)| *held) {
            write!(f, "{separator}{name}")?;
            separator = ",";
        }
        Ok(())
    }
}

/// What a request needs: nothing but a login where it names no repository.
pub(in crate::server) fn needs(route: &Route, method: &Method, query: &Query) -> Grants {
    let reading = *method == Method::GET || *method == Method::HEAD;
    let (name, rights) = match route {
        Route::Ping => return Grants::new(),
        Route::Tags { name } | Route::Referrers { name, .. } | Route::Blob { name, .. } => (name, Rights::PULL),
        Route::Manifest { name, .. } if reading => (name, Rights::PULL),
        Route::Manifest { name, .. } if *method == Method::DELETE => (name, Rights::DELETE),
        // Who begins an upload is told whether the blob is there.
        Route::Manifest { name, .. } | Route::Uploads { name } | Route::Upload { name, .. } => (name, Rights::PUSH),
    };
    let mut needs = Grants::from([(name.clone(), rights)]);
    // Content that may not be pulled may not be mounted either.
    if let (Route::Uploads { .. }, Some(_), Some(from)) = (route, query.get("mount"), query.get("from"))
        && !from.is_empty()
    {
        needs.entry(from.to_owned()).or_insert(Rights::PULL);
    }
    needs
}

/// The scopes that ask for all of this, separated by spaces.
pub(super) fn scopes(grants: &Grants) -> String {
    grants.iter().map(|(name, rights)| format!("repository:{name}:{rights}")).collect::<Vec<_>>().join(" ")
}

/// The rights that these scopes ask for, as far as `held` has them. What is no repository's scope asks for nothing.
pub(super) fn granted<'a>(scopes: impl Iterator<Item = &'a str>, held: Rights) -> Grants {
    let mut grants = Grants::new();
    for scope in scopes.flat_map(str::split_ascii_whitespace) {
        let Some((name, actions)) = scope.strip_prefix("repository:").and_then(|rest| rest.rsplit_once(':')) else {
            continue;
        };
        let rights = Rights::parse(actions).and(held);
        if rights != Rights::default() {
            let all: &mut Rights = grants.entry(name.to_owned()).or_default();
            *all = all.or(rights);
        }
    }
    grants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_added_up_and_cut_to_what_the_user_has() {
        let asked = [
            "repository:a/b:pull",
            "repository:a/b:push repository:c:*",
            "registry:catalog:*",
            "repository:d:sing",
            "x",
        ];
        let all = granted(asked.into_iter(), Rights::ALL);
        assert_eq!(scopes(&all), "repository:a/b:pull,push repository:c:pull,push,delete");
        let few = granted(asked.into_iter(), Rights::PULL);
        assert_eq!(scopes(&few), "repository:a/b:pull repository:c:pull");
        assert_eq!(granted([].into_iter(), Rights::ALL), Grants::new());
    }

    #[test]
    fn a_request_needs_what_it_does() {
        let upload = "/v2/a/blobs/uploads/";
        for (method, path, query, needed) in [
            (Method::GET, "/v2/", "", ""),
            (Method::GET, "/v2/a/manifests/v1", "", "repository:a:pull"),
            (Method::PUT, "/v2/a/manifests/v1", "", "repository:a:pull,push"),
            (Method::DELETE, "/v2/a/manifests/v1", "", "repository:a:delete"),
            (Method::HEAD, "/v2/a/blobs/x", "", "repository:a:pull"),
            (Method::GET, "/v2/a/tags/list", "", "repository:a:pull"),
            (Method::GET, "/v2/a/referrers/x", "", "repository:a:pull"),
            (Method::POST, upload, "", "repository:a:pull,push"),
            (Method::POST, upload, "mount=x&from=b%2Fc", "repository:a:pull,push repository:b/c:pull"),
            (Method::POST, upload, "mount=x&from=a", "repository:a:pull,push"),
            (Method::POST, upload, "mount=x&from=", "repository:a:pull,push"),
            (Method::DELETE, "/v2/a/blobs/uploads/id", "", "repository:a:pull,push"),
            (Method::GET, "/v2/a/blobs/uploads/id", "", "repository:a:pull,push"),
        ] {
            let needs = Route::parse(path).map(|route| needs(&route, &method, &Query::parse(Some(query))));
            assert_eq!(needs.as_ref().map(scopes).as_deref(), Some(needed), "{method} {path}?{query}");
        }
    }
}
