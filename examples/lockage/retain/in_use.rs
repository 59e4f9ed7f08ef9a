//! What is in use and what is held, asked anew while a plan is carried out.

use std::error::Error;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use lockage_policy::apply::InUseNow;
use lockage_policy::facts::{FactsError, WhatRuns};
use lockage_policy::retain::{Facts, InUse, LegalHold};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Everybody who is asked.
#[derive(Debug, Default)]
pub(super) struct Asked {
    what_runs: Vec<Box<dyn WhatRuns>>,
    facts: Option<FactsFile>,
}

impl Asked {
    pub(super) fn and(mut self, one: Option<impl WhatRuns + 'static>) -> Self {
        self.what_runs.extend(one.map(|one| Box::new(one) as Box<dyn WhatRuns>));
        self
    }

    /// And a file of facts, which knows of holds as well.
    pub(super) fn and_facts(self, file: Option<PathBuf>) -> Self {
        let facts = file.map(FactsFile);
        Self { facts: facts.clone(), ..self }.and(facts)
    }
}

#[async_trait::async_trait]
impl InUseNow for Asked {
    async fn in_use(&self) -> Fallible<Vec<InUse>> {
        let mut all = Vec::new();
        for one in &self.what_runs {
            all.extend(one.in_use().await?);
        }
        Ok(all)
    }

    async fn holds(&self) -> Fallible<Vec<LegalHold>> {
        Ok(self.facts.as_ref().map(FactsFile::read).transpose()?.map(|facts| facts.holds).unwrap_or_default())
    }
}

/// What a file of facts says.
#[derive(Clone, Debug)]
struct FactsFile(PathBuf);

impl FactsFile {
    fn read(&self) -> Result<Facts, FactsError> {
        let read = || -> Fallible<Facts> { Ok(serde_json::from_slice(&std::fs::read(&self.0)?)?) };
        read().map_err(|source| FactsError::Unknown {
            who: self.0.display().to_string(),
            what: "no facts can be read there".to_owned(),
            source: Some(source),
        })
    }
}

impl WhatRuns for FactsFile {
    fn name(&self) -> &str {
        "facts"
    }

    fn in_use<'a>(&'a self) -> Pin<Box<dyn Future<Output = Result<Vec<InUse>, FactsError>> + Send + 'a>> {
        Box::pin(async move { Ok(self.read()?.in_use) })
    }
}
