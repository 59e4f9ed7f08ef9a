//! `Clouds`: the clouds that the environment names, each for its own registries.

use std::sync::Arc;

use async_trait::async_trait;
use lockage_tagging::{Host, Repository};

use super::service::Service;
use super::{AssumedRole, AzureLogin, EcrLogin, GoogleLogin, identity};
use crate::client::{Client, CredentialProvider, Credentials};
use crate::{Error, ErrorKind, Result};

/// Logins to the registries of those clouds that the environment names, for the identity token that it has; none to any other
/// registry: [`FirstOf`](crate::client::FirstOf) asks somebody else for those.
///
/// | for | needed | may be set |
/// |---|---|---|
/// | `*.dkr.ecr.*.amazonaws.com` | `AWS_ROLE_ARN`, `AWS_REGION` (or `AWS_DEFAULT_REGION`) | `AWS_ROLE_SESSION_NAME`, `AWS_ENDPOINT_URL_STS` |
/// | `*.pkg.dev`, `*.gcr.io` | `GOOGLE_WORKLOAD_IDENTITY_PROVIDER` | `GOOGLE_SERVICE_ACCOUNT` |
/// | `*.azurecr.io` | `AZURE_CLIENT_ID`, `AZURE_TENANT_ID` | `AZURE_AUTHORITY_HOST` |
///
/// The identity token is the one in the file that `AWS_WEB_IDENTITY_TOKEN_FILE` or `AZURE_FEDERATED_TOKEN_FILE` names for that
/// cloud, else the one that GitHub gives a job with the permission `id-token: write`, else the one in `GITLAB_OIDC_TOKEN`.
#[derive(Clone, Debug)]
pub struct Clouds {
    role: Option<AssumedRole>,
    providers: Vec<Arc<dyn CredentialProvider>>,
}

impl Clouds {
    /// Reads the variables. Tokens are exchanged through the pools and limits of `client`. No request is made yet.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] where they name no cloud, or one of them by half; [`ErrorKind::Credentials`] where there is
    /// no identity token.
    pub fn from_variables(client: &Client, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let read = Variables { client, variable: &variable };
        let (role, google, azure) = (read.amazon()?, read.google()?, read.azure()?);
        let mut providers: Vec<Arc<dyn CredentialProvider>> = Vec::new();
        if let Some(role) = &role {
            providers.push(Arc::new(EcrLogin::new(client, role.clone())));
        }
        providers.extend(google.map(|login| Arc::new(login) as Arc<dyn CredentialProvider>));
        providers.extend(azure.map(|login| Arc::new(login) as Arc<dyn CredentialProvider>));
        if providers.is_empty() {
            return Err(Error::new(ErrorKind::Configuration, "log in to", "a cloud")
                .with_message("the environment names none")
                .with_remedy(
                    "Set AWS_ROLE_ARN and AWS_REGION, GOOGLE_WORKLOAD_IDENTITY_PROVIDER, or AZURE_CLIENT_ID and AZURE_TENANT_ID.",
                ));
        }
        Ok(Self { role, providers })
    }

    /// The role at Amazon, where the environment names one: ECR's own API takes its keys.
    #[must_use]
    pub fn role(&self) -> Option<&AssumedRole> {
        self.role.as_ref()
    }
}

#[async_trait]
impl CredentialProvider for Clouds {
    async fn credentials(&self, repository: &Repository) -> Result<Option<Credentials>> {
        for provider in &self.providers {
            if let Some(found) = provider.credentials(repository).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

struct Variables<'a> {
    client: &'a Client,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Variables<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    fn needed(&self, name: &'static str, beside: &str) -> Result<String> {
        self.get(name).ok_or_else(|| {
            Error::new(ErrorKind::Configuration, "read", name)
                .with_message(format_args!("the variable is not set, and {beside} is"))
                .with_remedy(format!("Set {name} too, or leave out {beside}."))
        })
    }

    fn identity(&self, files: &[&'static str]) -> Result<Arc<dyn super::IdentityToken>> {
        identity::of_environment(self.client, files, self.variable)
    }

    fn amazon(&self) -> Result<Option<AssumedRole>> {
        let Some(arn) = self.get("AWS_ROLE_ARN") else { return Ok(None) };
        let region = match self.get("AWS_REGION").or_else(|| self.get("AWS_DEFAULT_REGION")) {
            Some(region) => region,
            None => self.needed("AWS_REGION", "AWS_ROLE_ARN")?,
        };
        let identity = self.identity(&["AWS_WEB_IDENTITY_TOKEN_FILE"])?;
        let role = match self.get("AWS_ENDPOINT_URL_STS") {
            None => AssumedRole::new(self.client, identity, &arn, &region)?,
            Some(url) => AssumedRole::at(self.client, identity, &arn, &self.host("AWS_ENDPOINT_URL_STS", &url)?)?,
        };
        Ok(Some(match self.get("AWS_ROLE_SESSION_NAME") {
            Some(name) => role.with_session(name),
            None => role,
        }))
    }

    fn host(&self, name: &'static str, url: &str) -> Result<Host> {
        let (_, url) = Service::of_url(self.client, name, url)?;
        let host =
            format!("{}{}", url.host_str().unwrap_or_default(), url.port().map_or(String::new(), |p| format!(":{p}")));
        host.parse().map_err(|e| Error::new(ErrorKind::Configuration, "read", name).with_source(e))
    }

    fn google(&self) -> Result<Option<GoogleLogin>> {
        let Some(provider) = self.get("GOOGLE_WORKLOAD_IDENTITY_PROVIDER") else { return Ok(None) };
        let login = GoogleLogin::new(self.client, self.identity(&[])?, &provider)?;
        match self.get("GOOGLE_SERVICE_ACCOUNT") {
            Some(account) => login.impersonate(&account).map(Some),
            None => Ok(Some(login)),
        }
    }

    fn azure(&self) -> Result<Option<AzureLogin>> {
        if self.get("AZURE_CLIENT_ID").or_else(|| self.get("AZURE_TENANT_ID")).is_none() {
            return Ok(None);
        }
        let application = self.needed("AZURE_CLIENT_ID", "AZURE_TENANT_ID")?;
        let tenant = self.needed("AZURE_TENANT_ID", "AZURE_CLIENT_ID")?;
        let identity = self.identity(&["AZURE_FEDERATED_TOKEN_FILE"])?;
        let login = match self.get("AZURE_AUTHORITY_HOST") {
            None => AzureLogin::new(self.client, identity, &tenant, &application),
            Some(authority) => AzureLogin::at(self.client, identity, &tenant, &application, &authority),
        };
        login.map(Some)
    }
}
