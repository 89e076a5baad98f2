//! What identifies a message.

use deliver::MessageId;

#[test]
fn an_id_that_could_pass_for_another_message_is_refused() {
    for (id, fits) in [
        ("msg_0197c1b2-7f00", true),
        ("a", true),
        ("", false),
        ("msg.1", false),
        ("msg 1", false),
        ("msg\r\nx: y", false),
        ("ñ", false),
        (&"a".repeat(64), true),
        (&"a".repeat(65), false),
    ] {
        assert_eq!(MessageId::new(id).is_ok(), fits, "{id}");
    }
}
