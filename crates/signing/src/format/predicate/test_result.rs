//! `TestResult`: whether tests have passed, and which (in-toto test-result, v0.1).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::strict::Object;
use super::{FormatError, object};

/// The result of a run of tests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestResult {
    /// The result of all.
    pub result: TestVerdict,
    /// With what was tested, by name, else by URI.
    pub configurations: Vec<String>,
    /// Where more is said.
    pub url: Option<String>,
    /// The tests that have passed, by name.
    pub passed: Vec<String>,
    /// Those that have passed with a warning.
    pub warned: Vec<String>,
    /// Those that have failed.
    pub failed: Vec<String>,
}

/// What came of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(clippy::exhaustive_enums, reason = "the predicate has these three")]
pub enum TestVerdict {
    /// All have passed.
    Passed,
    /// All have passed, some with a warning.
    Warned,
    /// Some have failed.
    Failed,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    result: TestVerdict,
    configuration: Option<Vec<Object<Configuration>>>,
    url: Option<String>,
    passed_tests: Option<Vec<String>>,
    warned_tests: Option<Vec<String>>,
    failed_tests: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Configuration {
    name: Option<String>,
    uri: Option<String>,
}

pub(super) fn read(raw: &RawValue) -> Result<TestResult, FormatError> {
    let Document { result, configuration, url, passed_tests, warned_tests, failed_tests } = object("test result", raw)?;
    let failed = failed_tests.unwrap_or_default();
    if let (TestVerdict::Passed | TestVerdict::Warned, Some(test)) = (result, failed.first()) {
        return Err(FormatError::new(
            "test result",
            format!("it says that all have passed, and that {test:?} has failed"),
        ));
    }
    let (passed, warned) = (passed_tests.unwrap_or_default(), warned_tests.unwrap_or_default());
    let named = |Object(one): Object<Configuration>| one.name.or(one.uri);
    let configurations = configuration.unwrap_or_default().into_iter().filter_map(named).collect();
    Ok(TestResult { result, configurations, url, passed, warned, failed })
}
