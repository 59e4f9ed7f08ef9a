//! `gitlab`: GitLab's registry, listed and deleted through GitLab's API, version 4.
//!
//! GitLab lists tags by name alone: what each holds is asked for one by one. It deletes tags and collects what has none by
//! itself; it lists and deletes no manifest.
//!
//! | what | requests to GitLab's API | to the registry |
//! |---|---|---|
//! | [`list`](crate::inventory::Inventory::list) | one for 100 tags, and one a tag | a GET and a request for referrers a manifest |
//! | [`delete_tag`](crate::Prune::delete_tag) | one | – |
//! | [`delete_tag_if`](crate::provider::Provider::delete_tag_if) | two: it looks at the tag before | – |
//! | [`Projects::delete_matching`] | one, for any number of tags | – |
//! | all of them | at first, one for each part of the path that may be the project's, until it is found | – |
//!
//! The time that GitLab tells of a tag is that of the image's creation, as the image says, and no time of a push.
//!
//! An access token needs the scope `api`, and its user the role Developer to delete. A job's token
//! ([`Token::Job`]) reaches the registry of its own project alone.

mod document;
mod inventory;
mod ports;
mod projects;
mod refusal;

use std::fmt;

pub use self::document::Detail;
pub use self::projects::{Matching, Projects, Token};

/// GitLab's registry: `C` reads and writes, and GitLab's API lists and deletes.
///
/// ```no_run
/// use lockage_registry::client::{Client, Secret};
/// use lockage_registry::gitlab::{GitLab, Projects, Token};
/// use lockage_registry::inventory::Inventory as _;
/// # async fn run(token: Secret) -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder().docker_config()?.build()?;
/// let gitlab = GitLab::new(client.clone(), Projects::new(&client, Token::Access(token))?);
/// for tag in gitlab.list(&"registry.gitlab.com/acme/app".parse()?).await?.tags {
///     println!("{} {}", tag.name, tag.digest);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct GitLab<C> {
    registry: C,
    projects: Projects,
}

impl<C> GitLab<C> {
    /// Reads and writes with `registry`, and lists and deletes with `projects`.
    pub fn new(registry: C, projects: Projects) -> Self {
        Self { registry, projects }
    }

    /// The API.
    pub fn projects(&self) -> &Projects {
        &self.projects
    }
}

impl<C: fmt::Debug> fmt::Debug for GitLab<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitLab").field("registry", &self.registry).field("projects", &self.projects).finish()
    }
}

impl<C> fmt::Display for GitLab<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GitLab")
    }
}
