//! Settings, secrets of the instance, and suppressed addresses.

use serde_json::json;
use store::consent::suppression::{self, AddressHash, Reason};
use store::settings::{self, Expected, SettingError};

use crate::desk::{email, minute, on_both};

#[test]
fn nobody_overwrites_a_setting_that_was_changed_in_between() {
    on_both(|desk| {
        let mut put = |value: i32, expected| {
            desk.run(|tx| settings::put(tx, "theme", &json!(value), expected, "ana", minute(0)))
        };
        assert_eq!(put(0, Expected::Version(0)), Err(SettingError::Changed { found: 0 }));
        assert_eq!(put(1, Expected::Nothing), Ok(1));
        assert_eq!(put(2, Expected::Nothing), Err(SettingError::Changed { found: 1 }));
        assert_eq!(put(3, Expected::Version(1)), Ok(2));
        assert_eq!(put(4, Expected::Version(1)), Err(SettingError::Changed { found: 2 }));
        assert_eq!(put(5, Expected::Anything), Ok(3));
        let setting = desk.ok(|tx| settings::find(tx, "theme")).expect("the setting");
        assert_eq!((setting.value, setting.version), (json!(5), 3));
        let refused = desk.run(|tx| settings::remove(tx, "theme", Expected::Version(2)));
        assert_eq!(refused, Err(SettingError::Changed { found: 3 }));
        assert!(desk.ok(|tx| settings::remove(tx, "theme", Expected::Version(3))));
        assert_eq!(desk.ok(settings::list), []);
    });
}

#[test]
fn the_first_secret_stays_and_no_list_or_log_shows_it() {
    on_both(|desk| {
        let first = desk.ok(|tx| settings::secret_or(tx, "links", &[1; 32], minute(0)));
        let second = desk.ok(|tx| settings::secret_or(tx, "links", &[2; 32], minute(1)));
        assert_eq!(first.as_bytes(), [1; 32]);
        assert_eq!(first, second);
        assert_eq!(desk.ok(|tx| settings::secret(tx, "other")), None);
        assert_eq!(desk.ok(settings::list), []);
        assert_eq!(desk.ok(|tx| settings::find(tx, "links")), None);
        assert_eq!(format!("{first:?}"), "InstanceSecret(..)");
    });
}

#[test]
fn a_suppressed_address_stays_suppressed_and_nobody_can_read_whose_it_is() {
    on_both(|desk| {
        let secret = desk.ok(|tx| settings::secret_or(tx, "suppression", &[1; 32], minute(0)));
        let other = desk.ok(|tx| settings::secret_or(tx, "other", &[2; 32], minute(0)));
        let ana = AddressHash::of_email(&secret, &email("Ana@Example.com"));
        assert_eq!(ana, AddressHash::of_email(&secret, &email(" ana@example.com ")));
        assert_ne!(ana, AddressHash::of_email(&other, &email("ana@example.com")));
        assert_ne!(ana, AddressHash::of_email(&secret, &email("ana@example.org")));

        let mut suppress = |channel: &str, reason, at| {
            desk.ok(|tx| suppression::suppress(tx, channel, &ana, reason, minute(at)))
        };
        assert!(suppress("email", Reason::Erased, 1));
        assert!(!suppress("email", Reason::Asked, 2));
        let found = desk.ok(|tx| suppression::find(tx, "email", &ana)).expect("an entry");
        assert_eq!((found.reason, found.at), (Reason::Erased, minute(1)));
        assert!(!desk.ok(|tx| suppression::is_suppressed(tx, "sms", &ana)));
        let ion = AddressHash::of_email(&secret, &email("ion@example.com"));
        assert!(!desk.ok(|tx| suppression::is_suppressed(tx, "email", &ion)));
        let counts = desk.ok(suppression::counts);
        assert_eq!(counts, [("email".to_owned(), Reason::Erased, 1)]);

        let number = AddressHash::of_phone(&secret, "+40 (721) 000-111");
        assert_eq!(number, AddressHash::of_phone(&secret, "+40721000111"));
    });
}

#[test]
fn the_hash_of_an_address_stays_what_it_was_in_earlier_versions() {
    on_both(|desk| {
        // HMAC-SHA256 under SHA-256 of the secret, computed with another program.
        let secret = desk.ok(|tx| settings::secret_or(tx, "s", &[1; 32], minute(0)));
        let hash = AddressHash::of_email(&secret, &email("ana@example.com"));
        let expected = "04153d76eb21585f829cf60c147aada5079b61dda566bea96e0370d9ea73c244";
        assert_eq!(format!("{hash:?}"), format!("AddressHash({expected})"));
    });
}
