//! Has the program built anew when its page was.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A debug build reads the page when it runs; a path that is not there would have it built every time.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../../web/dist");
    }
}
