//! The page with markup in everything that comes from outside: none of it is any.

use std::time::{Duration, SystemTime};

use lockage_promote::ledger::{Chronicle, Entry, Recorded};
use lockage_promote::pipeline::Name;
use lockage_promote::pipeline::memory::{Resident, running};
use lockage_promote::pipeline::output::Said;
use serde_json::json;

use super::gather::{Board, Cell, Next, Row};
use super::page::page;
use crate::memory::evidenced::{Evidenced, Worth};

/// Markup, the end of an attribute, and an entity, each with a number of its own.
fn hostile(n: usize) -> String {
    format!("<x{n} onload='f()'>\"'&amp;</p></td><!--")
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn digest(digit: char) -> String {
    format!("sha256:{}", String::from(digit).repeat(64))
}

fn resident(at: SystemTime) -> Resident {
    let entry = |kind: serde_json::Value| -> Recorded {
        let mut entry = json!({
            "image": "app", "environment": "prod", "digest": digest('a'), "actor": hostile(1),
            "at": "2026-11-21T16:00:00Z", "facts": { "commit": hostile(2), "version": hostile(3), "pull-request": 42 },
        });
        entry.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        Recorded::new(serde_json::from_value::<Entry>(entry).unwrap()).unwrap()
    };
    let evidence = json!([
        { "gate": hostile(4), "evidence": { "summary": hostile(5) }, "advisory": hostile(6) },
        { "gate": "soak", "evidence": { "summary": "x" }, "overridden": hostile(7) },
    ]);
    let promote = json!({
        "kind": "promote", "phase": "done", "from": "stage", "edge": "stage-prod", "plan": digest('b'),
        "tags": [{ "tag": "prod", "floats": true }], "evidence": evidence,
    });
    let back = json!({
        "kind": "rollback", "phase": "done", "reason": hostile(8), "at": "2026-11-21T16:00:02Z",
        "tags": [{ "tag": "prod", "floats": true }],
    });
    let deny = json!({ "kind": "deny", "reason": hostile(9), "at": "2026-11-21T16:00:03Z", "actor": hostile(10) });
    let hold = json!({ "kind": "hold", "reason": hostile(11), "at": "2026-11-21T16:00:04Z", "actor": hostile(12) });
    let chronicle = Chronicle::of([promote, back, deny, hold].map(entry));
    running(&chronicle, &name("prod"), at).images.remove(0)
}

fn board() -> Board {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let resident = resident(at);
    let evidence = Evidenced {
        image: name("app"),
        environment: name("prod"),
        digest: resident.digest.clone(),
        evidence: Worth::Missing,
        why: Some(hostile(13)),
    };
    let next = Next {
        digest: digest('c').parse().unwrap(),
        known_as: hostile(14),
        from: name("stage"),
        gates: vec![(Said::Fail, hostile(15), hostile(16))],
    };
    let cell = Cell { resident: Some(resident), evidence: Some(evidence), drift: vec![hostile(17)], next: Some(next) };
    let images = vec![Row { image: name("app"), cells: vec![cell, Cell::default()] }];
    let environments = vec![name("prod"), name("dr")];
    Board { title: hostile(18), at, environments, images, looked: true, unread: vec![hostile(19)] }
}

/// The tags of a page: every one is whole, is one that the page uses, and is closed.
fn tags(page: &str) -> Vec<String> {
    const VOID: [&str; 2] = ["!doctype", "meta"];
    const KNOWN: [&str; 26] = [
        "html", "head", "title", "style", "body", "header", "h1", "h2", "p", "time", "section", "ul", "li", "table",
        "thead", "tbody", "tr", "th", "td", "code", "b", "em", "div", "span", "details", "summary",
    ];
    const ATTRIBUTES: [&str; 11] =
        ["lang", "charset", "http-equiv", "content", "name", "class", "role", "scope", "datetime", "title", "html"];
    let (mut open, mut all) = (Vec::new(), Vec::new());
    // What is between these is the page's own.
    let (before, rest) = page.split_once("<style>").unwrap();
    let (style, after) = rest.split_once("</style>").unwrap();
    assert_eq!(style.trim(), include_str!("page.css").trim());
    let page = format!("{before}{after}");
    for piece in page.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap();
        assert!(!text.contains('>'), "{text}");
        let mut words = tag.splitn(2, ' ');
        let word = words.next().unwrap();
        if let Some(end) = word.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(end), "{piece}");
            continue;
        }
        assert!(KNOWN.contains(&word) || VOID.contains(&word), "<{tag}>");
        // In turn: outside of quotes, a name and `=`; inside, a value.
        let attributes = words.next().unwrap_or_default().split('"').step_by(2);
        for attribute in attributes.map(|one| one.trim().trim_end_matches('=')).filter(|one| !one.is_empty()) {
            assert!(ATTRIBUTES.contains(&attribute), "<{tag}>");
        }
        if !VOID.contains(&word) {
            open.push(word.to_owned());
        }
        all.push(word.to_owned());
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    all
}

#[test]
fn whatever_others_have_written_is_text() {
    let page = page(&board());
    let tags = tags(&page);
    assert!(!tags.iter().any(|tag| tag == "script") && tags.iter().filter(|tag| *tag == "td").count() == 2);
    for n in 1..=19 {
        // A commit is told by its first digits.
        let shown =
            if n == 2 { "commit &lt;x2 onl".to_owned() } else { format!("&lt;x{n} onload=&#39;f()&#39;&gt;&quot;") };
        assert!(page.contains(&shown), "{n}: {page}");
    }
    // The entity was text, and is.
    assert!(page.contains("&amp;amp;") && !page.contains("<!--"));
}

#[test]
fn the_page_asks_nobody_and_runs_nothing() {
    let page = page(&board());
    for word in ["<script", "src=", "href=", "url(", "@import", "http:", "https:", "javascript"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("Content-Security-Policy") && page.contains("default-src 'none'"));
}
