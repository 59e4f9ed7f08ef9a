//! `--sarif`: the SARIF that gates read, passed on to code scanning.

use std::io;
use std::path::{Path, PathBuf};

use lockage_policy::gate::documents::Disk;
use lockage_policy::gate::{Files, Listed};
use serde_json::{Value, json};

/// Files of this machine; what gates read of them in SARIF is written into a folder too, as it was but for its category.
#[derive(Clone, Debug)]
pub(super) struct PassedOn {
    into: Option<PathBuf>,
    below: PathBuf,
}

impl PassedOn {
    /// Passes on what is read below a folder, if there is somewhere to pass it on to.
    pub(super) fn new(below: &Path, into: Option<&Path>) -> Self {
        Self { into: into.map(Path::to_owned), below: below.to_owned() }
    }

    fn pass_on(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let Some(into) = &self.into else { return Ok(()) };
        let Ok(mut document) = serde_json::from_slice::<Value>(bytes) else { return Ok(()) };
        if document.get("version").and_then(Value::as_str) != Some("2.1.0") {
            return Ok(());
        }
        let Some(runs) = document.get_mut("runs").and_then(Value::as_array_mut) else { return Ok(()) };
        let name = name(path.strip_prefix(&self.below).unwrap_or(path));
        for run in runs.iter_mut().filter_map(Value::as_object_mut) {
            // One upload of a tool replaces that of the same category before it, and no other.
            run.entry("automationDetails").or_insert_with(|| json!({ "id": format!("lockage/{name}/") }));
        }
        std::fs::create_dir_all(into)?;
        std::fs::write(into.join(format!("{name}.sarif")), document.to_string())
    }
}

/// One name of a path: `reports/brakeman.sarif` is `reports-brakeman`.
fn name(path: &Path) -> String {
    let text = path.with_extension("").display().to_string();
    let plain: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    plain.trim_matches(['-', '.']).to_owned()
}

impl Files for PassedOn {
    fn read(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        let bytes = Disk.read(path, most)?;
        let unwritable = |error: io::Error| io::Error::new(error.kind(), format!("it cannot be passed on: {error}"));
        self.pass_on(path, &bytes).map_err(unwritable)?;
        Ok(bytes)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Listed>> {
        Disk.list(folder)
    }
}
