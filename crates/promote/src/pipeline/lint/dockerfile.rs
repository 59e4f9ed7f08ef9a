//! The images that a Dockerfile is built from.

/// Line and text of each.
pub(super) fn deployed(text: &str) -> Vec<(usize, String)> {
    let mut stages: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut image = match words.as_slice() {
            [from, rest @ ..] if from.eq_ignore_ascii_case("from") => {
                let image = rest.iter().find(|word| !word.starts_with("--"));
                let named = rest.iter().position(|word| word.eq_ignore_ascii_case("as"));
                let known = image.is_some_and(|image| is_stage(&stages, image));
                stages.push(named.and_then(|at| rest.get(at + 1)).map(ToString::to_string).unwrap_or_default());
                image.filter(|_| !known).copied()
            }
            [copy, rest @ ..] if copy.eq_ignore_ascii_case("copy") => {
                let from = rest.iter().find_map(|word| word.strip_prefix("--from="));
                from.filter(|from| !is_stage(&stages, from))
            }
            _ => None,
        };
        // The empty image has nothing that could change.
        image = image.filter(|image| *image != "scratch");
        found.extend(image.map(|image| (number, image.to_owned())));
    }
    found
}

/// By its name, in any case, or by its number.
fn is_stage(stages: &[String], text: &str) -> bool {
    let by_name = stages.iter().any(|stage| !stage.is_empty() && stage.eq_ignore_ascii_case(text));
    by_name || text.parse::<usize>().is_ok_and(|number| number < stages.len())
}
