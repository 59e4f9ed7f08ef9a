//! `Kubernetes`: what runs in a cluster, and what it would start again.

use std::future::Future;
use std::pin::Pin;

use lockage_promote::pipeline::http::Api;
use serde_json::Value;

use super::containers::{running, specified};
use super::{FactsError, WhatRuns};
use crate::retain::{InUse, Running};

/// How many objects are in a page.
const PAGE: &str = "250";
/// The most pages of one kind. A cluster has some hundred thousand pods at most.
const PAGES: usize = 4_000;

/// Where a list is, what its objects are called, and where each has the spec of a pod.
struct List {
    path: &'static [&'static str],
    kind: &'static str,
    spec: &'static str,
}

/// Pods run; the others are what pods are made again from, old revisions as well: a rollback starts those.
const LISTS: [List; 9] = [
    List { path: &["api", "v1", "pods"], kind: "pod", spec: "/spec" },
    List { path: &["apis", "apps", "v1", "deployments"], kind: "deployment", spec: "/spec/template/spec" },
    List { path: &["apis", "apps", "v1", "statefulsets"], kind: "statefulset", spec: "/spec/template/spec" },
    List { path: &["apis", "apps", "v1", "daemonsets"], kind: "daemonset", spec: "/spec/template/spec" },
    List { path: &["apis", "apps", "v1", "replicasets"], kind: "replicaset", spec: "/spec/template/spec" },
    List {
        path: &["apis", "apps", "v1", "controllerrevisions"],
        kind: "controllerrevision",
        spec: "/data/spec/template/spec",
    },
    List { path: &["api", "v1", "replicationcontrollers"], kind: "replicationcontroller", spec: "/spec/template/spec" },
    List { path: &["apis", "batch", "v1", "jobs"], kind: "job", spec: "/spec/template/spec" },
    List { path: &["apis", "batch", "v1", "cronjobs"], kind: "cronjob", spec: "/spec/jobTemplate/spec/template/spec" },
];

/// What runs in a Kubernetes cluster: the images of its pods by their digests, those of init and ephemeral containers as well, and
/// what deployments, stateful sets, daemon sets, replica sets, jobs and cron jobs name, with the revisions that they can be
/// rolled back to.
///
/// Everything is asked for in all namespaces, in pages of 250: at least nine requests. The service account needs `list` on all of
/// that; a part that it may not list makes the whole answer an error.
#[derive(Clone, Debug)]
pub struct Kubernetes {
    api: Api,
    name: String,
}

impl Kubernetes {
    /// The cluster of this API, `https://kubernetes.default.svc` from inside. Policies call it `k8s`.
    #[must_use]
    pub fn new(api: Api) -> Self {
        Self { api, name: "k8s".to_owned() }
    }

    /// Gives it another name, where there are several clusters: `k8s-eu`.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    fn unknown(&self, what: impl Into<String>) -> FactsError {
        FactsError::Unknown { who: self.name.clone(), what: what.into(), source: None }
    }

    /// Every object of a list, page by page.
    async fn list(&self, list: &List) -> Result<Vec<Value>, FactsError> {
        let path = list.path.join("/");
        let (mut objects, mut next) = (Vec::new(), String::new());
        for _ in 0..PAGES {
            let query = [("limit", PAGE), ("continue", &next)];
            let query = if next.is_empty() { query.get(..1) } else { Some(&query[..]) };
            let answer = self.api.read(list.path, query.unwrap_or_default()).await;
            let (status, body) = answer.map_err(|source| FactsError::Unknown {
                who: self.name.clone(),
                what: format!("{path} was not answered"),
                source: Some(source.into()),
            })?;
            match status {
                200 => {}
                401 => return Err(self.unknown(format!("{path}: 401, the token is not taken"))),
                403 => return Err(self.unknown(format!("{path}: 403, it may not list them in all namespaces"))),
                // What came before is of an older state than what would come.
                410 => {
                    return Err(self.unknown(format!("{path}: 410, the list has changed too much while it was read")));
                }
                other => return Err(self.unknown(format!("{path}: {other}"))),
            }
            let page: Value = serde_json::from_slice(&body).map_err(|source| FactsError::Unknown {
                who: self.name.clone(),
                what: format!("{path} is no JSON"),
                source: Some(source.into()),
            })?;
            match page.get("items") {
                Some(Value::Array(items)) => objects.extend(items.iter().cloned()),
                // An empty list of some API servers.
                Some(Value::Null) => {}
                _ => return Err(self.unknown(format!("{path} is no list"))),
            }
            let word = |name: &str| page.pointer(&format!("/metadata/{name}"));
            next = word("continue").and_then(Value::as_str).unwrap_or_default().to_owned();
            if next.is_empty() {
                return match word("remainingItemCount").and_then(Value::as_i64) {
                    None | Some(0) => Ok(objects),
                    Some(left) => Err(self.unknown(format!("{path} ends, and {left} are left"))),
                };
            }
        }
        Err(self.unknown(format!("{path} has no end")))
    }

    async fn all(&self) -> Result<Vec<InUse>, FactsError> {
        let mut in_use = Vec::new();
        for list in &LISTS {
            for object in self.list(list).await? {
                let word = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
                let named = format!("the {} {}/{}", list.kind, word("/metadata/namespace"), word("/metadata/name"));
                let images = images(list, &object).map_err(|why| self.unknown(format!("{named}: {why}")))?;
                in_use.extend(
                    images.into_iter().map(|what| InUse::new(what, &self.name).because(format!("{named} has it"))),
                );
            }
        }
        Ok(in_use)
    }
}

fn images(list: &List, object: &Value) -> Result<Vec<Running>, String> {
    let is_pod = list.kind == "pod";
    if is_pod && matches!(object.pointer("/status/phase").and_then(Value::as_str), Some("Succeeded" | "Failed")) {
        // It will not start again; what made it would, and is asked for, too.
        return Ok(Vec::new());
    }
    let Some(spec) = object.pointer(list.spec) else {
        // A revision may be of anything.
        let is_other = list.kind == "controllerrevision";
        return if is_other { Ok(Vec::new()) } else { Err("it has no spec of a pod".to_owned()) };
    };
    let mut images = specified(spec)?;
    if let Some(status) = object.get("status").filter(|_| is_pod) {
        images.extend(running(status)?);
    }
    Ok(images)
}

impl WhatRuns for Kubernetes {
    fn name(&self) -> &str {
        &self.name
    }

    fn in_use<'a>(&'a self) -> Pin<Box<dyn Future<Output = Result<Vec<InUse>, FactsError>> + Send + 'a>> {
        Box::pin(self.all())
    }
}
