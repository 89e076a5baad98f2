//! Names of fields that ask for what must not be kept: passwords, cards, accounts, identity documents.
//!
//! A name may be written together or apart (`cardcvc`, `card_cvc`), so that blanks do not count. What is
//! short or a part of ordinary words counts only where a word begins or ends. The tracking script has a list
//! of its own (`web/snippet/src/sensitive.ts`); one list of examples holds both to the same.

/// Wherever they stand.
const PARTS: [&str; 17] = [
    "passw",
    "passphrase",
    "pswd",
    "pwd",
    "contrasen",
    "parola",
    "tarjeta",
    "caducidad",
    "securitycode",
    "cardnum",
    "cardholder",
    "cardcod",
    "cardcv",
    "cardcsc",
    "cardexpd",
    "cardexpir",
    "cardexpm",
];

/// Where a word ends with them.
const ENDINGS: [&str; 7] =
    ["token", "creditcard", "debitcard", "cardno", "cardnr", "cardexp", "cardexpyear"];

/// Where a word begins with them.
const BEGINNINGS: [&str; 35] = [
    "cccsc",
    "cccv",
    "ccexp",
    "ccnum",
    "numarcard",
    "numardecard",
    "numarulcard",
    "nrcard",
    "nrdecard",
    "numerocuenta",
    "numerodecuenta",
    "codsecur",
    "coddesecur",
    "codulsecur",
    "coduldesecur",
    "codsigur",
    "coddesigur",
    "coduldesigur",
    "codsegur",
    "codigosegur",
    "codigodesegur",
    "codnumeric",
    "iban",
    "codiban",
    "contiban",
    "bankacc",
    "contbanc",
    "contulbanc",
    "cuentabanc",
    "routingn",
    "pasap",
    "socialsecurity",
    "seguridadsocial",
    "nationalid",
    "onetimecode",
];

/// Where words begin and end with them.
const WORDS: [&str; 36] = [
    "pass",
    "passcode",
    "passport",
    "userpass",
    "pw",
    "pin",
    "otp",
    "secret",
    "secreta",
    "secretkey",
    "cvv",
    "cvc",
    "cvn",
    "csc",
    "cvvcode",
    "cvccode",
    "cvncode",
    "csccode",
    "ccno",
    "ccnr",
    "sortcode",
    "numarcont",
    "numardecont",
    "numarulcontului",
    "nrcont",
    "ssn",
    "idcard",
    "idnumber",
    "idnum",
    "dni",
    "nie",
    "nif",
    "cnp",
    "accountpin",
    "mypin",
    "cardpin",
];

/// What may stand in the name of a date of expiry besides that it is one.
const OF_EXPIRY: [&str; 12] =
    ["aa", "card", "data", "date", "de", "fecha", "ll", "mm", "month", "year", "yy", "yyyy"];

/// Whether a field asks for a secret. `simple`: its name, in lower case and without accents, words joined by
/// `_`.
pub(crate) fn asks_for_secret(simple: &str) -> bool {
    // `palabra_clave` is a keyword.
    simple == "clave" || is_expiry(simple) || {
        // `cvv2` and `iban_1` are what they are without the digit.
        let letters: Vec<&str> =
            simple.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
        names_secret(&letters)
    }
}

fn names_secret(words: &[&str]) -> bool {
    let together = words.concat();
    let mut edges = vec![0];
    for word in words {
        edges.push(edges[edges.len() - 1] + word.len());
    }
    let is_edge = |at: usize| edges.contains(&at);
    let stands = |name: &&str, begins: bool, ends: bool| {
        together
            .match_indices(*name)
            .any(|(at, found)| (!begins || is_edge(at)) && (!ends || is_edge(at + found.len())))
    };
    PARTS.iter().any(|name| together.contains(name))
        || ENDINGS.iter().any(|name| stands(name, false, true))
        || BEGINNINGS.iter().any(|name| stands(name, true, false))
        || WORDS.iter().any(|name| stands(name, true, true))
}

/// Whether it is a date of expiry and nothing else: contracts expire, too.
fn is_expiry(simple: &str) -> bool {
    let is_said = |word: &&str| {
        word.starts_with("expir") || ["exp", "expdate", "expmonth", "expyear"].contains(word)
    };
    let words: Vec<&str> = simple.split('_').collect();
    words.iter().any(is_said) && words.iter().all(|word| is_said(word) || OF_EXPIRY.contains(word))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::field_names::simplify;

    #[test]
    fn fields_that_ask_for_secrets_are_known_and_others_are_not_mistaken_for_them() {
        let names = include_str!("../../../web/snippet/tests/secret-names.json");
        let names: BTreeMap<String, Vec<String>> = serde_json::from_str(names).expect("names");
        for (kind, names) in names {
            for name in names {
                assert_eq!(asks_for_secret(&simplify(&name)), kind == "secret", "{name}");
            }
        }
        for name in ["Routing number", "sort_code", "Seguridad social", "contrasen\u{303}a"] {
            assert!(asks_for_secret(&simplify(name)), "{name}");
        }
        for name in ["palabra_clave", "expiry_of_contract", "expires_in_days"] {
            assert!(!asks_for_secret(&simplify(name)), "{name}");
        }
    }
}
