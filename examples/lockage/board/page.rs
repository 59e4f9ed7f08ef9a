//! The page: a table that becomes a list of cards where the screen is narrow. No script, and nothing is fetched.

use std::fmt::{self, Write as _};

use lockage_promote::Clearance;
use lockage_promote::pipeline::memory::{Arrived, Resident};
use lockage_promote::pipeline::output::Said;

use super::gather::{Board, Cell, Next};
use super::text::{Plain, known_as, rough, time};
use crate::memory::evidenced::Worth;

const STYLE: &str = include_str!("page.css");

/// The whole page. Writing into a text cannot fail.
pub(super) fn page(board: &Board) -> String {
    let mut page = String::new();
    match whole(&mut page, board) {
        Ok(()) => page,
        Err(fmt::Error) => String::new(),
    }
}

fn whole(page: &mut String, board: &Board) -> fmt::Result {
    let (title, at) = (Plain(&board.title), time(board.at));
    writeln!(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    // Whatever should slip through is still not run, and asks nobody.
    writeln!(
        page,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )?;
    writeln!(page, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(page, "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>")?;
    writeln!(page, "<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>")?;
    let source = if board.looked { "the ledger and the registries" } else { "the ledger alone" };
    writeln!(page, "<p>By {source}, at <time datetime=\"{at}\">{at}</time>.</p>\n</header>")?;
    if !board.unread.is_empty() {
        writeln!(page, "<section class=\"alert\" role=\"alert\">\n<h2>Not everything could be looked at</h2>\n<ul>")?;
        board.unread.iter().try_for_each(|one| writeln!(page, "<li>{}</li>", Plain(one)))?;
        writeln!(page, "</ul>\n</section>")?;
    }
    if board.images.is_empty() {
        writeln!(page, "<p>Nothing was promoted yet.</p>")?;
    } else {
        table(page, board)?;
    }
    writeln!(page, "</body>\n</html>")
}

fn table(page: &mut String, board: &Board) -> fmt::Result {
    writeln!(page, "<table>\n<thead>\n<tr><th scope=\"col\">Image</th>")?;
    board.environments.iter().try_for_each(|name| writeln!(page, "<th scope=\"col\">{}</th>", Plain(name)))?;
    writeln!(page, "</tr>\n</thead>\n<tbody>")?;
    for row in &board.images {
        writeln!(page, "<tr>\n<th scope=\"row\">{}</th>", Plain(&row.image))?;
        for (environment, cell) in board.environments.iter().zip(&row.cells) {
            let bad = if is_bad(cell) { " class=\"bad\"" } else { "" };
            writeln!(page, "<td{bad}>\n<p class=\"env\">{}</p>", Plain(environment))?;
            self::cell(page, cell, board)?;
            writeln!(page, "</td>")?;
        }
        writeln!(page, "</tr>")?;
    }
    writeln!(page, "</tbody>\n</table>")
}

fn is_bad(cell: &Cell) -> bool {
    !cell.drift.is_empty() || cell.resident.as_ref().is_some_and(|one| one.denied.is_some())
}

fn cell(page: &mut String, cell: &Cell, board: &Board) -> fmt::Result {
    match &cell.resident {
        Some(resident) => there(page, resident, cell)?,
        None => writeln!(page, "<p class=\"none\">nothing</p>")?,
    }
    if !cell.drift.is_empty() {
        writeln!(page, "<div class=\"note alert\"><b>Drift</b><ul>")?;
        cell.drift.iter().try_for_each(|line| writeln!(page, "<li>{}</li>", Plain(line)))?;
        writeln!(page, "</ul></div>")?;
    } else if board.looked && cell.resident.is_some() {
        writeln!(page, "<p class=\"quiet\">no drift</p>")?;
    }
    cell.next.iter().try_for_each(|next| waits(page, next))
}

fn there(page: &mut String, one: &Resident, cell: &Cell) -> fmt::Result {
    let known = known_as(&one.facts);
    let known = if known.is_empty() { one.digest.short().to_owned() } else { known };
    writeln!(page, "<p class=\"known\">{}</p>", Plain(known))?;
    writeln!(page, "<p class=\"digest\"><code>{}</code></p>", Plain(&one.digest))?;
    if !one.tags.is_empty() {
        write!(page, "<p class=\"tags\">")?;
        one.tags.iter().try_for_each(|tag| write!(page, "<code>{}</code> ", Plain(tag)))?;
        writeln!(page, "</p>")?;
    }
    let (since, ago, by) = (time(one.since), rough(one.seconds), Plain(&one.by));
    let how = match one.arrived {
        Arrived::Promoted => "promoted by",
        Arrived::RolledBack => "rolled back by",
        _ => "found by",
    };
    writeln!(page, "<p>since <time datetime=\"{since}\">{since}</time> ({ago}), {how} {by}</p>")?;
    if let Some(back) = &one.rolled_back {
        writeln!(page, "<p class=\"note wait\"><b>Rolled back</b> {}</p>", Plain(&back.reason))?;
    }
    if let Some(denial) = &one.denied {
        let (reason, actor) = (Plain(&denial.reason), Plain(&denial.actor));
        write!(page, "<p class=\"note alert\"><b>Denied</b> {reason} ({actor}")?;
        if denial.image != one.image {
            write!(page, ", as {}", Plain(&denial.image))?;
        }
        writeln!(page, ")</p>")?;
    }
    if let Some(hold) = &one.held {
        let (reason, actor) = (Plain(&hold.reason), Plain(&hold.actor));
        writeln!(page, "<p class=\"note wait\"><b>Held</b> {reason} ({actor})</p>")?;
    }
    if let Some(passed) = &one.passed {
        gates(page, &passed.evidence, &passed.edge.to_string(), passed.plan.as_ref())?;
    }
    evidence(page, cell)
}

fn gates(page: &mut String, evidence: &[Clearance], edge: &str, plan: &str) -> fmt::Result {
    let (edge, plan) = (Plain(edge), Plain(plan));
    let past = evidence.iter().filter(|one| one.overridden.is_some()).count();
    let past = if past == 0 { String::new() } else { format!(", {past} passed by") };
    let all = evidence.len();
    let word = if all == 1 { "gate" } else { "gates" };
    writeln!(
        page,
        "<details><summary>{all} {word}{past}</summary>\n<p>along {edge}, by plan <code>{plan}</code></p>\n<ul>"
    )?;
    for one in evidence {
        let (gate, summary) = (Plain(&one.gate), Plain(&one.evidence.summary));
        write!(page, "<li><b>{gate}</b> {summary}")?;
        if let Some(why) = &one.overridden {
            write!(page, " <em>passed by: {}</em>", Plain(why))?;
        }
        if let Some(why) = &one.advisory {
            write!(page, " <em>advisory: {}</em>", Plain(why))?;
        }
        writeln!(page, "</li>")?;
    }
    writeln!(page, "</ul></details>")
}

fn evidence(page: &mut String, cell: &Cell) -> fmt::Result {
    let Some(one) = &cell.evidence else { return Ok(()) };
    let class = match one.evidence {
        Worth::Good => "good",
        Worth::None => "quiet",
        Worth::Expired | Worth::Unknown => "note wait",
        Worth::Missing => "note alert",
    };
    let why = one.why.as_ref().map(|why| format!(": {}", Plain(why))).unwrap_or_default();
    writeln!(page, "<p class=\"{class}\">evidence {}{why}</p>", one.evidence.word())
}

fn said_in_words(said: Said) -> &'static str {
    match said {
        Said::Pass => "passes",
        Said::Fail => "fails",
        Said::Wait => "waits",
        Said::PassedBy => "passed by",
        _ => "cannot decide",
    }
}

fn waits(page: &mut String, next: &Next) -> fmt::Result {
    let known = if next.known_as.is_empty() { next.digest.short() } else { &next.known_as };
    let (known, from, digest) = (Plain(known), Plain(&next.from), Plain(&next.digest));
    let says = |what| next.gates.iter().any(|(said, ..)| *said == what);
    let (word, class) = match () {
        () if says(Said::Fail) => ("refused", "alert"),
        () if says(Said::Undecided) => ("undecided", "alert"),
        () if next.gates.is_empty() => ("may come", "go"),
        () => ("waits", "wait"),
    };
    writeln!(
        page,
        "<div class=\"note {class}\"><b>Next</b> <span title=\"{digest}\">{known}</span> from {from}: {word}"
    )?;
    if !next.gates.is_empty() {
        writeln!(page, "<ul>")?;
        for (said, gate, found) in &next.gates {
            writeln!(page, "<li><b>{}</b> {}: {}</li>", Plain(gate), said_in_words(*said), Plain(found))?;
        }
        writeln!(page, "</ul>")?;
    }
    writeln!(page, "</div>")
}
