//! `MemoryLease`: leases among the tasks of one process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::{Guard, Lease, LeaseError};
use crate::pipeline::step::Pace;

/// Leases in memory. Its clones give the same ones.
#[derive(Clone, Debug)]
pub struct MemoryLease {
    holder: String,
    pace: Arc<dyn Pace>,
    held: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    count: u64,
    rows: BTreeMap<String, Row>,
}

#[derive(Debug)]
struct Row {
    number: u64,
    holder: String,
    until: SystemTime,
}

#[derive(Debug)]
struct InMemory {
    lease: MemoryLease,
    key: String,
    number: u64,
    ttl: Duration,
}

impl MemoryLease {
    /// Leases by this clock.
    pub fn new(pace: impl Pace + 'static) -> Self {
        Self { holder: "this process".to_owned(), pace: Arc::new(pace), held: Arc::default() }
    }

    /// The same leases in the name of `holder`.
    #[must_use]
    pub fn held_by(&self, holder: impl Into<String>) -> Self {
        Self { holder: holder.into(), ..self.clone() }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Lease for MemoryLease {
    async fn acquire(&self, key: &str, ttl: Duration) -> Result<Box<dyn Guard>, LeaseError> {
        let now = self.pace.now();
        let mut table = self.table();
        if let Some(row) = table.rows.get(key).filter(|row| now < row.until) {
            return Err(LeaseError::Held { key: key.to_owned(), holder: row.holder.clone() });
        }
        table.count += 1;
        let number = table.count;
        table.rows.insert(key.to_owned(), Row { number, holder: self.holder.clone(), until: now + ttl });
        Ok(Box::new(InMemory { lease: self.clone(), key: key.to_owned(), number, ttl }))
    }
}

#[async_trait]
impl Guard for InMemory {
    async fn renew(&self) -> Result<(), LeaseError> {
        let now = self.lease.pace.now();
        let lost = |why: &str| Err(LeaseError::Lost { key: self.key.clone(), why: why.to_owned() });
        match self.lease.table().rows.get_mut(&self.key) {
            Some(row) if row.number != self.number => lost("somebody else has it"),
            Some(row) if row.until <= now => lost("it had ended"),
            Some(row) => {
                row.until = now + self.ttl;
                Ok(())
            }
            None => lost("it is gone"),
        }
    }

    async fn release(self: Box<Self>) -> Result<(), LeaseError> {
        let mut table = self.lease.table();
        if table.rows.get(&self.key).is_some_and(|row| row.number == self.number) {
            table.rows.remove(&self.key);
        }
        Ok(())
    }
}
