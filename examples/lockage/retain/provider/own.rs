//! Registries with an interface of their own, with the credentials that the environment has for each.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use lockage_registry::client::{Client, Secret};
use lockage_registry::cloud::AssumedRole;
use lockage_registry::docker_hub::{DockerHub, Tags};
use lockage_registry::ecr::{Ecr, Endpoint, Images, Keys};
use lockage_registry::ghcr::{Ghcr, Owner, Packages};
use lockage_registry::gitlab::{GitLab, Projects, Token};
use lockage_registry::harbor::{Artifacts, Harbor};
use lockage_registry::provider::Provider;
use lockage_registry::{Host, NameError, Registry};

use super::{Address, Hub, Interface, Kind, remembered};
use crate::clients::{self, Reach};
use crate::report::Failure;

/// A variable or an argument that is missing or makes no sense.
#[derive(Debug)]
struct Unset {
    name: &'static str,
    why: String,
}

impl fmt::Display for Unset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.why)
    }
}

impl Error for Unset {}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn unset(name: &'static str, why: &str) -> Failure {
    Failure::usage(&Unset { name, why: why.to_owned() })
}

fn address(name: &'static str) -> Result<Option<Address>, Failure> {
    let parse = |text: String| text.parse().map_err(|why: String| Failure::usage(&Unset { name, why }));
    variable(name).map(parse).transpose()
}

/// The registry at `host`, with its own interface.
pub(super) fn own(kind: Kind, host: &Host, interface: &Interface, reach: &Reach) -> Result<Hub, Failure> {
    let named = match (&interface.provider_api, kind) {
        (Some(named), _) => Some(named.clone()),
        (None, Kind::Ghcr) => address("GITHUB_API_URL")?,
        (None, Kind::Gitlab) => address("CI_API_V4_URL")?,
        (None, Kind::Ecr) => {
            address("AWS_ENDPOINT_URL_ECR")?.map_or_else(|| address("AWS_ENDPOINT_URL"), |it| Ok(Some(it)))?
        }
        (None, _) => None,
    };
    let usual = |name: &str| name.parse().map(Address::at).map_err(|error: NameError| Failure::usage(&error));
    let at = match (named, kind) {
        (Some(named), _) => named,
        (None, Kind::Ghcr) => usual("api.github.com")?,
        (None, Kind::DockerHub) => usual("hub.docker.com")?,
        (None, Kind::Gitlab) if host.as_str() == "registry.gitlab.com" => {
            Address { path: "api/v4".to_owned(), ..usual("gitlab.com")? }
        }
        (None, Kind::Gitlab) => {
            return Err(unset("CI_API_V4_URL", "say where GitLab's API is, here or by --provider-api"));
        }
        (None, Kind::Ecr) => Address::at(region(host)?.host().clone()),
        (None, _) => Address::at(host.clone()),
    };
    let role = if kind == Kind::Ecr { reach.role()? } else { None };
    let reach = if at.is_plain { &reach.with_plain_http(at.host.clone()) } else { reach };
    let client = clients::registries(reach, 8)?.client().clone();
    let registry = remembered(client.clone(), interface.manifests.as_deref());
    let own = provider(kind, host, &at, &client, Arc::clone(&registry), role)?;
    Ok(Hub { kind, is_any: false, registry, own: Some(own) })
}

/// The interface that `client` speaks, beside the distribution API of `registry`.
fn provider(
    kind: Kind,
    host: &Host,
    at: &Address,
    client: &Client,
    registry: Arc<dyn Registry>,
    role: Option<AssumedRole>,
) -> Result<Arc<dyn Provider>, Failure> {
    let failed = |error: lockage_registry::Error| Failure::usage(&error);
    if !at.path.is_empty() && !matches!(kind, Kind::Ghcr | Kind::Gitlab) {
        return Err(unset("--provider-api", "the interface of this kind of registry is at the root: write no path"));
    }
    Ok(match kind {
        Kind::Ghcr => {
            let token = variable("GITHUB_TOKEN").or_else(|| variable("GH_TOKEN"));
            let token =
                token.ok_or_else(|| unset("GITHUB_TOKEN", "set it to a token that may read and delete packages"))?;
            let packages = Packages::at(client, &at.host, &at.path, Owner::Either, Secret::new(token));
            Arc::new(Ghcr::new(registry, packages.map_err(failed)?))
        }
        Kind::Ecr => {
            let endpoint = region(host)?.at(at.host.clone());
            let images = match role {
                Some(role) => Images::new(client, endpoint, role),
                None => Images::new(client, endpoint, Keys::from_variables(variable).map_err(failed)?),
            };
            Arc::new(Ecr::new(registry, images.map_err(failed)?))
        }
        Kind::DockerHub => {
            let tags = Tags::at(client, &at.host).map_err(failed)?;
            Arc::new(DockerHub::new(registry, tags))
        }
        Kind::Gitlab => {
            let token = match (variable("GITLAB_TOKEN"), variable("CI_JOB_TOKEN")) {
                (Some(token), _) => Token::Access(Secret::new(token)),
                (None, Some(token)) => Token::Job(Secret::new(token)),
                (None, None) => {
                    return Err(unset("GITLAB_TOKEN", "set it, or CI_JOB_TOKEN, to a token for GitLab's API"));
                }
            };
            let projects = Projects::at(client, &at.host, &at.path, token).map_err(failed)?;
            Arc::new(GitLab::new(registry, projects))
        }
        // The kinds without an interface of their own never come here.
        _ => {
            let artifacts = Artifacts::new(client, &at.host).map_err(failed)?;
            Arc::new(Harbor::new(registry, artifacts))
        }
    })
}

/// What the name of a registry at Amazon says; the region of one that has another name is in the environment.
fn region(host: &Host) -> Result<Endpoint, Failure> {
    Endpoint::of(host).or_else(|error| {
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        region.map(|region| Endpoint::new(host.clone(), region)).ok_or_else(|| Failure::usage(&error))
    })
}
