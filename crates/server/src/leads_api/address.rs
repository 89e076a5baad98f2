//! An address among traits is more than a text: it says whose the lead is, and what kind of mailbox that has.

use leads::EmailAddress;
use serde_json::{Map, Value as Any};

/// Takes the address among traits, and sets what follows from it; taken away, that goes along. `Err`: what is wrong
/// with it.
pub(crate) fn address_in(traits: &mut Map<String, Any>) -> Result<Option<EmailAddress>, String> {
    match traits.get("email") {
        None => Ok(None),
        Some(Any::Null) => {
            for name in ["email.domain", "email.kind"] {
                traits.insert(name.to_owned(), Any::Null);
            }
            Ok(None)
        }
        Some(Any::String(text)) => {
            let address =
                EmailAddress::parse(text).map_err(|error| format!("the address {error}"))?;
            traits.insert("email".to_owned(), address.as_str().into());
            traits.extend(ingest::email_traits(&address));
            Ok(Some(address))
        }
        Some(_) => Err("the address must be a text, or null".to_owned()),
    }
}
