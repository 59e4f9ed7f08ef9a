//! OpenVEX, in JSON, from 0.0.1 to 0.2.0.

use super::super::read::node::Node;
use super::super::{Format, Problem, ReadError};
use super::{Product, Vex, VexStatement, VexStatus};

pub(in super::super) fn read(root: &Node<'_>) -> Result<Vex, ReadError> {
    let written = match root.time("last_updated")? {
        Some(at) => Some(at),
        None => root.time("timestamp")?,
    };
    let mut statements = Vec::new();
    for statement in root.need_list("statements")? {
        let at = match statement.time("last_updated")? {
            Some(at) => Some(at),
            None => statement.time("timestamp")?.or(written),
        };
        let Some(at) = at else { return Err(ReadError::new("$.timestamp", Problem::Missing)) };
        let named = statement.need("vulnerability")?;
        let mut vulnerability = Vec::new();
        match named.as_text() {
            // As 0.0.1 has it.
            Ok(name) => vulnerability.push(name.to_owned()),
            Err(_) => {
                vulnerability.push(named.need_text("name")?.to_owned());
                vulnerability.extend(named.texts("aliases")?.into_iter().map(str::to_owned));
            }
        }
        let products = statement.need_list("products")?.iter().map(product).collect::<Result<Vec<_>, _>>()?;
        if products.is_empty() {
            return Err(statement.contradiction("a statement is about no product"));
        }
        let status = match statement.need_text("status")? {
            "not_affected" => VexStatus::NotAffected,
            "fixed" => VexStatus::Fixed,
            "affected" => VexStatus::Affected,
            "under_investigation" => VexStatus::UnderInvestigation,
            _ => return Err(statement.need("status")?.wrong("a status of OpenVEX")),
        };
        let justification = match statement.text("justification")? {
            Some(word) => Some(word),
            None => statement.text("impact_statement")?,
        };
        if status == VexStatus::NotAffected && justification.is_none() {
            return Err(statement.contradiction("not_affected needs a justification or an impact_statement"));
        }
        let justification = justification.unwrap_or_default().to_owned();
        statements.push(VexStatement { vulnerability, products, status, justification, at });
    }
    Ok(Vex { format: Format::OpenVex, author: root.text("author")?.map(str::to_owned), statements })
}

fn product(product: &Node<'_>) -> Result<Product, ReadError> {
    if let Ok(text) = product.as_text() {
        return Ok(Product { purl: text.parse().ok(), subcomponents: Vec::new() });
    }
    let mut subcomponents = Vec::new();
    for part in product.list("subcomponents")? {
        subcomponents.push(match part.as_text() {
            Ok(text) => text.parse().ok(),
            Err(_) => purl(&part)?,
        });
    }
    Ok(Product { purl: purl(product)?, subcomponents })
}

/// `identifiers.purl`, or the `@id` where that is a package URL.
fn purl(component: &Node<'_>) -> Result<Option<super::Purl>, ReadError> {
    if let Some(identifiers) = component.get("identifiers")?
        && let Some(purl) = identifiers.purl("purl")?
    {
        return Ok(Some(purl));
    }
    Ok(component.text("@id")?.and_then(|id| id.parse().ok()))
}
