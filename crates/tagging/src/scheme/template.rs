//! Tags after a pattern of pieces, none of which can be empty.

use std::{fmt, str::FromStr};

use super::{commit, legal, semver};
use crate::{BuildFacts, GitRef, SchemeError, Tag, TagScheme, class::SchemeClass, excerpt::quoted};

/// A tag after a pattern: `{branch}-{sha}-{time}` gives `main-2b2e927-20240309164109`.
///
/// | Piece | Is | For |
/// |---|---|---|
/// | `{branch}` | the name of the branch | branches |
/// | `{tag}` | the name of the git tag | git tags |
/// | `{version}`, `{major}`, `{minor}`, `{patch}` | the semantic version in the git tag, its numbers | such git tags |
/// | `{pr}` | the number of the pull request | pull requests, merges |
/// | `{head}`, `{base}` | the branches of the pull request | pull requests |
/// | `{sha}`, `{commit}` | seven digits of the commit, the whole commit | all |
/// | `{date}`, `{time}`, `{unix}` | `20240309`, `20240309164109`, `1710002469`: of the commit, in UTC | all |
/// | `{run}` | the number of the run | all |
///
/// Names are made legal as [`Branch`](crate::Branch) does it. No piece is ever empty, so that no tag is `-2b2e927`: a
/// template is silent on builds that a piece is not for, and refuses a build that lacks a fact.
///
/// ```
/// use lockage_tagging::{BuildFacts, SchemeError, TagScheme, Template};
///
/// let template: Template = "{branch}-{sha}".parse()?;
/// assert_eq!(template.tags(&BuildFacts::branch("fix/a").commit("2b2e927"))?, ["fix-a-2b2e927"]);
/// assert!(template.tags(&BuildFacts::tag("v1.2.3").commit("2b2e927"))?.is_empty());
/// assert_eq!(template.tags(&BuildFacts::branch("main")), Err(SchemeError::MissingCommit));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(Field),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Branch,
    Tag,
    Version,
    Major,
    Minor,
    Patch,
    Pr,
    Head,
    Base,
    Sha,
    Commit,
    Date,
    Time,
    Unix,
    Run,
}

const FIELDS: [(&str, Field); 15] = [
    ("branch", Field::Branch),
    ("tag", Field::Tag),
    ("version", Field::Version),
    ("major", Field::Major),
    ("minor", Field::Minor),
    ("patch", Field::Patch),
    ("pr", Field::Pr),
    ("head", Field::Head),
    ("base", Field::Base),
    ("sha", Field::Sha),
    ("commit", Field::Commit),
    ("date", Field::Date),
    ("time", Field::Time),
    ("unix", Field::Unix),
    ("run", Field::Run),
];

/// A text that is no [`Template`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A template without a piece gives the same tag to every build; a [`Channel`](crate::Channel) says so.
    #[error("the template {template} has no piece in braces")]
    NoPiece {
        /// The template.
        template: String,
    },
    /// A piece that is none of the table.
    #[error("{{{piece}}} is no piece of a template")]
    UnknownPiece {
        /// What stands in the braces.
        piece: String,
    },
    /// A brace without its partner.
    #[error("a brace of the template {template} has no partner")]
    Brace {
        /// The template.
        template: String,
    },
    /// Text between the pieces that cannot stand in a tag.
    #[error("{character:?} in the template {template} cannot stand in a tag")]
    Character {
        /// The template.
        template: String,
        /// The first such character.
        character: char,
    },
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(template: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let brace = || TemplateError::Brace { template: quoted(template) };
        let mut rest = template;
        while !rest.is_empty() {
            let (text, after) = match rest.split_once('{') {
                Some((text, after)) => (text, Some(after)),
                None => (rest, None),
            };
            if text.contains('}') {
                return Err(brace());
            }
            if let Some(character) = text.chars().find(|character| !Tag::allows(*character)) {
                return Err(TemplateError::Character { template: quoted(template), character });
            }
            if !text.is_empty() {
                pieces.push(Piece::Text(text.to_owned()));
            }
            let Some(after) = after else { break };
            let (name, next) = after.split_once('}').ok_or_else(brace)?;
            let field = FIELDS.iter().find(|(known, _)| *known == name);
            let (_, field) = field.ok_or_else(|| TemplateError::UnknownPiece { piece: quoted(name) })?;
            pieces.push(Piece::Field(*field));
            rest = next;
        }
        match pieces.iter().any(|piece| matches!(piece, Piece::Field(_))) {
            true => Ok(Self { pieces }),
            false => Err(TemplateError::NoPiece { template: quoted(template) }),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl TagScheme for Template {
    fn tags(&self, facts: &BuildFacts) -> Result<Vec<Tag>, SchemeError> {
        let fields =
            || self.pieces.iter().filter_map(|piece| if let Piece::Field(it) = piece { Some(it) } else { None });
        // Silence comes before errors: a build that the template is not for need not bring its facts.
        if !fields().all(|field| field.is_for(facts)) {
            return Ok(Vec::new());
        }
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(fixed) => text.push_str(fixed),
                Piece::Field(field) => text.push_str(&field.of(facts)?),
            }
        }
        Ok(vec![legal::unreserved(text.parse()?)?])
    }

    fn classes(&self) -> Vec<SchemeClass> {
        let fixes = |piece: &Piece| {
            matches!(
                piece,
                Piece::Field(
                    Field::Sha | Field::Commit | Field::Time | Field::Unix | Field::Run | Field::Version | Field::Tag
                )
            )
        };
        vec![match self.pieces.iter().any(fixes) {
            true => SchemeClass::immutable(),
            false => SchemeClass::floating(),
        }]
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("template ")?;
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => f.write_str(text)?,
                Piece::Field(field) => write!(f, "{{{}}}", field.name())?,
            }
        }
        Ok(())
    }
}

