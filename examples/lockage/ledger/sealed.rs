//! `Sealed`: an export that is asked as a ledger. Its seals are checked, and nothing is added to it.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use lockage_promote::ledger::{Entry, ExportedLedger, History, Ledger, LedgerError, Recorded, Trust};
use lockage_promote::pipeline::Name;
use lockage_registry::Digest;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::OnceCell;

#[derive(Debug)]
pub(super) struct Sealed {
    file: PathBuf,
    trust: Trust,
    read: OnceCell<ExportedLedger>,
}

impl Sealed {
    pub(super) fn new(file: PathBuf, trust: Trust) -> Self {
        Self { file, trust, read: OnceCell::new() }
    }

    async fn read(&self) -> Result<&ExportedLedger, LedgerError> {
        let read = || async {
            let failed = |error: io::Error| LedgerError::Backend { what: "read", source: error.into() };
            ExportedLedger::read(BufReader::new(File::open(&self.file).map_err(failed)?), &self.trust, None).await
        };
        self.read.get_or_try_init(read).await
    }
}

/// Whether any line of a file has a seal: then it was exported, and whoever left others away is found out.
pub(super) fn is_sealed(file: &Path) -> io::Result<bool> {
    #[derive(Deserialize)]
    struct Line {
        #[serde(default)]
        seal: Option<IgnoredAny>,
    }
    for line in BufReader::new(File::open(file)?).split(b'\n') {
        // What is no line of a ledger is told by whoever reads it as one.
        if serde_json::from_slice::<Line>(&line?).is_ok_and(|line| line.seal.is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[async_trait]
impl History for Sealed {
    async fn entries(&self, image: Option<&Name>) -> Result<Vec<Recorded>, LedgerError> {
        self.read().await?.entries(image).await
    }
}

#[async_trait]
impl Ledger for Sealed {
    async fn append(&self, _: Entry) -> Result<Digest, LedgerError> {
        let why = format!("{}: it was exported, and nothing is added to it", self.file.display());
        Err(LedgerError::Backend { what: "append to", source: why.into() })
    }
}
