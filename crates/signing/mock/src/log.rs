//! `Log`: a transparency log, as Rekor v1 (promises, times, ECDSA checkpoints) and as Rekor v2 (Ed25519 checkpoints).

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::text::{base64, canonical, hex, seconds};
use crate::{Key, merkle};

/// A log and its tree.
#[derive(Debug)]
pub struct Log {
    /// The key that signs its promises and checkpoints.
    pub key: Key,
    origin: String,
    id: [u8; 32],
    leaves: Mutex<Vec<[u8; 32]>>,
}

/// What a log says about an entry. Every field can be made wrong; [`Log::promise`] and [`Log::checkpoint`] sign anew what was changed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The kind and version of the body, such as `("dsse", "0.0.1")`.
    pub kind: (&'static str, &'static str),
    /// The canonical body.
    pub body: Vec<u8>,
    /// Which log.
    pub log_id: [u8; 32],
    /// The place in the log.
    pub index: usize,
    /// When, in seconds since 1970; 0 in a log of version 2.
    pub time: u64,
    /// The signature that promises inclusion; none in a log of version 2.
    pub promise: Option<Vec<u8>>,
    /// The leaves of the tree.
    pub size: usize,
    /// The root of the tree.
    pub root: [u8; 32],
    /// The proof that the entry is in it.
    pub path: Vec<[u8; 32]>,
    /// The signed root.
    pub checkpoint: String,
}

impl Log {
    /// A log as Rekor v1 is.
    #[must_use]
    pub fn v1() -> Self {
        let key = Key::p256();
        Self { origin: "127.0.0.1 - 1".to_owned(), id: key.id(), key, leaves: Mutex::default() }
    }

    /// A log as Rekor v2 is. Its id is that of a signed note's Ed25519 key.
    #[must_use]
    pub fn v2() -> Self {
        let (key, origin) = (Key::ed25519(), "127.0.0.1".to_owned());
        let id = crate::key::sha256(&[origin.as_bytes(), b"\n\x01", &key.raw()].concat());
        Self { origin, id, key, leaves: Mutex::default() }
    }

    /// How the log is called.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        self.id
    }

    /// How many entries it has.
    #[must_use]
    pub fn size(&self) -> usize {
        self.leaves.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Adds a body with a time and a promise, as version 1 does.
    #[must_use]
    pub fn add_v1(&self, kind: (&'static str, &'static str), body: &Value, time: SystemTime) -> Entry {
        let mut entry = self.add(kind, canonical(body).into_bytes());
        entry.time = seconds(time);
        entry.promise = Some(self.promise(&entry));
        entry
    }

    /// Adds a body without either, as version 2 does.
    #[must_use]
    pub fn add_v2(&self, kind: (&'static str, &'static str), body: &Value) -> Entry {
        self.add(kind, canonical(body).into_bytes())
    }

    fn add(&self, kind: (&'static str, &'static str), body: Vec<u8>) -> Entry {
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        leaves.push(merkle::leaf(&body));
        let (index, size, root) = (leaves.len() - 1, leaves.len(), merkle::root(&leaves));
        let (path, checkpoint) = (merkle::path(&leaves, index), self.checkpoint(size, &root));
        Entry { kind, body, log_id: self.id, index, time: 0, promise: None, size, root, path, checkpoint }
    }

    /// The signed entry timestamp of what `entry` says now.
    #[must_use]
    pub fn promise(&self, entry: &Entry) -> Vec<u8> {
        self.key.sign(canonical(&entry.promised()).as_bytes())
    }

    /// A signed note of a root.
    #[must_use]
    pub fn checkpoint(&self, size: usize, root: &[u8; 32]) -> String {
        let note = format!("{}\n{size}\n{}\n", self.origin, base64(root));
        let signature = [&self.id[..4], &self.key.sign(note.as_bytes())].concat();
        // The name of the key is the origin without the number of the tree, which Rekor v1 has behind it.
        let name = self.origin.split(' ').next().unwrap_or_default();
        format!("{note}\n\u{2014} {name} {}\n", base64(&signature))
    }
}

impl Entry {
    /// How version 1 names the entry.
    #[must_use]
    pub fn uuid(&self) -> String {
        format!("{:016x}{}", 1, hex(&merkle::leaf(&self.body)))
    }

    /// What Rekor v1 answers.
    #[must_use]
    pub fn to_v1(&self) -> Value {
        let hashes: Vec<String> = self.path.iter().map(|hash| hex(hash)).collect();
        let mut entry = self.promised();
        entry["verification"] = json!({
            "inclusionProof": {
                "checkpoint": self.checkpoint,
                "hashes": hashes,
                "logIndex": self.index,
                "rootHash": hex(&self.root),
                "treeSize": self.size,
            },
            "signedEntryTimestamp": self.promise.as_deref().map(base64),
        });
        json!({ self.uuid(): entry })
    }

    /// What a bundle keeps in `tlogEntries`, and what Rekor v2 answers.
    #[must_use]
    pub fn to_bundle(&self) -> Value {
        let hashes: Vec<String> = self.path.iter().map(|hash| base64(hash)).collect();
        let mut entry = json!({
            "logIndex": self.index.to_string(),
            "logId": { "keyId": base64(&self.log_id) },
            "kindVersion": { "kind": self.kind.0, "version": self.kind.1 },
            "integratedTime": self.time.to_string(),
            "inclusionProof": {
                "logIndex": self.index.to_string(),
                "rootHash": base64(&self.root),
                "treeSize": self.size.to_string(),
                "hashes": hashes,
                "checkpoint": { "envelope": self.checkpoint },
            },
            "canonicalizedBody": base64(&self.body),
        });
        if let Some(promise) = &self.promise {
            entry["inclusionPromise"] = json!({ "signedEntryTimestamp": base64(promise) });
        }
        entry
    }

    /// What the old layout keeps in `dev.sigstore.cosign/bundle`.
    #[must_use]
    pub fn to_annotation(&self) -> String {
        let promise = self.promise.as_deref().map(base64);
        json!({ "SignedEntryTimestamp": promise, "Payload": self.promised() }).to_string()
    }

    fn promised(&self) -> Value {
        json!({
            "body": base64(&self.body),
            "integratedTime": self.time,
            "logID": hex(&self.log_id),
            "logIndex": self.index,
        })
    }
}
