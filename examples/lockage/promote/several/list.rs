//! Which images: a file that lists them, or their names.

use std::path::{Path, PathBuf};

use lockage_promote::pipeline::{Name, Select};
use lockage_registry::Digest;
use serde::Deserialize;

use super::super::world::World;
use super::super::{Arguments, Trouble, ends};
use crate::report::{Failure, read};

/// Several images, as an argument names them.
#[derive(Clone, Debug)]
pub(in crate::promote) enum Listed {
    File(PathBuf),
    Names(Vec<Name>),
    /// A set that the ledger knows.
    Set(Digest),
}

/// What ends as documents do, or begins as paths do, is a file.
pub(super) fn listed(text: &str) -> Result<Listed, String> {
    let is_file = text.starts_with(['.', '/', '~']) || Format::of(Path::new(text)).is_some();
    if is_file {
        return Ok(Listed::File(text.into()));
    }
    if let Ok(digest) = text.parse() {
        return Ok(Listed::Set(digest));
    }
    let names = text.split(',').map(|name| name.trim().parse().map_err(|error| format!("{name:?}: {error}")));
    names.collect::<Result<_, _>>().map(Listed::Names)
}

/// One image that is to be promoted, and how.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) image: Name,
    pub(super) select: Select,
    pub(super) edge: Name,
    pub(super) release: Option<String>,
}

/// A document that lists images. What it says of all holds for those that say nothing else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct List {
    select: Option<Select>,
    to: Option<Name>,
    edge: Option<Name>,
    release: Option<String>,
    images: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Line {
    image: Name,
    select: Option<Select>,
    to: Option<Name>,
    edge: Option<Name>,
    release: Option<String>,
}

#[derive(Clone, Copy)]
enum Format {
    Toml,
    Yaml,
    Json,
}

impl Format {
    fn of(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()? {
            "toml" => Some(Self::Toml),
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl List {
    fn read(file: &Path) -> Result<Self, Failure> {
        read(file, |bytes| {
            let text = std::str::from_utf8(bytes)?;
            Ok(match Format::of(file).unwrap_or(Format::Toml) {
                Format::Toml => toml::from_str(text)?,
                Format::Yaml => crate::yaml::from_str(text)?,
                Format::Json => serde_json::from_str(text)?,
            })
        })
    }

    /// What all of these names share is said by arguments.
    fn of_names(names: &[Name]) -> Self {
        let line = |image: &Name| Line { image: image.clone(), select: None, to: None, edge: None, release: None };
        Self { select: None, to: None, edge: None, release: None, images: names.iter().map(line).collect() }
    }
}

/// The images that are listed, each with what it, the list or the arguments say of it.
pub(super) async fn asked(listed: &Listed, arguments: &Arguments, world: &World) -> Result<Vec<Asked>, Failure> {
    let argument = match &arguments.select {
        Some(asked) => Some(asked.image(&arguments.forges).await?.select),
        None => None,
    };
    let List { select, to, edge, release, images } = match listed {
        Listed::File(file) => List::read(file)?,
        Listed::Names(names) => List::of_names(names),
        Listed::Set(id) => {
            let trouble = Trouble::new(format_args!("{id} is the digest of a set"));
            return Err(Failure::usage(&trouble.remedy("Go on with it by --resume, or take it back by --revert.")));
        }
    };
    if images.is_empty() {
        return Err(Failure::usage(&Trouble::new("no image is listed")));
    }
    images
        .into_iter()
        .map(|line| {
            let image = line.image;
            let select = word(&image, "select", line.select, &select, &argument)?;
            let release = word(&image, "release", line.release, &release, &arguments.release)?;
            let edge = word(&image, "edge", line.edge, &edge, &arguments.edge)?;
            let to = word(&image, "to", line.to, &to, &arguments.to)?;
            let (Some(select), Some(to)) = (select, to) else {
                let trouble = Trouble::new(format_args!("{image}: nobody said which of it, or where it is to go"));
                return Err(Failure::usage(&trouble.remedy("Say select and to in the list, or --select and --to.")));
            };
            if let Some(release) = &release {
                let wrong = |why| Failure::usage(&Trouble::new(format_args!("{image}: release {release:?}: {why}")));
                super::super::release(release).map_err(wrong)?;
            }
            let edge = match &edge {
                Some(edge) => world.edge(edge, &to)?,
                None => world.promoter.edge_into(&to).map_err(ends::failure)?.name().clone(),
            };
            Ok(Asked { image, select, edge, release })
        })
        .collect()
}

/// The images that are listed, sorted.
pub(super) fn images(listed: &Listed) -> Result<Vec<Name>, Failure> {
    let mut images = match listed {
        Listed::File(file) => List::read(file)?.images.into_iter().map(|line| line.image).collect(),
        Listed::Names(names) => names.clone(),
        Listed::Set(_) => Vec::new(),
    };
    images.sort();
    Ok(images)
}

/// What an image says, else what all say, else the argument. An argument that a list contradicts is a mistake of one of them.
fn word<T: Clone + PartialEq + std::fmt::Display>(
    image: &Name,
    what: &str,
    own: Option<T>,
    all: &Option<T>,
    argument: &Option<T>,
) -> Result<Option<T>, Failure> {
    let listed = own.or_else(|| all.clone());
    match (&listed, argument) {
        (Some(listed), Some(argument)) if listed != argument => {
            let trouble =
                format_args!("{image}: the list says {what} {listed}, and the argument {argument}").to_string();
            Err(Failure::usage(&Trouble::new(trouble).remedy("Leave out one of the two.")))
        }
        _ => Ok(listed.or_else(|| argument.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Listed, listed};

    #[test]
    fn a_file_is_known_by_its_name_and_a_set_by_its_digest() {
        for text in ["release.toml", "./images", "/etc/images", "a/b.yaml", "x.json"] {
            assert!(matches!(listed(text), Ok(Listed::File(_))), "{text}");
        }
        for (text, images) in [("app", 1), ("app, team/web", 2), ("a,b,c", 3)] {
            assert!(matches!(listed(text), Ok(Listed::Names(names)) if names.len() == images), "{text}");
        }
        assert!(matches!(listed(&format!("sha256:{}", "0".repeat(64))), Ok(Listed::Set(_))));
        for text in ["", "app,", "UPPER", "sha256:00"] {
            assert!(listed(text).is_err(), "{text}");
        }
    }
}
