//! `Link`: a target that was written is read as it was written, beside whatever else, and leads nowhere but to the registry.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lockage_registry::client::fuzzing::next_link;
use lockage_registry::client::{Purpose, UrlPolicy};
use url::Url;

fuzz_target!(|text: &str| {
    let page = Url::parse("https://registry.example/v2/a/tags/list?n=2").unwrap();
    if let Some(target) = next_link(text) {
        assert!(!target.contains('>') && text.contains(&format!("<{target}>")), "{text}");
        if let Ok(next) = UrlPolicy::new(page.clone(), []).judge(Purpose::NextPage, &page, target) {
            assert!(next.same_origin);
        }
    }
    if !text.contains(['<', '>']) {
        for written in
            [format!("<{text}>; rel=\"next\""), format!("</first>;rel=first, <{text}>;Rel=\"prev NEXT\";a=b")]
        {
            assert_eq!(next_link(&written), Some(text), "{written}");
        }
        assert_eq!(next_link(text), None);
    }
});

// What it begins with, a line each (the escapes are those of printf).
//~ </v2/a/tags/list?n=2&last=b>; rel="next"
//~ </x>;rel=next
//~ </first>; rel="first", </x,y>; title="a"; rel="prev next"
//~ <https://evil.example/v2/a>; rel=next
