//! The JSON Schema and the reader of documents must agree.

use std::sync::LazyLock;

use scoring::document::{Severity, Syntax, load, schema, to_json};
use serde_json::{Map, Value, json};

/// The keys whose values are mappings with keys of the author's choice.
const FREE: [&str; 6] = ["where", "lead", "props", "criteria", "fit", "engagement"];

fn everything() -> Value {
    let json = to_json(super::EVERYTHING, Syntax::Yaml).expect("it is YAML");
    serde_json::from_str(&json).expect("it is JSON")
}

fn loads(document: &Value) -> bool {
    load(&document.to_string(), Syntax::Json).model.is_some()
}

#[test]
fn the_schema_is_the_same_as_ever() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&schema()).expect("it is JSON"));
}

#[test]
fn what_loads_is_valid() {
    assert_eq!(errors(&everything()), Vec::<String>::new());
}

#[test]
fn a_misspelt_key_is_refused_by_the_schema_and_by_the_reader() {
    let mut tried = 0;
    for (path, key) in keys(&everything()) {
        let mut document = everything();
        let mapping = at(&mut document, &path);
        let value = mapping.remove(&key).expect("the key is there");
        mapping.insert(format!("{key}_"), value);
        assert!(!errors(&document).is_empty(), "the schema takes {path:?} {key}_");
        assert!(!loads(&document), "the reader takes {path:?} {key}_");
        tried += 1;
    }
    assert!(tried > 200, "{tried} keys");
}

#[test]
fn a_key_that_is_left_out_is_missed_by_both_or_by_neither_and_never_for_nothing() {
    let whole = format!("{:?}", load(&everything().to_string(), Syntax::Json).model);
    for (path, key) in keys(&everything()) {
        let mut document = everything();
        at(&mut document, &path).remove(&key);
        let loaded = load(&document.to_string(), Syntax::Json);
        let errors = errors(&document);
        // What refers to a name that is gone only the reader can see.
        let dangling = ["name", "stage", "brackets", "grid", "stages", "enter", "group"];
        if !errors.is_empty() {
            assert!(loaded.model.is_none(), "the reader takes {path:?} without {key}: {errors:?}");
        } else if loaded.model.is_none() && !dangling.contains(&key.as_str()) {
            let relation = loaded.diagnostics.iter().all(|found| {
                found.severity == Severity::Warning || ["E018", "E019"].contains(&found.code)
            });
            assert!(relation, "only the reader misses {path:?} {key}: {:?}", loaded.diagnostics);
        } else if loaded.model.is_some() {
            let said = format!("{:?}", loaded.model);
            let default = [("decay", "none")];
            let is_default = default.iter().any(|(name, value)| {
                let mut document = everything();
                *name == key && at(&mut document, &path).get(&key) == Some(&json!(value))
            });
            assert!(said != whole || is_default, "{path:?} {key} makes no difference");
        }
    }
}

#[test]
fn a_value_of_another_type_is_refused_by_both() {
    for (path, key) in keys(&everything()) {
        for other in [json!(null), json!({"odd": []}), json!([[]])] {
            let mut document = everything();
            let mapping = at(&mut document, &path);
            if mapping
                .get(&key)
                .is_some_and(|value| value.is_null() == other.is_null() && other.is_null())
            {
                continue;
            }
            let facts = ["lead", "props"].contains(&key.as_str()) && other.is_object();
            let none = ["stage", "bracket"].contains(&key.as_str()) && other.is_null();
            if facts || none {
                continue;
            }
            mapping.insert(key.clone(), other.clone());
            assert!(!errors(&document).is_empty(), "the schema takes {path:?} {key}: {other}");
            assert!(!loads(&document), "the reader takes {path:?} {key}: {other}");
        }
    }
}

