//! What can be relied on in the synthetic company.

mod dirt;
mod law;
mod outcome;

use testkit::company::{Company, Options, Story, TRAITS};
use testkit::write::{Format, Writer};

/// Large enough for proportions, small enough for milliseconds.
fn options() -> Options {
    Options { leads: 4_000, events: 120_000, ..Options::default() }
}

fn stories(options: Options) -> Vec<Story> {
    Company::new(options).stories().collect()
}

fn files(format: Format, options: Options) -> (String, String) {
    let in_memory = "memory takes everything";
    let mut writer = Writer::new(format, Vec::new(), Vec::new()).expect(in_memory);
    for story in Company::new(options).stories() {
        writer.write(&story).expect(in_memory);
    }
    let (leads, events) = writer.finish().expect(in_memory);
    let text = |bytes| String::from_utf8(bytes).expect("the files are UTF-8");
    (text(leads), text(events))
}

/// A trait of the lead's first row, as text; empty where it is missing.
fn trait_of(story: &Story, path: &str) -> String {
    let index = TRAITS.iter().position(|name| *name == path).expect("the trait is one of TRAITS");
    story.rows[0].traits[index].as_ref().map(ToString::to_string).unwrap_or_default()
}
