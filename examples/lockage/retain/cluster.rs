//! The cluster that is asked what runs in it.

use std::fs;
use std::path::{Path, PathBuf};

use lockage_policy::facts::Kubernetes;
use lockage_promote::pipeline::http::{Api, Token};

use crate::report::{Failure, Unusable};

/// Where every pod has the files of its service account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The API of the cluster that this runs in.
const INSIDE: &str = "https://kubernetes.default.svc";

#[derive(Clone, clap::Args)]
pub(super) struct Cluster {
    /// Ask the API of this Kubernetes cluster what runs, in all namespaces; `inside` for the one that this runs in.
    #[arg(long, value_name = "URL")]
    kubernetes: Option<String>,

    /// The token for it; that of the service account, inside.
    #[arg(long, value_name = "FILE", requires = "kubernetes")]
    kubernetes_token: Option<PathBuf>,

    /// The certificate authority to trust there; that of the service account, inside.
    #[arg(long, value_name = "FILE", requires = "kubernetes")]
    kubernetes_ca: Option<PathBuf>,
}

impl Cluster {
    /// The one that the arguments name.
    pub(super) fn open(&self) -> Result<Option<Kubernetes>, Failure> {
        let Some(api) = &self.kubernetes else { return Ok(None) };
        let is_inside = api == "inside";
        let base = if is_inside { INSIDE } else { api };
        let file = |given: &Option<PathBuf>, name: &str| match given {
            Some(file) => Some(file.clone()),
            None => is_inside.then(|| Path::new(ACCOUNT).join(name)),
        };
        let read = |file: PathBuf| {
            fs::read_to_string(&file).map_err(|error| Failure::usage(&Unusable::of(&file)(error.into())))
        };
        let token = file(&self.kubernetes_token, "token").map(read).transpose()?;
        let token = token.map(|token| Token::bearer(token.trim()));
        let api = match file(&self.kubernetes_ca, "ca.crt") {
            Some(file) => Api::trusting(base, token, read(file)?.as_bytes()),
            None => Api::new(base, token),
        };
        api.map(|api| Some(Kubernetes::new(api))).map_err(|error| Failure::usage(&error))
    }
}
