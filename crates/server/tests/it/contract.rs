//! What the reference says.

use std::fs;
use std::path::Path;

#[test]
fn the_reference_of_the_api_is_todays() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/user/reference/openapi.json");
    let today = server::openapi_json();
    if std::env::var_os("MADURA_UPDATE_REFERENCE").is_some() {
        fs::write(&path, &today).expect("a file");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == today,
        "docs/user/reference/openapi.json is not today's: run this test with MADURA_UPDATE_REFERENCE=1"
    );
}
