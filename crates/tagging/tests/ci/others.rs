//! Jenkins, CircleCI, Azure Pipelines and Bitbucket.

use super::{refuses, says};

const JENKINS: &str = "
    JENKINS_URL=https://ci.example/
    BUILD_NUMBER=17
    BUILD_TAG=jenkins-app-main-17
    GIT_URL=https://bot:token@git.example/acme/app.git
";

const JENKINS_SAYS: &str = "
    provider=jenkins
    name=app
    url=https://git.example/acme/app
    run_id=jenkins-app-main-17
    run_number=17
";

#[test]
fn jenkins() {
    for (lines, expected) in [
        (
            "GIT_COMMIT=$HEAD\nBRANCH_NAME=main\nBRANCH_IS_PRIMARY=true",
            "event=Unknown\nref=refs/heads/main\nsha=$HEAD\ndefault_branch=main\nmerge=false\nfacts=Branch(\"main\") $HEAD",
        ),
        (
            "GIT_COMMIT=$HEAD\nBRANCH_NAME=v1.2.3\nTAG_NAME=v1.2.3\nTAG_UNIXTIME=1709916312",
            "event=Unknown\nref=refs/tags/v1.2.3\nsha=$HEAD\nmerge=false\nfacts=Tag(\"v1.2.3\") $HEAD",
        ),
        // Whether a mere PR-42 is merged with its target the variables do not say.
        (
            "GIT_COMMIT=$MERGE\nBRANCH_NAME=PR-42\nCHANGE_ID=42\nCHANGE_BRANCH=feature/x\nCHANGE_TARGET=main",
            "event=PullRequest\nref=refs/pull/42/merge\nsha=$MERGE\npull_request=42\nhead_ref=feature/x\nbase_ref=main
             fork=false\nfacts=PullRequest(42) -",
        ),
        (
            "GIT_COMMIT=$HEAD\nBRANCH_NAME=PR-42-head\nCHANGE_ID=42\nCHANGE_BRANCH=feature/x\nCHANGE_TARGET=main
             CHANGE_FORK=stranger",
            "event=PullRequest\nref=refs/pull/42/merge\nsha=$HEAD\npull_request=42\nhead_sha=$HEAD\nhead_ref=feature/x
             base_ref=main\nfork=true\nmerge=false\nfacts=PullRequest(42) $HEAD",
        ),
        // A job of the older kind, with the git plugin alone.
        (
            "GIT_COMMIT=$HEAD\nGIT_BRANCH=origin/release/1.x\nBUILD_CAUSE=TIMERTRIGGER\nBUILD_USER_ID=jane",
            "event=Schedule\nevent_name=TIMERTRIGGER\nref=refs/heads/release/1.x\nsha=$HEAD\nmerge=false\nactor=jane
             facts=Branch(\"release/1.x\") $HEAD",
        ),
        (
            "GIT_COMMIT=$HEAD\nGIT_BRANCH=refs/tags/v1\nBUILD_CAUSE=MANUALTRIGGER",
            "event=Manual\nevent_name=MANUALTRIGGER\nref=refs/tags/v1\nsha=$HEAD\nmerge=false\nfacts=Tag(\"v1\") $HEAD",
        ),
        (
            "GIT_COMMIT=$HEAD\nGIT_BRANCH=origin/main\nGIT_LOCAL_BRANCH=main\nBUILD_CAUSE=SCMTRIGGER",
            "event=Push\nevent_name=SCMTRIGGER\nref=refs/heads/main\nsha=$HEAD\nmerge=false\nfacts=Branch(\"main\") $HEAD",
        ),
    ] {
        says(&format!("{JENKINS}{lines}"), None, &format!("{JENKINS_SAYS}{expected}"));
    }
    for (lines, message) in [
        ("BRANCH_NAME=main", "Jenkins: the variable GIT_COMMIT is not set"),
        ("GIT_COMMIT=$HEAD", "Jenkins: the variable BRANCH_NAME is not set"),
        (
            "GIT_COMMIT=$HEAD\nGIT_BRANCH=detached",
            r#"Jenkins: the variable GIT_BRANCH is "detached", which is not the name of a branch"#,
        ),
        (
            "GIT_COMMIT=$HEAD\nCHANGE_ID=D123",
            r#"Jenkins: the variable CHANGE_ID is "D123", which is not the number of a pull request"#,
        ),
        ("GIT_COMMIT=$HEAD\nCHANGE_ID=1\nTAG_NAME=v1", r#"Jenkins: CHANGE_ID is "1", and TAG_NAME is "v1""#),
    ] {
        refuses(&format!("{JENKINS}{lines}"), None, message);
    }
}

const CIRCLE: &str = "
    CI=true
    CIRCLECI=true
    CIRCLE_SHA1=$HEAD
    CIRCLE_PROJECT_USERNAME=acme
    CIRCLE_PROJECT_REPONAME=app
    CIRCLE_REPOSITORY_URL=git@github.com:acme/app.git
    CIRCLE_WORKFLOW_ID=3c7c9d43
    CIRCLE_BUILD_NUM=123
    CIRCLE_USERNAME=jane
";

const CIRCLE_SAYS: &str = "
    provider=circleci
    event=Unknown
    sha=$HEAD
    name=app
    url=https://github.com/acme/app
    run_id=3c7c9d43
    run_number=123
    actor=jane
    merge=false
";

#[test]
fn circle() {
    for (lines, expected) in [
        ("CIRCLE_BRANCH=main", "ref=refs/heads/main\nfacts=Branch(\"main\") $HEAD"),
        ("CIRCLE_TAG=v1.2.3", "ref=refs/tags/v1.2.3\nfacts=Tag(\"v1.2.3\") $HEAD"),
        (
            "CIRCLE_BRANCH=pull/42\nCIRCLE_PR_NUMBER=42\nCIRCLE_PR_USERNAME=stranger\nCIRCLE_PR_REPONAME=app
             CIRCLE_PULL_REQUEST=https://github.com/acme/app/pull/42",
            "ref=refs/pull/42/merge\npull_request=42\nhead_sha=$HEAD\nfork=true\nfacts=PullRequest(42) $HEAD",
        ),
        // A branch that has a pull request is still built as a branch.
        (
            "CIRCLE_BRANCH=feature/x\nCIRCLE_PULL_REQUEST=https://github.com/acme/app/pull/42",
            "ref=refs/heads/feature/x\npull_request=42\nhead_sha=$HEAD\nhead_ref=feature/x\nfork=false
             facts=Branch(\"feature/x\") $HEAD",
        ),
        // Of several, CircleCI picks one at random; there is no telling which.
        (
            "CIRCLE_BRANCH=feature/x\nCIRCLE_PULL_REQUEST=https://github.com/acme/app/pull/42
             CIRCLE_PULL_REQUESTS=https://github.com/acme/app/pull/42,https://github.com/acme/app/pull/43",
            "ref=refs/heads/feature/x\nfacts=Branch(\"feature/x\") $HEAD",
        ),
    ] {
        says(&format!("{CIRCLE}{lines}"), None, &format!("{CIRCLE_SAYS}{expected}"));
    }
    for (lines, message) in [
        ("", "CircleCI: the variable CIRCLE_BRANCH is not set"),
        ("CIRCLE_SHA1=\nCIRCLE_BRANCH=main", "CircleCI: the variable CIRCLE_SHA1 is not set"),
        ("CIRCLE_TAG=v1\nCIRCLE_BRANCH=main", r#"CircleCI: CIRCLE_TAG is "v1", and CIRCLE_BRANCH is "main""#),
        (
            "CIRCLE_BRANCH=pull/42\nCIRCLE_PR_NUMBER=43",
            r#"CircleCI: CIRCLE_BRANCH is "pull/42", and CIRCLE_PR_NUMBER is "43""#,
        ),
    ] {
        refuses(&format!("{CIRCLE}{lines}"), None, message);
    }
}

const AZURE: &str = "
    TF_BUILD=True
    BUILD_REPOSITORY_NAME=acme/app
    BUILD_REPOSITORY_URI=https://github.com/acme/app
    BUILD_BUILDID=991
    BUILD_BUILDNUMBER=20240308.4
    BUILD_REQUESTEDFOR=Jane Doe
";

const AZURE_SAYS: &str = "
    provider=azure
    name=app
    url=https://github.com/acme/app
    run_id=991
    run_number=20240308.4
    actor=Jane Doe
";

#[test]
fn azure() {
    for (lines, expected) in [
        (
            "BUILD_REASON=IndividualCI\nBUILD_SOURCEBRANCH=refs/heads/release/1.x\nBUILD_SOURCEVERSION=$HEAD",
            "event=Push\nevent_name=IndividualCI\nref=refs/heads/release/1.x\nsha=$HEAD\nmerge=false
             facts=Branch(\"release/1.x\") $HEAD",
        ),
        (
            "BUILD_REASON=BatchedCI\nBUILD_SOURCEBRANCH=refs/tags/v1.2.3\nBUILD_SOURCEVERSION=$HEAD",
            "event=Push\nevent_name=BatchedCI\nref=refs/tags/v1.2.3\nsha=$HEAD\nmerge=false\nfacts=Tag(\"v1.2.3\") $HEAD",
        ),
        (
            "BUILD_REASON=Schedule\nBUILD_SOURCEBRANCH=refs/heads/main\nBUILD_SOURCEVERSION=$HEAD",
            "event=Schedule\nevent_name=Schedule\nref=refs/heads/main\nsha=$HEAD\nmerge=false\nfacts=Branch(\"main\") $HEAD",
        ),
        (
            "BUILD_REASON=Manual\nBUILD_SOURCEBRANCH=refs/heads/main\nBUILD_SOURCEVERSION=$HEAD",
            "event=Manual\nevent_name=Manual\nref=refs/heads/main\nsha=$HEAD\nmerge=false\nfacts=Branch(\"main\") $HEAD",
        ),
        // Sources on GitHub: the identifier is not the number.
        (
            "BUILD_REASON=PullRequest\nBUILD_SOURCEBRANCH=refs/pull/42/merge\nBUILD_SOURCEVERSION=$MERGE
             BUILD_REPOSITORY_PROVIDER=GitHub\nSYSTEM_PULLREQUEST_PULLREQUESTNUMBER=42
             SYSTEM_PULLREQUEST_PULLREQUESTID=1234567890\nSYSTEM_PULLREQUEST_SOURCEBRANCH=feature/x
             SYSTEM_PULLREQUEST_TARGETBRANCH=main\nSYSTEM_PULLREQUEST_SOURCECOMMITID=$HEAD\nSYSTEM_PULLREQUEST_ISFORK=True",
            "event=PullRequest\nevent_name=PullRequest\nref=refs/pull/42/merge\nsha=$MERGE\npull_request=42\nhead_sha=$HEAD
             head_ref=feature/x\nbase_ref=main\nfork=true\nmerge=true\nfacts=PullRequest(42) $HEAD",
        ),
        // Sources in Azure Repos.
        (
            "BUILD_REASON=PullRequest\nBUILD_SOURCEBRANCH=refs/pull/42/merge\nBUILD_SOURCEVERSION=$MERGE
             BUILD_REPOSITORY_PROVIDER=TfsGit\nSYSTEM_PULLREQUEST_PULLREQUESTID=42
             SYSTEM_PULLREQUEST_SOURCEBRANCH=refs/heads/feature/x\nSYSTEM_PULLREQUEST_TARGETBRANCH=refs/heads/main
             SYSTEM_PULLREQUEST_SOURCECOMMITID=$HEAD\nSYSTEM_PULLREQUEST_ISFORK=False",
            "event=PullRequest\nevent_name=PullRequest\nref=refs/pull/42/merge\nsha=$MERGE\npull_request=42\nhead_sha=$HEAD
             head_ref=feature/x\nbase_ref=main\nfork=false\nmerge=true\nfacts=PullRequest(42) $HEAD",
        ),
    ] {
        says(&format!("{AZURE}{lines}"), None, &format!("{AZURE_SAYS}{expected}"));
    }
    for (lines, message) in [
        ("BUILD_SOURCEVERSION=$HEAD", "Azure Pipelines: the variable BUILD_SOURCEBRANCH is not set"),
        ("BUILD_SOURCEBRANCH=refs/heads/main", "Azure Pipelines: the variable BUILD_SOURCEVERSION is not set"),
        (
            "BUILD_SOURCEVERSION=$HEAD\nBUILD_SOURCEBRANCH=$/Shop/Main",
            r#"Azure Pipelines: the variable BUILD_SOURCEBRANCH is "$/Shop/Main", which is not a reference to a branch, a tag or a pull request"#,
        ),
        (
            "BUILD_SOURCEVERSION=$HEAD\nBUILD_SOURCEBRANCH=refs/pull/42/merge\nSYSTEM_PULLREQUEST_PULLREQUESTNUMBER=43",
            r#"Azure Pipelines: BUILD_SOURCEBRANCH is "refs/pull/42/merge", and SYSTEM_PULLREQUEST_PULLREQUESTNUMBER is "43""#,
        ),
    ] {
        refuses(&format!("{AZURE}{lines}"), None, message);
    }
}

const BITBUCKET: &str = "
    CI=true
    BITBUCKET_BUILD_NUMBER=12
    BITBUCKET_REPO_SLUG=app
    BITBUCKET_GIT_HTTP_ORIGIN=http://bitbucket.org/acme/app
    BITBUCKET_PIPELINE_UUID={a-b}
    BITBUCKET_STEP_TRIGGERER_UUID={c-d}
";

const BITBUCKET_SAYS: &str = "
    provider=bitbucket
    name=app
    url=http://bitbucket.org/acme/app
    run_id={a-b}
    run_number=12
    actor={c-d}
    merge=false
";

#[test]
fn bitbucket() {
    for (lines, expected) in [
        (
            "BITBUCKET_COMMIT=$HEAD\nBITBUCKET_BRANCH=main",
            "event=Unknown\nref=refs/heads/main\nsha=$HEAD\nfacts=Branch(\"main\") $HEAD",
        ),
        (
            "BITBUCKET_COMMIT=$HEAD\nBITBUCKET_TAG=v1.2.3",
            "event=Unknown\nref=refs/tags/v1.2.3\nsha=$HEAD\nfacts=Tag(\"v1.2.3\") $HEAD",
        ),
        (
            "BITBUCKET_COMMIT=2b2e9270c1f5\nBITBUCKET_BRANCH=feature/x\nBITBUCKET_PR_ID=42
             BITBUCKET_PR_DESTINATION_BRANCH=main\nBITBUCKET_PR_DESTINATION_COMMIT=5f3331d7f704",
            "event=PullRequest\nref=refs/pull/42/merge\nsha=2b2e9270c1f5\npull_request=42\nhead_sha=2b2e9270c1f5
             head_ref=feature/x\nbase_ref=main\nfacts=PullRequest(42) 2b2e9270c1f5",
        ),
    ] {
        says(&format!("{BITBUCKET}{lines}"), None, &format!("{BITBUCKET_SAYS}{expected}"));
    }
    for (lines, message) in [
        ("BITBUCKET_BRANCH=main", "Bitbucket Pipelines: the variable BITBUCKET_COMMIT is not set"),
        ("BITBUCKET_COMMIT=$HEAD", "Bitbucket Pipelines: the variable BITBUCKET_BRANCH is not set"),
        (
            "BITBUCKET_COMMIT=$HEAD\nBITBUCKET_BRANCH=main\nBITBUCKET_TAG=v1",
            r#"Bitbucket Pipelines: BITBUCKET_TAG is "v1", and BITBUCKET_BRANCH is "main""#,
        ),
    ] {
        refuses(&format!("{BITBUCKET}{lines}"), None, message);
    }
}
