//! The pass over the rules.

use super::{
    compiled::{Compiled, CompiledRule, Plan, Search},
    error::ActionProblem,
    explain::{Explanation, Outcome, Reason},
    facts::Facts,
    flavor::LatestFlavor,
    js,
    pep440::Pep440,
    rule::RuleKind,
    scope::{Extent, Rendered, render},
    semver::Semver,
    template::Template,
    version::{Version, tag_of},
    warning::Warning,
};

/// What the pass over the rules came to.
pub(super) struct Pass {
    pub(super) version: Version,
    pub(super) warnings: Vec<Warning>,
    pub(super) explanations: Vec<Explanation>,
}

/// What a rule came to, before its prefix and suffix.
enum Found {
    Value { text: String, earns_latest: bool },
    Nothing(Reason),
}

/// Evaluates the rules in order. The first tag is the main one, and settles whether there is a `latest`.
pub(super) fn pass(plan: &Plan, facts: &Facts<'_>) -> Result<Pass, ActionProblem> {
    let mut pass = Pass { version: Version::default(), warnings: Vec::new(), explanations: Vec::new() };
    for rule in &plan.rules {
        let mut evaluation = Evaluation { plan, facts, rule, warnings: &mut pass.warnings };
        let outcome = evaluation.outcome(&mut pass.version)?;
        pass.explanations.push(Explanation { rule: rule.rule.clone(), outcome });
    }
    Ok(pass)
}

struct Evaluation<'e> {
    plan: &'e Plan,
    facts: &'e Facts<'e>,
    rule: &'e CompiledRule,
    warnings: &'e mut Vec<Warning>,
}

