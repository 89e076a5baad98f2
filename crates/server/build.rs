//! Has the program built anew when its page was.

const PAGE: &str = "../../web/dist";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Where nobody has built the page yet, an empty directory stands for it: a path that is not there would
    // have the program built every time, and a debug build would not find a page that comes later.
    // A tree that cannot be written to has only that slowness.
    let _ = std::fs::create_dir_all(PAGE);
    // A debug build reads the page when it runs.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed={PAGE}");
    }
}