impl Field {
    fn name(self) -> &'static str {
        FIELDS.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }

    /// Whether builds like this one have the piece at all.
    fn is_for(self, facts: &BuildFacts) -> bool {
        match (self, &facts.git_ref) {
            (Self::Branch, GitRef::Branch(_)) | (Self::Tag, GitRef::Tag(_)) => true,
            (Self::Version | Self::Major | Self::Minor | Self::Patch, GitRef::Tag(name)) => semver::parse(name).is_ok(),
            (Self::Pr | Self::Head | Self::Base, GitRef::PullRequest(_)) => true,
            (Self::Pr, GitRef::Branch(_)) => facts.merged_pull_request.is_some(),
            (Self::Sha | Self::Commit | Self::Date | Self::Time | Self::Unix | Self::Run, _) => true,
            _ => false,
        }
    }

    /// The piece for a build that has it.
    fn of(self, facts: &BuildFacts) -> Result<String, SchemeError> {
        let missing = |fact| SchemeError::MissingFact { fact };
        let name = |name: &Option<String>, fact| name.as_deref().ok_or(missing(fact)).and_then(legal);
        let date = || facts.commit_date.ok_or(missing("the date of the commit"));
        let version = |part: fn(&::semver::Version) -> String| match &facts.git_ref {
            GitRef::Tag(name) => semver::parse(name).map(|version| part(&version)).map_err(|_| missing("a version")),
            GitRef::Branch(_) | GitRef::PullRequest(_) => Err(missing("a version")),
        };
        match self {
            Self::Branch | Self::Tag => match &facts.git_ref {
                GitRef::Branch(name) | GitRef::Tag(name) => legal(name),
                GitRef::PullRequest(_) => Err(missing("a branch or a git tag")),
            },
            Self::Version => version(|version| version.to_string().replace('+', "_")),
            Self::Major => version(|version| version.major.to_string()),
            Self::Minor => version(|version| version.minor.to_string()),
            Self::Patch => version(|version| version.patch.to_string()),
            Self::Pr => match facts.git_ref {
                GitRef::PullRequest(number) => Ok(number.to_string()),
                _ => Ok(facts.merged_pull_request.ok_or(missing("a pull request"))?.to_string()),
            },
            Self::Head => name(&facts.head_branch, "the branch that the pull request comes from"),
            Self::Base => name(&facts.base_branch, "the branch to merge into"),
            Self::Sha => commit::short(facts),
            Self::Commit => commit::whole(facts),
            Self::Date => Ok(date()?.date().to_string().replace('-', "")),
            Self::Time => Ok(date()?.digits()),
            Self::Unix => Ok(date()?.unix().to_string()),
            Self::Run => Ok(facts.run_number.ok_or(missing("the number of the run"))?.to_string()),
        }
    }
}

fn legal(name: &str) -> Result<String, SchemeError> {
    Ok(legal::legal_tag(name)?.to_string())
}
