//! The input `images`: the repositories that the tags are for.

use serde::Serialize;

use super::{
    error::ActionProblem,
    fields::{after_sign, between_signs, fields},
    js,
    profile::Profile,
    strict::StrictProblem,
};
use crate::Repository;

/// An image, as an entry of `images` names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Image {
    /// The name as it is written. References have it in lower case.
    pub name: String,
    /// Whether the image takes part.
    pub enable: bool,
}

impl Image {
    /// The name as it stands in references.
    pub fn reference_name(&self) -> String {
        self.name.to_lowercase()
    }
}

pub(super) fn parse_images(entries: &[String], profile: Profile) -> Result<Vec<Image>, ActionProblem> {
    let images = match entries {
        [entry] => match parse_plain(entry)? {
            Some(images) => images,
            None => vec![parse(entry, profile)?],
        },
        _ => entries.iter().map(|entry| parse(entry, profile)).collect::<Result<_, _>>()?,
    };
    if profile.is_strict() {
        for image in images.iter().filter(|image| image.enable) {
            let name = image.reference_name();
            name.parse::<Repository>().map_err(|error| StrictProblem::ImageName(Box::new(error)))?;
        }
    }
    Ok(images)
}

/// The names that take part, as they stand in references.
pub(super) fn enabled_names(images: &[Image], profile: Profile) -> Vec<String> {
    let mut names = Vec::new();
    for image in images.iter().filter(|image| image.enable) {
        let name = image.reference_name();
        if !profile.is_strict() || !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A single entry without any `=` is a list of names: `acme/app,ghcr.io/acme/app`.
fn parse_plain(entry: &str) -> Result<Option<Vec<Image>>, ActionProblem> {
    let fields = fields(entry)?;
    if fields.iter().any(|field| field.contains('=')) {
        return Ok(None);
    }
    Ok(Some(fields.iter().map(|field| Image { name: js::trim(field).to_owned(), enable: true }).collect()))
}

fn parse(entry: &str, profile: Profile) -> Result<Image, ActionProblem> {
    let mut image = Image { name: String::new(), enable: true };
    let split = if profile.is_strict() { after_sign } else { between_signs };
    for field in fields(entry)? {
        match split(&field) {
            None => image.name = js::trim(&field).to_owned(),
            Some((key, value)) => match (key.as_str(), value) {
                ("name", name) => image.name = name.to_owned(),
                ("enable", "true") => image.enable = true,
                ("enable", "false") => image.enable = false,
                ("enable", _) => return Err(ActionProblem::InvalidImageEnable(entry.to_owned())),
                _ => return Err(ActionProblem::UnknownImageAttribute(entry.to_owned())),
            },
        }
    }
    if image.name.is_empty() {
        return Err(ActionProblem::EmptyImageName(entry.to_owned()));
    }
    Ok(image)
}
