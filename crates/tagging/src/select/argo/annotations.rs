//! The settings as annotations of an Argo CD `Application`, as they were before there was a resource for them.

use std::collections::BTreeMap;

use super::{ArgoImage, UpdateSettings};
use crate::excerpt::quoted;

/// What the names of the annotations start with, before a `/`.
pub const PREFIX: &str = "argocd-image-updater.argoproj.io";

/// Annotations that name no images.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnnotationError {
    /// There is no list of images.
    #[error("there is no annotation {PREFIX}/image-list")]
    NoList,
    /// The list has no image.
    #[error("the annotation {PREFIX}/image-list names no image")]
    EmptyList,
    /// An alias that is part of an image: the sign behind it belongs to a constraint.
    #[error("the annotation {PREFIX}/image-list has the alias {alias}, which reads as part of an image")]
    Alias {
        /// What stands before the first `=`, quoted and shortened.
        alias: String,
    },
    /// An alias without an image.
    #[error("the annotation {PREFIX}/image-list has no image behind the alias {alias}")]
    NoImage {
        /// The alias, quoted and shortened.
        alias: String,
    },
}

impl AnnotationError {
    /// What to do about it, as a short imperative for people.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Alias { .. } => "give the image an alias, as in app=some/image:>=1.2",
            _ => "write image-list as alias=image:constraint, with commas between the images",
        }
    }
}

impl ArgoImage {
    /// The images of an `Application`, from its annotations.
    ///
    /// `image-list` names them. For an image with an alias, `<alias>.update-strategy`, `<alias>.allow-tags` and
    /// `<alias>.ignore-tags` come before the same names without an alias, which hold for all images. An annotation
    /// that is empty counts as none, but for `ignore-tags`. The image name may not contain a comma, so a constraint
    /// needs blanks between its terms.
    ///
    /// ```
    /// use lockage_tagging::select::ArgoImage;
    ///
    /// let annotations = [
    ///     ("argocd-image-updater.argoproj.io/image-list", "app=ghcr.io/acme/app:~1.2, ghcr.io/acme/db"),
    ///     ("argocd-image-updater.argoproj.io/app.ignore-tags", "*-debug, nightly"),
    ///     ("argocd-image-updater.argoproj.io/update-strategy", "newest-build"),
    /// ];
    /// let annotations = annotations.map(|(name, value)| (name.to_owned(), value.to_owned()));
    /// let images = ArgoImage::from_annotations(&annotations.into())?;
    /// assert_eq!(images[0].alias.as_deref(), Some("app"));
    /// assert_eq!(images[0].constraint(), Some("~1.2"));
    /// assert_eq!(images[0].common_update_settings.ignore_tags.as_deref(), Some(&["*-debug".into(), "nightly".into()][..]));
    /// assert_eq!(images[1].common_update_settings.update_strategy.as_deref(), Some("newest-build"));
    /// # Ok::<(), lockage_tagging::select::AnnotationError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the annotations name no image, or an alias without one.
    pub fn from_annotations(annotations: &BTreeMap<String, String>) -> Result<Vec<Self>, AnnotationError> {
        let list = annotations.get(&format!("{PREFIX}/image-list")).ok_or(AnnotationError::NoList)?;
        let for_all = settings(annotations, "");
        let mut images = Vec::new();
        for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (alias, image_name) = match entry.split_once('=') {
                // Argo CD Image Updater takes some/image:>=1.2 for an image 1.2 with a strange alias.
                Some((alias, _)) if alias.contains([':', '/']) => {
                    return Err(AnnotationError::Alias { alias: quoted(alias) });
                }
                Some((alias, image_name)) => (Some(alias.trim()), image_name.trim()),
                None => (None, entry),
            };
            if image_name.is_empty() {
                return Err(AnnotationError::NoImage { alias: quoted(alias.unwrap_or_default()) });
            }
            let alias = alias.filter(|alias| !alias.is_empty());
            let own = alias.map(|alias| settings(annotations, &format!("{alias}."))).unwrap_or_default();
            images.push(Self {
                alias: alias.map(str::to_owned),
                image_name: image_name.to_owned(),
                common_update_settings: own.or(&for_all),
            });
        }
        if images.is_empty() { Err(AnnotationError::EmptyList) } else { Ok(images) }
    }
}

fn settings(annotations: &BTreeMap<String, String>, scope: &str) -> UpdateSettings {
    let value = |name: &str| annotations.get(&format!("{PREFIX}/{scope}{name}"));
    let non_empty = |name: &str| value(name).map(|text| text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    UpdateSettings {
        update_strategy: non_empty("update-strategy"),
        allow_tags: non_empty("allow-tags"),
        ignore_tags: value("ignore-tags").map(|text| text.split(',').map(|tag| tag.trim().to_owned()).collect()),
        ..UpdateSettings::default()
    }
}
