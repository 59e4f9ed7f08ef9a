//! The tree of products of a CSAF document: what each of its ids stands for, as package URLs.

use std::collections::{BTreeMap, BTreeSet};

use super::super::read::node::Node;
use super::super::{Purl, ReadError};
use super::Product;

/// How deep branches may be nested; the standard's own limit.
const DEEPEST: usize = 30;

/// Products by their ids, and groups of them.
#[derive(Debug, Default)]
pub(super) struct ProductTree {
    products: BTreeMap<String, Vec<Purl>>,
    parts: BTreeMap<String, Part>,
    groups: BTreeMap<String, BTreeSet<String>>,
}

/// A product as a component of another.
#[derive(Debug)]
struct Part {
    component: String,
    of: String,
}

impl ProductTree {
    pub(super) fn read(root: &Node<'_>) -> Result<Self, ReadError> {
        let mut tree = Self::default();
        let Some(written) = root.get("product_tree")? else { return Ok(tree) };
        tree.branches(&written, 0)?;
        for product in written.list("full_product_names")? {
            tree.product(&product)?;
        }
        for relationship in written.list("relationships")? {
            let whole = relationship.need("full_product_name")?;
            let id = tree.product(&whole)?;
            let part = Part {
                component: relationship.need_text("product_reference")?.to_owned(),
                of: relationship.need_text("relates_to_product_reference")?.to_owned(),
            };
            tree.parts.insert(id, part);
        }
        for group in written.list("product_groups")? {
            let members = group.texts("product_ids")?.into_iter().map(str::to_owned).collect();
            tree.groups.insert(group.need_text("group_id")?.to_owned(), members);
        }
        Ok(tree)
    }

    fn branches(&mut self, node: &Node<'_>, depth: usize) -> Result<(), ReadError> {
        for branch in node.list("branches")? {
            if depth >= DEEPEST {
                return Err(branch.contradiction("branches are nested more than 30 deep"));
            }
            if let Some(product) = branch.get("product")? {
                self.product(&product)?;
            }
            self.branches(&branch, depth + 1)?;
        }
        Ok(())
    }

    /// 2.0 has one purl for a product, 2.1 a list.
    fn product(&mut self, product: &Node<'_>) -> Result<String, ReadError> {
        let id = product.need_text("product_id")?.to_owned();
        let mut purls = Vec::new();
        if let Some(helper) = product.get("product_identification_helper")? {
            purls.extend(helper.purl("purl")?);
            for purl in helper.list("purls")? {
                purls.push(purl.as_text()?.parse().map_err(|_| purl.wrong("a package URL"))?);
            }
        }
        if self.products.insert(id.clone(), purls).is_some() {
            return Err(product.contradiction("two products have one id"));
        }
        Ok(id)
    }

    /// The ids of a group.
    pub(super) fn group(&self, id: &str) -> Option<&BTreeSet<String>> {
        self.groups.get(id)
    }

    /// What an id stands for; nothing where the tree does not have it. A product that nothing identifies is one that is
    /// found nowhere.
    ///
    /// A component of an image is meant in that image alone. A component of what is no image, such as a release of a
    /// distribution, is meant only where it has a package URL of its own as that component: nobody says that our image is
    /// the whole that it is a part of.
    pub(super) fn products(&self, id: &str) -> Option<Vec<Product>> {
        let own = self.products.get(id)?;
        let nowhere = || vec![Product { purl: None, subcomponents: Vec::new() }];
        if !own.is_empty() {
            return Some(
                own.iter().map(|purl| Product { purl: Some(purl.clone()), subcomponents: Vec::new() }).collect(),
            );
        }
        let Some(part) = self.parts.get(id) else { return Some(nowhere()) };
        let (component, whole) = (self.products.get(&part.component)?, self.products.get(&part.of)?);
        let images = whole.iter().filter(|purl| purl.kind() == "oci");
        let within: Vec<_> = images
            .filter(|_| !component.is_empty())
            .map(|image| Product {
                purl: Some(image.clone()),
                subcomponents: component.iter().cloned().map(Some).collect(),
            })
            .collect();
        Some(if within.is_empty() { nowhere() } else { within })
    }
}
