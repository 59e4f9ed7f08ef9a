//! What is in an image, by documents about it: SPDX 2, CycloneDX, Syft, and reports of vulnerabilities; plain, as in-toto
//! statements, in DSSE envelopes and in Sigstore bundles. No I/O, and as few fields as will do.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use lockage_registry::Digest;
use serde_json::Value;

/// What is in an image, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// The versions of each package, where there is a bill of materials that can be read.
    pub(super) packages: Option<BTreeMap<String, BTreeSet<String>>>,
    /// The ids, where there is a report that can be read.
    pub(super) vulnerabilities: Option<BTreeSet<String>>,
    /// What could not be read, and why.
    pub(super) notes: Vec<String>,
}

/// How deep documents are packed: a bundle, an envelope, a statement, a text within.
const DEPTH: u8 = 5;

impl Contents {
    /// Adds what a document says, if it is of a kind that is known here. `name` is what notes call it; `subjects` are the
    /// manifests of the image.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8], subjects: &[Digest]) {
        match serde_json::from_slice::<Value>(bytes) {
            Ok(document) => self.read(name, &document, subjects, DEPTH),
            Err(error) => self.notes.push(format!("{name} cannot be read: it is no JSON: {error}")),
        }
    }

    fn read(&mut self, name: &str, document: &Value, subjects: &[Digest], depth: u8) {
        let Some(depth) = depth.checked_sub(1) else {
            return self.unreadable(name, "it is packed too often");
        };
        if let Some(envelope) = document.get("dsseEnvelope") {
            return self.read(name, envelope, subjects, depth);
        }
        if let (Some(payload), Some(_)) = (document.get("payload"), document.get("payloadType")) {
            let text = payload.as_str().unwrap_or_default();
            let bytes = BASE64_STANDARD.decode(text).or_else(|_| BASE64_URL_SAFE.decode(text));
            return match bytes.ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) {
                Some(statement) => self.read(name, &statement, subjects, depth),
                None => self.unreadable(name, "its payload is no JSON in base64"),
            };
        }
        if let Some(kind) = document.get("predicateType").and_then(Value::as_str) {
            return self.statement(name, kind, document, subjects, depth);
        }
        if document.get("spdxVersion").is_some() {
            return self.spdx(name, document);
        }
        if document.get("bomFormat").and_then(Value::as_str) == Some("CycloneDX") {
            return self.cyclonedx(name, document);
        }
        if document.get("artifacts").is_some() && document.get("descriptor").is_some() {
            return self.inventory(name, document.get("artifacts"), |one| {
                (text(one, "name"), text(one, "version").unwrap_or_default())
            });
        }
        if document.get("@context").and_then(Value::as_str).is_some_and(|context| context.contains("spdx.org")) {
            self.unreadable(name, "it is SPDX 3, which is not read here");
        }
    }

    fn statement(&mut self, name: &str, kind: &str, statement: &Value, subjects: &[Digest], depth: u8) {
        let kind = kind.to_ascii_lowercase();
        let is_vulnerabilities = kind.contains("vuln");
        if !is_vulnerabilities && !["spdx", "cyclonedx", "syft"].iter().any(|word| kind.contains(word)) {
            return;
        }
        let is_subject = |one: &Value| {
            let digests = one.get("digest");
            subjects.iter().any(|subject| {
                let said = digests.and_then(|digests| digests.get(subject.algorithm().to_string()));
                said.and_then(Value::as_str) == Some(subject.hex())
            })
        };
        if !statement.get("subject").and_then(Value::as_array).into_iter().flatten().any(is_subject) {
            return self.unreadable(name, "it is about something else");
        }
        let Some(predicate) = statement.get("predicate") else { return self.unreadable(name, "it has no predicate") };
        if is_vulnerabilities {
            return self.vulnerabilities(name, predicate);
        }
        // What cosign once wrote: the document as a text.
        match predicate.get("Data").and_then(Value::as_str) {
            None => self.read(name, predicate, subjects, depth),
            Some(data) => match serde_json::from_str::<Value>(data) {
                Ok(document) => self.read(name, &document, subjects, depth),
                Err(_) => self.unreadable(name, "its text is no JSON"),
            },
        }
    }

    fn inventory(&mut self, name: &str, packages: Option<&Value>, read: impl Fn(&Value) -> (Option<String>, String)) {
        let Some(all) = packages.and_then(Value::as_array) else {
            return self.unreadable(name, "it has no list of packages");
        };
        let mut nameless = 0_usize;
        let found = self.packages.get_or_insert_default();
        for one in all {
            match read(one) {
                (Some(package), version) => drop(found.entry(package).or_default().insert(version)),
                (None, _) => nameless += 1,
            }
        }
        if nameless > 0 {
            self.notes.push(format!("{name}: {} without a name", crate::human::Many(nameless, "package")));
        }
    }

    /// What the document describes is the image itself, and no package in it; what is in it names it in a relationship.
    fn spdx(&mut self, name: &str, document: &Value) {
        let related = document.get("relationships").and_then(Value::as_array).into_iter().flatten();
        let described = related.filter_map(|one| match one.get("relationshipType")?.as_str()? {
            "DESCRIBES" if one.get("spdxElementId")? == "SPDXRef-DOCUMENT" => one.get("relatedSpdxElement"),
            "DESCRIBED_BY" if one.get("relatedSpdxElement")? == "SPDXRef-DOCUMENT" => one.get("spdxElementId"),
            _ => None,
        });
        let said = document.get("documentDescribes").and_then(Value::as_array).into_iter().flatten();
        let roots: BTreeSet<&str> = described.chain(said).filter_map(Value::as_str).collect();
        // Whoever describes several describes packages.
        let is_root = |one: &&Value| {
            let id = one.get("SPDXID").and_then(Value::as_str);
            roots.len() == 1 && id.is_some_and(|id| roots.contains(id))
        };
        let packages = document.get("packages").and_then(Value::as_array);
        let inner = packages.map(|all| all.iter().filter(|one| !is_root(one)).cloned().collect());
        self.inventory(name, inner.map(Value::Array).as_ref(), |one| {
            (text(one, "name"), text(one, "versionInfo").unwrap_or_default())
        });
    }

    fn cyclonedx(&mut self, name: &str, document: &Value) {
        let none = Value::Array(Vec::new());
        // A document may be about vulnerabilities alone.
        let mut queue: Vec<&Value> = vec![document.get("components").unwrap_or(&none)];
        let mut all = Vec::new();
        while let Some(list) = queue.pop() {
            for one in list.as_array().into_iter().flatten() {
                all.push(one.clone());
                queue.extend(one.get("components"));
            }
        }
        if document.get("components").is_some() {
            self.inventory(name, Some(&Value::Array(all)), |one| {
                let name = text(one, "name").map(|name| match text(one, "group") {
                    Some(group) => format!("{group}/{name}"),
                    None => name,
                });
                (name, text(one, "version").unwrap_or_default())
            });
        }
        if let Some(found) = document.get("vulnerabilities").and_then(Value::as_array) {
            let ids = found.iter().filter_map(|one| text(one, "id"));
            self.vulnerabilities.get_or_insert_default().extend(ids);
        }
    }

    /// `in-toto.io/attestation/vulns` 0.1 and 0.2, and what cosign wraps the reports of Trivy and Grype in.
    fn vulnerabilities(&mut self, name: &str, predicate: &Value) {
        let Some(result) = predicate.pointer("/scanner/result") else {
            return self.unreadable(name, "it has no result of a scanner");
        };
        let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned();
        let (found, id): (Option<Vec<Value>>, &[&str]) = match result {
            Value::Array(all) => (Some(all.clone()), &["/id", "/vulnerability/id"]),
            // A report of Trivy without results looked at nothing that it knows.
            _ if result.get("SchemaVersion").is_some() || result.get("Results").is_some() => {
                let found = list(result.get("Results")).map(|results| {
                    results.iter().filter_map(|one| list(one.get("Vulnerabilities"))).flatten().collect()
                });
                (found, &["/VulnerabilityID"])
            }
            _ => (list(result.get("matches")), &["/vulnerability/id"]),
        };
        let Some(found) = found else { return self.unreadable(name, "its result is of no form that is known here") };
        let ids: Vec<Option<&str>> =
            found.iter().map(|one| id.iter().find_map(|pointer| one.pointer(pointer)?.as_str())).collect();
        if ids.contains(&None) {
            self.unreadable(name, "one of its findings has no id");
        }
        self.vulnerabilities.get_or_insert_default().extend(ids.into_iter().flatten().map(str::to_owned));
    }

    fn unreadable(&mut self, name: &str, why: &str) {
        self.notes.push(format!("{name} cannot be read: {why}"));
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    fn subject() -> Digest {
        format!("sha256:{}", "0c".repeat(32)).parse().unwrap()
    }

    fn read(document: &Value) -> Contents {
        let mut contents = Contents::default();
        contents.add("it", document.to_string().as_bytes(), &[subject()]);
        contents
    }

    fn statement(kind: &str, predicate: Value) -> Value {
        let subjects = json!([{ "name": "app", "digest": { "sha256": subject().hex() } }]);
        json!({ "_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": kind, "predicate": predicate })
    }

    #[test]
    fn packages_are_read_from_every_form() {
        let spdx = json!({ "spdxVersion": "SPDX-2.3", "packages": [{ "name": "zlib", "versionInfo": "1.3" }] });
        let cyclonedx = json!({ "bomFormat": "CycloneDX", "components": [{ "name": "zlib", "version": "1.3" }] });
        let syft = json!({ "artifacts": [{ "name": "zlib", "version": "1.3" }], "descriptor": { "name": "syft" } });
        let sealed = |statement: &Value| {
            let payload = BASE64_STANDARD.encode(statement.to_string());
            json!({ "payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [] })
        };
        let attested = statement("https://spdx.dev/Document", spdx.clone());
        let old = statement("https://spdx.dev/Document", json!({ "Data": spdx.to_string() }));
        let bundle = json!({ "mediaType": "x", "dsseEnvelope": sealed(&attested) });
        for document in [&spdx, &cyclonedx, &syft, &attested, &old, &sealed(&attested), &bundle] {
            let contents = read(document);
            assert_eq!(contents.packages.unwrap()["zlib"], BTreeSet::from(["1.3".to_owned()]), "{document}");
            assert!(contents.notes.is_empty(), "{document}");
        }
    }

    #[test]
    fn the_image_that_a_document_describes_is_no_package_in_it() {
        let packages = json!([
            { "SPDXID": "SPDXRef-root", "name": "registry.example/app", "versionInfo": "1.0" },
            { "SPDXID": "SPDXRef-zlib", "name": "zlib", "versionInfo": "1.3" },
        ]);
        let described = |id: &str| json!({ "spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": id });
        let by = json!({ "spdxElementId": "SPDXRef-root", "relationshipType": "DESCRIBED_BY", "relatedSpdxElement": "SPDXRef-DOCUMENT" });
        let names = |document: Value| read(&document).packages.unwrap().into_keys().collect::<Vec<_>>();
        for of in [
            json!({ "relationships": [described("SPDXRef-root")] }),
            json!({ "relationships": [by] }),
            json!({ "documentDescribes": ["SPDXRef-root"] }),
        ] {
            let mut document = json!({ "spdxVersion": "SPDX-2.3", "packages": packages });
            document.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
            assert_eq!(names(document), ["zlib"], "{of}");
        }
        let all = json!([described("SPDXRef-root"), described("SPDXRef-zlib")]);
        let document = json!({ "spdxVersion": "SPDX-2.3", "packages": packages, "relationships": all });
        assert_eq!(names(document), ["registry.example/app", "zlib"], "a list of packages is one");
    }

    #[test]
    fn vulnerabilities_are_read_from_every_form() {
        const TYPE: &str = "https://in-toto.io/attestation/vulns/v0.2";
        for result in [
            json!([{ "id": "CVE-1" }]),
            json!([{ "vulnerability": { "id": "CVE-1" } }]),
            json!({ "SchemaVersion": 2, "Results": [{ "Vulnerabilities": [{ "VulnerabilityID": "CVE-1" }] }, { "Target": "x" }] }),
            json!({ "matches": [{ "vulnerability": { "id": "CVE-1" } }] }),
        ] {
            let contents = read(&statement(TYPE, json!({ "scanner": { "result": result } })));
            assert_eq!(contents.vulnerabilities, Some(BTreeSet::from(["CVE-1".to_owned()])), "{result}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_and_never_empty() {
        let vulns = |predicate| statement("https://in-toto.io/attestation/vulns/v0.2", predicate);
        let mut elsewhere = statement("https://spdx.dev/Document", json!({ "spdxVersion": "2", "packages": [] }));
        elsewhere["subject"][0]["digest"]["sha256"] = "00".into();
        for document in [
            json!({ "spdxVersion": "SPDX-2.3" }),
            json!({ "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld" }),
            json!({ "payload": "%", "payloadType": "x" }),
            elsewhere,
            vulns(json!({})),
            vulns(json!({ "scanner": { "result": { "SchemaVersion": 2 } } })),
            vulns(json!({ "scanner": { "result": "clean" } })),
        ] {
            let contents = read(&document);
            assert!(contents.packages.is_none() && contents.vulnerabilities.is_none(), "{document}");
            assert_eq!(contents.notes.len(), 1, "{document}");
        }
        let mut contents = Contents::default();
        contents.add("it", b"SPDXVersion: SPDX-2.3", &[]);
        assert_eq!(contents.notes.len(), 1);
        // What is of no kind that is asked for is nobody's business.
        assert_eq!(read(&statement("https://slsa.dev/provenance/v1", json!({}))), Contents::default());
    }
}
