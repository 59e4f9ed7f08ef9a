//! `KubernetesLease`: leases of a cluster (`coordination.k8s.io/v1`), by compare-and-swap on their resource version.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use jiff::Timestamp;
use lockage_registry::{Algorithm, digest_of};
use serde_json::{Map, Value, json};

use super::error::Cause;
use super::{Guard, Lease, LeaseError};
use crate::pipeline::http::{Answer, Api};
use crate::pipeline::step::Pace;

/// How far the clocks of two machines may be apart.
const SKEW: Duration = Duration::from_secs(5);

/// Leases of a Kubernetes cluster, one object a key in a namespace. Its API compares and swaps, so that two never hold one; a
/// lease whose holder has not renewed it for its time is taken over.
///
/// The service account needs `get`, `create` and `update` on `leases`. Taking one costs two requests, renewing and giving back
/// one each.
#[derive(Clone)]
pub struct KubernetesLease {
    api: Arc<Api>,
    namespace: String,
    holder: String,
    pace: Arc<dyn Pace>,
}

#[derive(Debug)]
struct InCluster {
    lease: KubernetesLease,
    key: String,
    name: String,
    ttl: Duration,
    last: Mutex<Last>,
}

/// The object as the cluster has it, and until when it is ours.
#[derive(Clone, Debug)]
struct Last {
    object: Value,
    until: SystemTime,
}

impl KubernetesLease {
    /// Leases of `namespace` by the cluster's API (`https://kubernetes.default.svc`), in the name of `holder`.
    pub fn new(api: Api, namespace: impl Into<String>, holder: impl Into<String>, pace: impl Pace + 'static) -> Self {
        Self { api: Arc::new(api), namespace: namespace.into(), holder: holder.into(), pace: Arc::new(pace) }
    }

    async fn call(
        &self,
        method: &str,
        name: Option<&str>,
        body: Option<&Value>,
        failed: impl Fn(Cause) -> LeaseError,
    ) -> Result<Answer, LeaseError> {
        let base = ["apis", "coordination.k8s.io", "v1", "namespaces", &self.namespace, "leases"];
        let segments: Vec<&str> = base.into_iter().chain(name).collect();
        let bytes = body.map(|body| body.to_string().into_bytes());
        self.api.call(method, self.api.url(&segments, &[]), bytes, &[]).await.map_err(|error| failed(error.into()))
    }

    /// The object for a lease of ours from now on, over `before`, of which nothing else is changed.
    fn object(
        &self,
        before: Option<&Value>,
        key: &str,
        name: &str,
        ttl: Duration,
        taken: bool,
    ) -> Result<Value, LeaseError> {
        let now =
            micro(self.pace.now()).ok_or_else(|| LeaseError::backend(key, "taken")("a time of no calendar".into()))?;
        let fresh = || {
            json!({
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": { "name": name, "namespace": self.namespace, "annotations": { "lockage.dev/key": key } },
            })
        };
        let mut object = before.cloned().unwrap_or_else(fresh);
        let mut spec: Map<String, Value> = object.get("spec").and_then(Value::as_object).cloned().unwrap_or_default();
        if taken {
            let transitions = spec.get("leaseTransitions").and_then(Value::as_u64);
            spec.insert("acquireTime".into(), now.clone().into());
            spec.insert("leaseTransitions".into(), transitions.map_or(0, |n| n.saturating_add(1)).into());
        }
        spec.insert("holderIdentity".into(), self.holder.clone().into());
        spec.insert("leaseDurationSeconds".into(), ttl.as_secs().max(1).into());
        spec.insert("renewTime".into(), now.into());
        if let Some(object) = object.as_object_mut() {
            object.insert("spec".into(), spec.into());
        }
        Ok(object)
    }