impl Evaluation<'_> {
    fn outcome(&mut self, version: &mut Version) -> Result<Outcome, ActionProblem> {
        match self.render(&self.rule.enable, Extent::Build)?.text.as_str() {
            "true" => {}
            "false" => {
                let enable = self.rule.enable.source.clone();
                return Ok(Outcome::None(Reason::Disabled { enable }));
            }
            other => return Err(ActionProblem::InvalidEnable(other.to_owned())),
        }
        let (text, earns_latest) = match self.find()? {
            Found::Value { text, earns_latest } => (text, earns_latest),
            Found::Nothing(reason) => return Ok(Outcome::None(reason)),
        };
        let text = match self.dressed(text)? {
            Ok(text) => text,
            Err(reason) => return Ok(Outcome::None(reason)),
        };
        if text.is_empty() {
            return Ok(Outcome::None(Reason::Empty));
        }
        let tag = tag_of(&text, self.rule.rule.entry(), self.facts.profile)?;
        if self.facts.profile.is_strict() && text.starts_with(['-', '.']) {
            self.warnings.push(Warning::Trimmed { text, tag: tag.clone() });
        }
        if tag.is_empty() {
            return Ok(Outcome::None(Reason::Empty));
        }
        let first = version.main.is_none();
        let role = version.take(&tag);
        if first {
            version.latest = match self.plan.flavor.flavor.latest {
                LatestFlavor::Auto => earns_latest,
                LatestFlavor::Always => true,
                LatestFlavor::Never => false,
            };
        }
        Ok(Outcome::Tag { tag, role, latest: first.then_some(version.latest) })
    }

    fn find(&mut self) -> Result<Found, ActionProblem> {
        match self.rule.rule.kind() {
            RuleKind::Schedule => self.schedule(),
            RuleKind::Semver => self.semver(),
            RuleKind::Pep440 => self.pep440(),
            RuleKind::Match => self.matching(),
            RuleKind::Edge => Ok(self.edge()),
            RuleKind::Ref => Ok(self.git_ref()),
            RuleKind::Raw => self.raw(),
            RuleKind::Sha => self.sha(),
        }
    }

    fn schedule(&self) -> Result<Found, ActionProblem> {
        let event = &self.facts.resolved.event_name;
        if !event.contains("schedule") {
            return Ok(Found::Nothing(Reason::NotScheduled { event: event.clone() }));
        }
        self.pattern(Extent::Dates, false)
    }

    fn semver(&mut self) -> Result<Found, ActionProblem> {
        let value = match self.version_text()? {
            Ok(value) => value,
            Err(reason) => return Ok(Found::Nothing(reason)),
        };
        let Some(version) = Semver::parse(&value) else {
            return Ok(self.unfit(Warning::NotSemver(value)));
        };
        if version.prerelease.is_empty() {
            return self.pattern(Extent::Semver(&version), true);
        }
        if self.is_raw_statement() {
            return self.pattern(Extent::Semver(&version), false);
        }
        Ok(Found::Value { text: version.version, earns_latest: false })
    }

    fn pep440(&mut self) -> Result<Found, ActionProblem> {
        let value = match self.version_text()? {
            Ok(value) => value,
            Err(reason) => return Ok(Found::Nothing(reason)),
        };
        let Some(version) = Pep440::parse(&value) else {
            return Ok(self.unfit(Warning::NotPep440(value)));
        };
        if !version.is_pre {
            return self.pattern(Extent::Pep440(&version), true);
        }
        let text = if self.is_raw_statement() { value } else { version.clean };
        Ok(Found::Value { text, earns_latest: false })
    }

    fn matching(&mut self) -> Result<Found, ActionProblem> {
        let value = match self.selected()? {
            Ok(value) => value,
            Err(reason) => return Ok(Found::Nothing(reason)),
        };
        let Some(search) = &self.rule.search else {
            // Unreachable: a rule of this type has a pattern, and an empty one is an expression too.
            return Ok(Found::Nothing(Reason::Empty));
        };
        let Some(groups) = groups(search, &value)? else {
            return Ok(self.unfit(Warning::NoMatch { pattern: search.source.clone(), value }));
        };
        let group = self.rule.rule.attributes().text("group");
        match index(group).and_then(|index| groups.into_iter().nth(index)).flatten() {
            Some(text) => Ok(Found::Value { text, earns_latest: true }),
            None => Ok(self.unfit(Warning::NoGroup { group: group.to_owned(), pattern: search.source.clone() })),
        }
    }

    fn edge(&self) -> Found {
        let Some(branch) = self.facts.resolved.branch() else {
            return Found::Nothing(self.no_branch());
        };
        let own = Some(self.rule.rule.attributes().text("branch")).filter(|branch| !branch.is_empty());
        let wanted = own.or(self.facts.context.repo.default_branch.as_deref());
        if wanted == Some(branch) {
            return Found::Value { text: "edge".to_owned(), earns_latest: false };
        }
        Found::Nothing(Reason::OtherBranch { branch: branch.to_owned(), wanted: wanted.map(str::to_owned) })
    }

    fn git_ref(&self) -> Found {
        let resolved = self.facts.resolved;
        let value = |text: &str, earns_latest| Found::Value { text: text.to_owned(), earns_latest };
        match self.rule.rule.attributes().text("event") {
            "branch" => match resolved.branch() {
                Some(branch) => value(branch, false),
                None => Found::Nothing(self.no_branch()),
            },
            "tag" => match resolved.git_tag() {
                Some(tag) => value(tag, true),
                None => Found::Nothing(self.no_git_tag()),
            },
            _ => match resolved.pull() {
                Some(pull) => value(pull.strip_suffix("/merge").unwrap_or(pull), false),
                None => Found::Nothing(Reason::NoPullRequest { git_ref: resolved.git_ref.clone() }),
            },
        }
    }

    fn raw(&self) -> Result<Found, ActionProblem> {
        match &self.rule.value {
            Some(value) => Ok(self.found(self.render(value, Extent::Build)?, &value.source, false)),
            None => Ok(Found::Nothing(Reason::Empty)),
        }
    }

    fn sha(&self) -> Result<Found, ActionProblem> {
        let sha = self.facts.resolved.sha.as_str();
        if sha.is_empty() {
            return Ok(Found::Nothing(Reason::NoCommit));
        }
        let short = self.rule.rule.attributes().text("format") == "short";
        let text = if short { self.facts.short_sha()? } else { sha };
        Ok(Found::Value { text: text.to_owned(), earns_latest: false })
    }

    /// The text that a version is read from: what is selected, cut to what `match` finds in it.
    fn version_text(&mut self) -> Result<Result<String, Reason>, ActionProblem> {
        let mut value = match self.selected()? {
            Ok(value) => value,
            Err(reason) => return Ok(Err(reason)),
        };
        if let Some(search) = &self.rule.search {
            match groups(search, &value)? {
                None => self.warnings.push(Warning::NoMatch { pattern: search.source.clone(), value: value.clone() }),
                Some(groups) => {
                    let group = groups.into_iter().nth(1).flatten();
                    value =
                        group.ok_or(ActionProblem::Crash("Cannot read properties of undefined (reading 'replace')"))?;
                }
            }
        }
        Ok(Ok(value.replace('/', "-")))
    }

    /// The value of the rule, or else the git tag.
    fn selected(&self) -> Result<Result<String, Reason>, ActionProblem> {
        match (&self.rule.value, self.facts.resolved.git_tag()) {
            (Some(value), _) => {
                let rendered = self.render(value, Extent::Build)?;
                Ok(if rendered.gap { Err(Reason::Gap { template: value.source.clone() }) } else { Ok(rendered.text) })
            }
            (None, Some(tag)) => Ok(Ok(tag.to_owned())),
            (None, None) => Ok(Err(self.no_git_tag())),
        }
    }

    fn pattern(&self, extent: Extent<'_>, earns_latest: bool) -> Result<Found, ActionProblem> {
        match &self.rule.pattern {
            Some(pattern) => Ok(self.found(self.render(pattern, extent)?, &pattern.source, earns_latest)),
            None => Ok(Found::Nothing(Reason::Empty)),
        }
    }

    /// Whether the pattern names the version as it was given, and nothing else.
    fn is_raw_statement(&self) -> bool {
        self.rule
            .pattern
            .as_ref()
            .is_some_and(|pattern| pattern.template.as_ref().is_ok_and(Template::is_raw_statement))
    }

    /// `text` between prefix and suffix.
    fn dressed(&self, text: String) -> Result<Result<String, Reason>, ActionProblem> {
        let mut dressed = text;
        for (affix, before) in [(&self.rule.prefix, true), (&self.rule.suffix, false)] {
            let Some(affix) = affix else { continue };
            let rendered = self.render(affix, Extent::Build)?;
            if rendered.gap {
                return Ok(Err(Reason::Gap { template: affix.source.clone() }));
            }
            dressed = if before { rendered.text + &dressed } else { dressed + &rendered.text };
        }
        Ok(Ok(dressed))
    }

    fn found(&self, rendered: Rendered, template: &str, earns_latest: bool) -> Found {
        if rendered.gap {
            return Found::Nothing(Reason::Gap { template: template.to_owned() });
        }
        Found::Value { text: rendered.text, earns_latest }
    }

    fn unfit(&mut self, warning: Warning) -> Found {
        self.warnings.push(warning.clone());
        Found::Nothing(Reason::Unfit(warning))
    }

    fn render(&self, template: &Compiled, extent: Extent<'_>) -> Result<Rendered, ActionProblem> {
        render(template, self.facts, extent)
    }

    fn no_branch(&self) -> Reason {
        Reason::NoBranch { git_ref: self.facts.resolved.git_ref.clone() }
    }

    fn no_git_tag(&self) -> Reason {
        Reason::NoGitTag { git_ref: self.facts.resolved.git_ref.clone() }
    }
}

/// What the groups of an expression are in `value`, or its matches when it looks for all. `None` without any match.
fn groups(search: &Search, value: &str) -> Result<Option<Vec<Option<String>>>, ActionProblem> {
    let regex = search.regex.as_ref().map_err(Clone::clone)?;
    let too_long = |error: js::RegexError| ActionProblem::Regex(error.to_string());
    if regex.is_global() {
        let matches = regex.all(value).map_err(too_long)?;
        return Ok((!matches.is_empty()).then(|| matches.into_iter().map(Some).collect()));
    }
    regex.search(value).map_err(too_long)
}

/// The group that `text` is the number of. Only the plain decimal form names one.
fn index(text: &str) -> Option<usize> {
    text.parse().ok().filter(|index: &usize| index.to_string() == text)
}
