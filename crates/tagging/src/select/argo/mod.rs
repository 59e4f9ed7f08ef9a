//! An image of Argo CD Image Updater, with the names of its settings.

use serde::{Deserialize, Serialize};

use super::error::SelectError;

pub(super) mod annotations;
pub(super) mod selector;
pub(super) mod strategy;

use selector::ArgoSelector;

/// What Argo CD Image Updater is told about one image.
///
/// Through serde it reads an image of the `ImageUpdater` resource. What says where to write the choice, or how to verify
/// it, is passed over. Settings above the image are the caller's to merge, see [`UpdateSettings::or`].
/// [`from_annotations`](Self::from_annotations) reads the annotations that the resource replaces.
///
/// ```
/// use lockage_tagging::select::{ArgoImage, Candidate, Selector};
///
/// let image: ArgoImage = serde_json::from_str(
///     r#"{"alias": "app", "imageName": "ghcr.io/acme/app:1.x", "commonUpdateSettings": {"ignoreTags": ["*-debug"]}}"#,
/// )?;
/// let tags = Candidate::list(["1.2", "1.10.1", "1.11-debug", "2.0.0"])?;
/// assert_eq!(image.selector()?.select(&tags)?.candidate.tag, "1.10.1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ArgoImage {
    /// The name by which settings refer to the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The image, with the constraint in the place of the tag: `ghcr.io/acme/app:1.x`.
    pub image_name: String,
    /// How to choose.
    #[serde(default)]
    pub common_update_settings: UpdateSettings,
}

/// How Argo CD Image Updater chooses: its `commonUpdateSettings`. A setting that it does not have is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct UpdateSettings {
    /// `semver`, `newest-build`, `alphabetical` or `digest`; `semver` where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_strategy: Option<String>,
    /// `any`, or `regexp:` and an expression; all tags where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_tags: Option<String>,
    /// Patterns of tags to pass over, see [`Glob`](super::Glob).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_tags: Option<Vec<String>>,
    /// Whether an image is updated that the application does not run. It is kept, and chooses nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_update: Option<bool>,
    /// Where the credentials are. It is kept, and chooses nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_secret: Option<String>,
    /// For which platforms the date of an image is read. It is kept; the caller who reads the date goes by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platforms: Option<Vec<String>>,
}

impl ArgoImage {
    /// The image `image_name`, chosen by the default strategy.
    pub fn new(image_name: impl Into<String>) -> Self {
        Self { image_name: image_name.into(), ..Self::default() }
    }

    /// Sets [the strategy](UpdateSettings#structfield.update_strategy).
    #[must_use]
    pub fn update_strategy(mut self, strategy: impl Into<String>) -> Self {
        self.common_update_settings.update_strategy = Some(strategy.into());
        self
    }

    /// Sets [the tags that are allowed](UpdateSettings#structfield.allow_tags).
    #[must_use]
    pub fn allow_tags(mut self, allow_tags: impl Into<String>) -> Self {
        self.common_update_settings.allow_tags = Some(allow_tags.into());
        self
    }

    /// Sets [the patterns of tags to pass over](UpdateSettings#structfield.ignore_tags).
    #[must_use]
    pub fn ignore_tags<T: Into<String>>(mut self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.common_update_settings.ignore_tags = Some(patterns.into_iter().map(Into::into).collect());
        self
    }

    /// What stands in the place of the tag: a constraint on versions, or the tag to follow.
    ///
    /// It need not be a tag: `app:>=1.2 <2` is one of Argo CD Image Updater's image names.
    pub fn constraint(&self) -> Option<&str> {
        let name = self.image_name.split_once('@').map_or(self.image_name.as_str(), |(name, _digest)| name);
        let last = name.rsplit_once('/').map_or(name, |(_, last)| last);
        let (_, constraint) = last.split_once(':')?;
        (!constraint.is_empty()).then_some(constraint)
    }

    /// The selector that the settings describe.
    ///
    /// # Errors
    ///
    /// When a setting cannot be read; [`select`](super) says where Argo CD Image Updater is less strict.
    pub fn selector(&self) -> Result<ArgoSelector, SelectError> {
        ArgoSelector::new(self)
    }
}

impl UpdateSettings {
    /// Each setting of `self`, or of `fallback` where `self` has none: the image's come before the application's, and
    /// those before the global ones.
    #[must_use]
    pub fn or(self, fallback: &Self) -> Self {
        Self {
            update_strategy: self.update_strategy.or_else(|| fallback.update_strategy.clone()),
            allow_tags: self.allow_tags.or_else(|| fallback.allow_tags.clone()),
            ignore_tags: self.ignore_tags.or_else(|| fallback.ignore_tags.clone()),
            force_update: self.force_update.or(fallback.force_update),
            pull_secret: self.pull_secret.or_else(|| fallback.pull_secret.clone()),
            platforms: self.platforms.or_else(|| fallback.platforms.clone()),
        }
    }
}
