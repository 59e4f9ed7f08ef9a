//! CSAF 2.0 and 2.1: the status of products, in advisories and in the profile for VEX.

use std::collections::{BTreeMap, BTreeSet};

use super::super::read::node::Node;
use super::super::{Format, Problem, ReadError};
use super::product_tree::ProductTree;
use super::{Vex, VexStatement, VexStatus};

/// The labels of flags (CSAF 2.0, 3.2.3.5), which are reasons not to be affected.
const LABELS: [&str; 5] = [
    "component_not_present",
    "inline_mitigations_already_exist",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_not_present",
];

/// The lists of `product_status` that say something of a finding. What is `recommended` is no status.
const STATUSES: [(&str, VexStatus); 8] = [
    ("known_not_affected", VexStatus::NotAffected),
    ("fixed", VexStatus::Fixed),
    ("first_fixed", VexStatus::Fixed),
    ("known_affected", VexStatus::Affected),
    ("first_affected", VexStatus::Affected),
    ("last_affected", VexStatus::Affected),
    ("under_investigation", VexStatus::UnderInvestigation),
    ("unknown", VexStatus::UnderInvestigation),
];

pub(in super::super) fn read(root: &Node<'_>) -> Result<Vex, ReadError> {
    let document = root.need("document")?;
    match document.need_text("csaf_version")? {
        "2.0" | "2.1" => {}
        other => return Err(ReadError::new("$.document.csaf_version", Problem::UnknownVersion(other.to_owned()))),
    }
    match document.need_text("category")? {
        "csaf_vex" | "csaf_security_advisory" => {}
        _ => return Err(document.need("category")?.wrong("csaf_vex or csaf_security_advisory")),
    }
    let tracking = document.need("tracking")?;
    if tracking.need_text("status")? == "draft" {
        return Err(tracking.contradiction("it is a draft, and says nothing yet"));
    }
    let missing = || ReadError::new("$.document.tracking.current_release_date", Problem::Missing);
    let at = tracking.time("current_release_date")?.ok_or_else(missing)?;
    let author = document.need("publisher")?.text("name")?.map(str::to_owned);
    let tree = ProductTree::read(root)?;
    let mut statements = Vec::new();
    for found in root.need_list("vulnerabilities")? {
        let vulnerability = names(&found)?;
        let reasons = reasons(&found, &tree)?;
        for (id, status) in statuses(&found)? {
            let products = tree
                .products(&id)
                .ok_or_else(|| found.contradiction("a status is about a product that the tree does not have"))?;
            let justification = reasons.get(&id).cloned();
            if status == VexStatus::NotAffected && justification.is_none() {
                return Err(found.contradiction("known_not_affected needs a flag, or an impact, for each product"));
            }
            let justification = justification.unwrap_or_default();
            let vulnerability = vulnerability.clone();
            statements.push(VexStatement { vulnerability, products, status, justification, at });
        }
    }
    Ok(Vex { format: Format::Csaf, author, statements })
}

fn names(found: &Node<'_>) -> Result<Vec<String>, ReadError> {
    let mut names: Vec<String> = found.text("cve")?.into_iter().map(str::to_owned).collect();
    for id in found.list("ids")? {
        names.push(id.need_text("text")?.to_owned());
    }
    if names.is_empty() { Err(found.contradiction("a vulnerability has no name")) } else { Ok(names) }
}

/// Each product and its one status; two are a contradiction (6.1.6).
fn statuses(found: &Node<'_>) -> Result<BTreeMap<String, VexStatus>, ReadError> {
    let mut statuses = BTreeMap::new();
    let Some(written) = found.get("product_status")? else { return Ok(statuses) };
    for (list, status) in STATUSES {
        for id in written.texts(list)? {
            if statuses.insert(id.to_owned(), status).is_some_and(|other| other != status) {
                return Err(written.contradiction("a product has two statuses"));
            }
        }
    }
    Ok(statuses)
}

/// Why products are not affected: flags, and the threats that are an impact.
fn reasons(found: &Node<'_>, tree: &ProductTree) -> Result<BTreeMap<String, String>, ReadError> {
    let mut reasons = BTreeMap::new();
    for flag in found.list("flags")? {
        let label = flag.need_text("label")?;
        if !LABELS.contains(&label) {
            return Err(flag.need("label")?.wrong("a label of CSAF"));
        }
        for id in meant(&flag, tree)? {
            reasons.entry(id).or_insert_with(|| label.to_owned());
        }
    }
    for threat in found.list("threats")? {
        if threat.need_text("category")? != "impact" {
            continue;
        }
        let details = threat.need_text("details")?;
        for id in meant(&threat, tree)? {
            reasons.entry(id).or_insert_with(|| details.to_owned());
        }
    }
    Ok(reasons)
}

/// The products that it names, and those of the groups that it names. One that names none is about none.
fn meant(node: &Node<'_>, tree: &ProductTree) -> Result<BTreeSet<String>, ReadError> {
    let mut ids: BTreeSet<String> = node.texts("product_ids")?.into_iter().map(str::to_owned).collect();
    for group in node.texts("group_ids")? {
        let members = tree.group(group).ok_or_else(|| node.contradiction("a group of products is not in the tree"))?;
        ids.extend(members.iter().cloned());
    }
    Ok(ids)
}
