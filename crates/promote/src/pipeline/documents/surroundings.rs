//! `Surroundings`: the folder that a document's paths are taken from, and the environment variables that it names.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What gates and steps may read beside the document: files from a folder, and the environment variables that it names. A
/// document has no secrets itself; it names the variable that has one.
#[derive(Clone)]
#[must_use]
pub struct Surroundings {
    folder: PathBuf,
    variables: Option<Variables>,
}

impl Surroundings {
    /// Files from this folder, and no variables: gates and steps are made so that they are judged, and not so that they are
    /// asked.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), variables: None }
    }

    /// Variables too, by this.
    pub fn variables(self, variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { variables: Some(Arc::new(variables)), ..self }
    }

    /// A path, from the folder where it is a relative one.
    #[must_use]
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.join(path)
    }

    /// Whether variables are read at all.
    #[must_use]
    pub fn has_variables(&self) -> bool {
        self.variables.is_some()
    }

    /// The value of a variable; one that is empty has none.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        self.variables.as_ref()?(name).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("folder", &self.folder).finish_non_exhaustive()
    }
}
