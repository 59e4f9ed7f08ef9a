//! Scanners that are run: each platform by its digest, and whatever they fail at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use lockage_policy::gate::{Scan, ScanGate, ScannedReports, Scanner};
use lockage_promote::GateError;
use lockage_registry::Reference;

use crate::world::{Built, World, asked, built, database, on, strict, undecided};

/// Answers for the manifests that it knows.
#[derive(Clone, Debug)]
pub(crate) struct Bench {
    reports: BTreeMap<String, Vec<u8>>,
    asked: Arc<Mutex<Vec<String>>>,
    knows_database: bool,
}

impl Bench {
    pub(crate) fn clean(built: &Built) -> Self {
        let report = |name| on(name, "clean.json").to_string().into_bytes();
        let reports = built.children.iter().map(|child| (child.manifest.to_string(), report(child))).collect();
        Self { reports, asked: Arc::default(), knows_database: true }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Scanner for Bench {
    fn name(&self) -> &str {
        "bench"
    }

    async fn scan(&self, image: &Reference, platform: &str) -> Result<Scan, GateError> {
        self.asked.lock().unwrap().push(format!("{image} {platform}"));
        let digest = image.digest().unwrap().to_string();
        let report = self.reports.get(&digest).ok_or("fatal: no such image")?.clone();
        let scan = Scan::new(report);
        Ok(if self.knows_database { scan.with_database(database()) } else { scan })
    }
}

#[tokio::test]
async fn a_scanner_that_fails_on_one_platform_decides_nothing() {
    let built = built(1);
    let (world, plan) = World::with(&built).await;
    let ask = async |bench: Bench| {
        undecided(asked(&ScanGate::new(strict()).reports(ScannedReports::new(bench)), &plan, &world.dev).await)
    };
    let arm64 = built.children[1].manifest.to_string();
    let mut missing = Bench::clean(&built);
    missing.reports.remove(&arm64);
    assert!(ask(missing).await.contains("fatal: no such image"));
    let mut empty = Bench::clean(&built);
    empty.reports.insert(arm64.clone(), Vec::new());
    assert!(ask(empty).await.contains("the document is empty"));
    let mut wrong = Bench::clean(&built);
    // The scanner did not hear of the platform, and scanned the other.
    wrong.reports.insert(arm64.clone(), on(&built.children[0], "clean.json").to_string().into_bytes());
    assert!(ask(wrong).await.contains("it was said to be of one platform, and says that it is of another"));
    let mut checks = Bench::clean(&built);
    let cst = br#"{"Pass": 1, "Fail": 0, "Total": 1, "Results": [{"Name": "user", "Pass": true}]}"#;
    checks.reports.insert(arm64, cst.to_vec());
    assert!(ask(checks).await.contains("a report of checks, and not of a scan"));
    let mut undated = Bench::clean(&built);
    undated.knows_database = false;
    assert!(ask(undated).await.contains("how old its vulnerability database was"));
}