/// Every key of the grammar in the document, with the way to its mapping.
fn keys(document: &Value) -> Vec<(Vec<String>, String)> {
    fn walk(value: &Value, path: &[String], free: bool, found: &mut Vec<(Vec<String>, String)>) {
        let below = |step: &str| [path, &[step.to_owned()]].concat();
        match value {
            Value::Object(entries) => {
                for (key, inner) in entries {
                    if !free {
                        found.push((path.to_vec(), key.clone()));
                    }
                    let facts = ["lead", "props"].contains(&key.as_str());
                    let inner_free = FREE.contains(&key.as_str()) && inner.is_object();
                    if !facts && (!free || inner.is_object()) {
                        let pairs = path == ["grid"];
                        walk(
                            inner,
                            &below(key),
                            (inner_free && !free && !is_range(inner)) || pairs,
                            found,
                        );
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &below(&index.to_string()), free, found);
                }
            }
            _ => {}
        }
    }
    fn is_range(value: &Value) -> bool {
        value.get("at_least").is_some() || value.get("at_most").is_some()
    }
    let mut found = Vec::new();
    walk(document, &[], false, &mut found);
    found
}

fn at<'d>(document: &'d mut Value, path: &[String]) -> &'d mut Map<String, Value> {
    let mut value = document;
    for step in path {
        value = match value {
            Value::Array(items) => &mut items[step.parse::<usize>().expect("an index")],
            other => &mut other[step.as_str()],
        };
    }
    value.as_object_mut().expect("a mapping")
}

/// What the schema has against a document: as much of a validator as our schema needs.
fn errors(document: &Value) -> Vec<String> {
    static SCHEMA: LazyLock<Value> = LazyLock::new(schema);
    let mut errors = Vec::new();
    validate(document, &SCHEMA, &SCHEMA, "", &mut errors);
    errors
}

fn validate(value: &Value, schema: &Value, root: &Value, path: &str, errors: &mut Vec<String>) {
    let rules = schema.as_object().expect("a schema is an object");
    for (rule, wanted) in rules {
        let holds = match rule.as_str() {
            "$schema" | "$defs" | "title" | "description" | "format" => true,
            "$ref" => {
                let name = wanted.as_str().and_then(|name| name.strip_prefix("#/$defs/"));
                validate(value, &root["$defs"][name.expect("a definition")], root, path, errors);
                true
            }
            "type" => match wanted {
                Value::Array(types) => types.iter().any(|one| is_of(value, one)),
                one => is_of(value, one),
            },
            "enum" => wanted.as_array().expect("a list").contains(value),
            "const" => value == wanted,
            "pattern" => value.as_str().is_none_or(|text| match wanted.as_str().expect("text") {
                "\\S" => !text.trim().is_empty(),
                pattern => regex::Regex::new(pattern).expect("a regex").is_match(text),
            }),
            "minimum" => value.as_f64().is_none_or(|n| n >= wanted.as_f64().expect("a number")),
            "maximum" => value.as_f64().is_none_or(|n| n <= wanted.as_f64().expect("a number")),
            "minItems" => value.as_array().is_none_or(|all| all.len() as u64 >= number(wanted)),
            "maxItems" => value.as_array().is_none_or(|all| all.len() as u64 <= number(wanted)),
            "minProperties" => {
                value.as_object().is_none_or(|all| all.len() as u64 >= number(wanted))
            }
            "maxProperties" => {
                value.as_object().is_none_or(|all| all.len() as u64 <= number(wanted))
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    validate(item, wanted, root, &format!("{path}/{index}"), errors);
                }
                true
            }
            "properties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = wanted.get(key) {
                        validate(inner, schema, root, &format!("{path}/{key}"), errors);
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = |key: &String| {
                    rules.get("properties").is_some_and(|all| all.get(key).is_some())
                };
                for (key, inner) in
                    value.as_object().into_iter().flatten().filter(|(key, _)| !known(key))
                {
                    match wanted {
                        Value::Bool(false) => errors.push(format!("{path}/{key}: unknown")),
                        schema => validate(inner, schema, root, &format!("{path}/{key}"), errors),
                    }
                }
                true
            }
            "required" => value.as_object().is_none_or(|all| {
                wanted
                    .as_array()
                    .expect("a list")
                    .iter()
                    .all(|key| all.contains_key(key.as_str().expect("text")))
            }),
            "anyOf" => wanted.as_array().expect("a list").iter().any(|one| {
                let mut inner = Vec::new();
                validate(value, one, root, path, &mut inner);
                inner.is_empty()
            }),
            unknown => panic!("the validator does not know {unknown}"),
        };
        if !holds {
            errors.push(format!("{path}: {rule} {wanted}"));
        }
    }
}

fn is_of(value: &Value, kind: &Value) -> bool {
    match kind.as_str().expect("the name of a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("no such type: {other}"),
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}
