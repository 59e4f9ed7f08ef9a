//! Two environments in memory, keys in a folder, and a document beside them.

use std::sync::Arc;
use std::time::SystemTime;

use lockage_promote::ledger::MemoryLedger;
use lockage_promote::pipeline::approval::approve;
use lockage_promote::pipeline::documents::{BuiltIn, Document, DocumentError, Factories, Format};
use lockage_promote::pipeline::{PromoteError, Promoter};
use lockage_promote::{Draft, NotCleared, Plan};
use lockage_registry::testing::fixtures;
use lockage_registry::{Digest, Memory, Repository};
use lockage_signing::documents::SigningGates;
use lockage_signing::gate::{KeySigner, Signers};
use lockage_signing::sign::{Layout, Predicate, Signing};
use lockage_signing::{KeyPair, Verifier as _};

pub(crate) const PEOPLE: [&str; 4] = ["alice", "bob", "release", "stranger"];

const GRAPH: &str = r#"
    [[environments]]
    name = "dev"
    repository = "dev.example/{image}"
    [[environments]]
    name = "prod"
    repository = "prod.example/{image}"
    floats = ["prod"]
    [[edges]]
    from = "dev"
    to = "prod"
    gates = ["asked"]
    [signers]
    alice = { key = "alice.pub" }
    bob = { key = "bob.pub" }
    release = { key = "release.pub" }
"#;

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    keys: Vec<(&'static str, Arc<KeyPair>)>,
    pub(crate) dev: Memory,
    prod: Memory,
    ledger: MemoryLedger,
}

impl World {
    /// With the images 1 and 2 under pr-1 and pr-2 in dev.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = PEOPLE.map(|name| {
            let key = KeyPair::generate().unwrap();
            std::fs::write(folder.path().join(format!("{name}.pub")), key.public_key().to_pem()).unwrap();
            (name, Arc::new(key))
        });
        let memory = |host: &str| Memory::new(host.parse().unwrap());
        let (dev, prod) = (memory("dev.example"), memory("prod.example"));
        for seed in [1, 2] {
            let tag = format!("pr-{seed}").parse().unwrap();
            fixtures::push(&dev, &"dev.example/app".parse().unwrap(), &fixtures::image(seed), &tag).await.unwrap();
        }
        Self { folder, keys: keys.to_vec(), dev, prod, ledger: MemoryLedger::new() }
    }

    pub(crate) fn key(&self, name: &str) -> &KeyPair {
        &self.keys.iter().find(|(other, _)| *other == name).unwrap().1
    }

    pub(crate) fn image(seed: u64) -> Digest {
        fixtures::image(seed).root().digest().clone()
    }

    pub(crate) async fn sign(&self, who: &str, seed: u64, claim: Option<(&str, &str)>) {
        let repo: Repository = "dev.example/app".parse().unwrap();
        let signing = Signing::with(self.key(who));
        let signing = claim.into_iter().fold(signing, |signing, (name, value)| signing.claim(name, value));
        signing.sign(&self.dev, &repo, &Self::image(seed), SystemTime::now()).await.unwrap();
    }

    pub(crate) async fn attest(&self, who: &str, kind: &str, predicate: &str) {
        let repo: Repository = "dev.example/app".parse().unwrap();
        let predicate = Predicate::new(kind.parse().unwrap(), predicate).unwrap();
        Signing::with(self.key(who))
            .layout(Layout::Bundle)
            .attest(&self.dev, &repo, &Self::image(1), &predicate, SystemTime::now())
            .await
            .unwrap();
    }

    pub(crate) fn read(&self, text: &str) -> Result<Signers, DocumentError> {
        let document = Document::parse(self.folder.path().join("lockage.toml"), Format::Toml, text).unwrap();
        SigningGates::of(&document).map(|gates| (*gates.verifier()).clone())
    }

    /// A promoter whose only gate is this.
    pub(crate) fn promoter(&self, gate: &str) -> Result<Promoter, DocumentError> {
        let text = format!("{GRAPH}\n[gates.asked]\n{gate}");
        let document = Document::parse(self.folder.path().join("lockage.toml"), Format::Toml, &text).unwrap();
        let signing = SigningGates::of(&document)?;
        let factories = Factories::new().with(BuiltIn::new().verifying(signing.verifier())).with(signing);
        Ok(Promoter::new(document.graph(&factories)?, "tester")
            .writes("dev", self.dev.clone())
            .writes("prod", self.prod.clone())
            .ledger(self.ledger.clone()))
    }

    pub(crate) async fn plan(&self, promoter: &Promoter, seed: u64) -> Plan<Draft> {
        let edge = "dev-prod".parse().unwrap();
        let select = format!("tag:pr-{seed}").parse().unwrap();
        let pinned = promoter.resolve(&"app".parse().unwrap(), &select, &edge).await.unwrap();
        promoter.plan(&pinned, &edge).await.unwrap()
    }

    pub(crate) fn shared_key(&self, name: &str) -> Arc<KeyPair> {
        Arc::clone(&self.keys.iter().find(|(other, _)| *other == name).unwrap().1)
    }

    /// Reads a document that has bob, and whatever is written after him.
    pub(crate) fn gate(&self, text: &str) -> Result<(), DocumentError> {
        let text = format!("[signers]\nbob = {{ key = 'bob.pub' }}\n{text}");
        let document = Document::parse(self.folder.path().join("lockage.toml"), Format::Toml, &text)?;
        let signing = SigningGates::of(&document)?;
        document.gates(&Factories::new().with(BuiltIn::new().verifying(signing.verifier())).with(signing)).map(drop)
    }

    pub(crate) async fn approve(&self, who: &str, plan: &Plan<Draft>) {
        let key = self.keys.iter().find(|(other, _)| *other == who).unwrap().1.clone();
        approve(&self.dev, plan, &KeySigner::shared(key), "looks good", SystemTime::now()).await.unwrap();
    }

    /// Promotes the image: what the gate says for it.
    pub(crate) async fn pass(&self, promoter: &Promoter, seed: u64) -> Result<String, Box<NotCleared>> {
        self.pass_at(promoter, seed, SystemTime::now()).await
    }

    pub(crate) async fn pass_at(
        &self,
        promoter: &Promoter,
        seed: u64,
        now: SystemTime,
    ) -> Result<String, Box<NotCleared>> {
        let plan = self.plan(promoter, seed).await;
        match promoter.clear(plan, now).await {
            Ok(cleared) => {
                let receipt = promoter.apply(cleared, SystemTime::now()).await.unwrap();
                Ok(receipt.evidence.iter().find(|one| one.gate == "asked").unwrap().evidence.summary.clone())
            }
            Err(PromoteError::NotCleared(refusal)) => Err(refusal),
            Err(other) => panic!("{other:?}"),
        }
    }

    /// Why the gate does not pass image 1.
    pub(crate) async fn refusal(&self, gate: &str) -> String {
        let refusal = self.pass(&self.promoter(gate).unwrap(), 1).await.unwrap_err();
        assert!(!refusal.is_undecided() && !refusal.is_waiting(), "{refusal}");
        refusal.to_string()
    }
}
