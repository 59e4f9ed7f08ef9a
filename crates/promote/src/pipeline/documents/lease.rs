//! What a document says of leases: who gives them, for how long, and how long is waited for others.

use std::path::PathBuf;
use std::time::Duration;

use lockage_registry::{Registry, Repository};
use serde::Deserialize;

use super::values::duration;
use super::{Parameters, Surroundings, TableProblem};
#[cfg(feature = "ledger")]
use crate::pipeline::lease::FileLease;
use crate::pipeline::lease::{Leasing, NoLease, RegistryLease};
use crate::pipeline::step::Pace;

/// What a document says of leases.
#[derive(Clone, Debug)]
pub(super) struct LeaseRules {
    kind: Kind,
    ttl: Option<Duration>,
    wait: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Times {
    ttl: Option<String>,
    wait: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "kind", deny_unknown_fields)]
enum Kind {
    None {},
    #[cfg_attr(not(feature = "ledger"), expect(dead_code, reason = "nobody gives them here"))]
    File {
        folder: PathBuf,
    },
    Registry {
        repository: Repository,
    },
    #[cfg_attr(not(feature = "kubernetes"), expect(dead_code, reason = "nobody gives them here"))]
    Kubernetes {
        api: Option<String>,
        namespace: Option<String>,
        token_file: Option<PathBuf>,
        ca_file: Option<PathBuf>,
    },
}

impl LeaseRules {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, TableProblem> {
        let (times, kind) = parameters.split(&["ttl", "wait"]);
        let (Times { ttl, wait }, kind) = (times.read()?, kind.read()?);
        let time = |key: &str, text: Option<String>| text.map(|text| duration(key, &text)).transpose();
        let (ttl, wait) = (time("ttl", ttl)?, time("wait", wait)?);
        if ttl.is_some_and(|ttl| ttl < Duration::from_secs(3)) {
            return Err(TableProblem::parameters("ttl: a lease of less than three seconds ends while it is renewed"));
        }
        Ok(Self { kind, ttl, wait })
    }

    #[cfg_attr(
        not(any(feature = "ledger", feature = "kubernetes")),
        expect(unused_variables, reason = "neither folders nor accounts are looked at")
    )]
    pub(super) fn leasing(
        &self,
        surroundings: &Surroundings,
        registry: impl Registry + 'static,
        holder: &str,
        pace: impl Pace + Clone + 'static,
    ) -> Result<Leasing, TableProblem> {
        let leasing = match &self.kind {
            Kind::None {} => Leasing::new(NoLease, pace),
            #[cfg(feature = "ledger")]
            Kind::File { folder } => Leasing::new(FileLease::new(surroundings.path(folder), holder), pace),
            Kind::Registry { repository } => {
                Leasing::new(RegistryLease::new(registry, repository.clone(), holder, pace.clone()), pace)
            }
            #[cfg(feature = "kubernetes")]
            Kind::Kubernetes { api, namespace, token_file, ca_file } => {
                let cluster = cluster::Cluster { api, namespace, token_file, ca_file };
                Leasing::new(cluster.lease(surroundings, holder, pace.clone())?, pace)
            }
            #[cfg(not(all(feature = "ledger", feature = "kubernetes")))]
            other => return Err(TableProblem::parameters(format!("this program gives no such leases: {other:?}"))),
        };
        let leasing = match self.ttl {
            Some(ttl) => leasing.ttl(ttl),
            None => leasing,
        };
        Ok(match self.wait {
            Some(wait) => leasing.wait(wait),
            None => leasing,
        })
    }
}

#[cfg(feature = "kubernetes")]
mod cluster {
    //! Leases of a cluster; of the one that this runs in, where nothing else is said.

    use std::path::{Path, PathBuf};

    use super::super::{Surroundings, TableProblem};
    use crate::pipeline::http::{Api, Token};
    use crate::pipeline::lease::KubernetesLease;
    use crate::pipeline::step::Pace;

    /// Where every pod has the files of its service account.
    const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

    pub(super) struct Cluster<'a> {
        pub(super) api: &'a Option<String>,
        pub(super) namespace: &'a Option<String>,
        pub(super) token_file: &'a Option<PathBuf>,
        pub(super) ca_file: &'a Option<PathBuf>,
    }

    impl Cluster<'_> {
        pub(super) fn lease(
            &self,
            surroundings: &Surroundings,
            holder: &str,
            pace: impl Pace + 'static,
        ) -> Result<KubernetesLease, TableProblem> {
            let path = |given: &Option<PathBuf>, name: &str| match given {
                Some(path) => surroundings.path(path),
                None => Path::new(ACCOUNT).join(name),
            };
            let text = |path: PathBuf| {
                std::fs::read_to_string(&path)
                    .map_err(|error| TableProblem::parameters(format!("{}: {error}", path.display())))
            };
            let is_inside = self.api.is_none();
            let base = self.api.as_deref().unwrap_or("https://kubernetes.default.svc");
            let token = match (self.token_file, is_inside) {
                (None, false) => None,
                (file, _) => Some(Token::bearer(text(path(file, "token"))?)),
            };
            let api = match (self.ca_file, is_inside) {
                (None, false) => Api::new(base, token),
                (file, _) => Api::trusting(base, token, text(path(file, "ca.crt"))?.as_bytes()),
            };
            let api = api.map_err(|error| TableProblem::parameters(format!("api: {error}")))?;
            let namespace = match self.namespace {
                Some(namespace) => namespace.clone(),
                None if is_inside => text(path(&None, "namespace"))?.trim().to_owned(),
                None => return Err(TableProblem::parameters("namespace: whose leases they are is not said")),
            };
            Ok(KubernetesLease::new(api, namespace, holder, pace))
        }
    }
}