    /// Who holds it at `now`, if somebody does.
    fn held(&self, object: &Value) -> Result<Option<String>, String> {
        let spec = object.get("spec").unwrap_or(&Value::Null);
        let holder = spec.get("holderIdentity").and_then(Value::as_str).unwrap_or_default();
        if holder.is_empty() {
            return Ok(None);
        }
        // A holder without times holds it for ever, as far as anybody can tell.
        let renewed = spec.get("renewTime").and_then(Value::as_str).ok_or("its renewTime is missing")?;
        let renewed: Timestamp = renewed.parse().map_err(|error| format!("its renewTime: {error}"))?;
        let seconds = spec.get("leaseDurationSeconds").and_then(Value::as_u64).ok_or("its duration is missing")?;
        let until = SystemTime::from(renewed).checked_add(Duration::from_secs(seconds) + SKEW);
        let until = until.ok_or("its duration is beyond all time")?;
        Ok((self.pace.now() < until).then(|| holder.to_owned()))
    }
}

/// A `MicroTime`: RFC 3339 with six digits behind the second.
fn micro(at: SystemTime) -> Option<String> {
    let at = Timestamp::try_from(at).ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string())
}

fn read(answer: &Answer) -> Result<Value, Cause> {
    match answer.status {
        200 | 201 => Ok(serde_json::from_slice(&answer.body)?),
        status => Err(format!("the cluster answered {status}").into()),
    }
}

#[async_trait]
impl Lease for KubernetesLease {
    async fn acquire(&self, key: &str, ttl: Duration) -> Result<Box<dyn Guard>, LeaseError> {
        let failed = LeaseError::backend(key, "taken");
        let digest = digest_of(Algorithm::Sha256, key.as_bytes()).map_err(|error| failed(error.into()))?;
        let name = format!("lockage-{}", digest.hex().get(..24).unwrap_or_default());
        let found = self.call("GET", Some(&name), None, failed).await?;
        let now = self.pace.now();
        let answer = if found.status == 404 {
            let object = self.object(None, key, &name, ttl, true)?;
            self.call("POST", None, Some(&object), failed).await?
        } else {
            let before = read(&found).map_err(failed)?;
            if let Some(holder) = self.held(&before).map_err(|why| failed(why.into()))? {
                return Err(LeaseError::Held { key: key.to_owned(), holder });
            }
            let object = self.object(Some(&before), key, &name, ttl, true)?;
            self.call("PUT", Some(&name), Some(&object), failed).await?
        };
        if answer.status == 409 {
            // Somebody was faster.
            return Err(LeaseError::Held { key: key.to_owned(), holder: "somebody who came at the same time".into() });
        }
        let object = read(&answer).map_err(failed)?;
        let last = Mutex::new(Last { object, until: now + ttl });
        Ok(Box::new(InCluster { lease: self.clone(), key: key.to_owned(), name, ttl, last }))
    }
}

impl InCluster {
    fn last(&self) -> Last {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Guard for InCluster {
    async fn renew(&self) -> Result<(), LeaseError> {
        let failed = LeaseError::backend(&self.key, "renewed");
        let lost = |why: &str| Err(LeaseError::Lost { key: self.key.clone(), why: why.to_owned() });
        let (last, now) = (self.last(), self.lease.pace.now());
        if now >= last.until {
            return lost("it had ended");
        }
        let object = self.lease.object(Some(&last.object), &self.key, &self.name, self.ttl, false)?;
        let answer = self.lease.call("PUT", Some(&self.name), Some(&object), failed).await?;
        match answer.status {
            404 => lost("its object is gone"),
            409 => lost("somebody else has written it"),
            _ => {
                let object = read(&answer).map_err(failed)?;
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Last { object, until: now + self.ttl };
                Ok(())
            }
        }
    }

    async fn release(self: Box<Self>) -> Result<(), LeaseError> {
        let failed = LeaseError::backend(&self.key, "given back");
        let mut object = self.last().object;
        if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
            // As client-go gives one back.
            spec.insert("holderIdentity".into(), "".into());
            spec.insert("leaseDurationSeconds".into(), 1.into());
        }
        let answer = self.lease.call("PUT", Some(&self.name), Some(&object), failed).await?;
        match answer.status {
            // It is not ours any more.
            404 | 409 => Ok(()),
            _ => read(&answer).map(drop).map_err(failed),
        }
    }
}

impl fmt::Debug for KubernetesLease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KubernetesLease")
            .field("api", &self.api)
            .field("namespace", &self.namespace)
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}
