//! The grammar as a JSON Schema, for completion and hints in editors.

use serde_json::{Map, Value, json};

use super::grammar::{Choice, Field, MODEL, Record, Shape};
use super::read;

/// The schema of a model document, in JSON Schema 2020-12.
pub(super) fn schema() -> Value {
    let mut definitions = Definitions::default();
    let root = definitions.shape(&MODEL);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Madura scoring model",
    });
    merge(&mut schema, root);
    schema["$defs"] = Value::Object(definitions.records);
    schema
}

/// The records by name; each is written once, however often it is used.
#[derive(Default)]
struct Definitions {
    records: Map<String, Value>,
}

impl Definitions {
    fn shape(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Name => json!({"type": "string", "pattern": "\\S"}),
            Shape::NameOrNone => json!({"type": ["string", "null"], "pattern": "\\S"}),
            Shape::Word(words) => json!({"enum": words}),
            Shape::Operand => json!({"type": ["string", "number", "boolean"]}),
            Shape::Text => json!({"type": ["string", "number", "boolean"], "pattern": "\\S"}),
            Shape::Pattern => {
                json!({"type": ["string", "number", "boolean"], "pattern": "\\S", "format": "regex"})
            }
            Shape::Flag => json!({"type": "boolean"}),
            Shape::True => json!({"const": true}),
            Shape::Number => json!({"type": "number"}),
            // `multipleOf: 0.01` would be the law, but binary fractions make validators refuse 0.07.
            Shape::Points => json!({"type": "number", "minimum": -1e6, "maximum": 1e6}),
            Shape::Whole(least, most) => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Shape::Percent => json!({"type": "string", "pattern": read::PERCENT_PATTERN}),
            Shape::Duration(_) => json!({"type": "string", "pattern": read::DURATION_PATTERN}),
            Shape::Age => json!({"type": "string", "pattern": read::AGE_PATTERN}),
            Shape::List(of, least, most) => {
                let mut list = json!({"type": "array", "items": self.shape(of), "minItems": least});
                if *most < usize::MAX {
                    list["maxItems"] = json!(most);
                }
                list
            }
            Shape::Pair(of) => json!({
                "type": "object",
                "additionalProperties": self.shape(of),
                "minProperties": 1,
                "maxProperties": 1,
            }),
            Shape::Keyed(_, of) => json!({
                "type": "object",
                "additionalProperties": self.shape(of),
                "minProperties": 1,
            }),
            Shape::Facts => json!({"type": "object"}),
            Shape::Record(record) => self.record(record),
            Shape::Choice(choice) => self.choice(choice),
            Shape::Either(shapes) => {
                let shapes: Vec<Value> = shapes.iter().map(|shape| self.shape(shape)).collect();
                json!({"anyOf": shapes})
            }
        }
    }

    fn choice(&mut self, choice: &Choice) -> Value {
        let records = choice.alternatives.iter().map(|one| self.record(one.record));
        let records: Vec<Value> = records.collect();
        json!({"anyOf": records})
    }

    /// A reference to the record, which is defined on the way.
    fn record(&mut self, record: &Record) -> Value {
        let reference = json!({"$ref": format!("#/$defs/{}", record.id)});
        if self.records.contains_key(record.id) {
            return reference;
        }
        // Conditions contain conditions: the name must be known before its fields are written.
        self.records.insert(record.id.to_owned(), Value::Null);
        let mut properties = Map::new();
        for field in record.fields() {
            properties.insert(field.key.to_owned(), self.field(field));
        }
        let required: Vec<&str> =
            record.fields().filter(|field| field.required).map(|field| field.key).collect();
        let mut definition = json!({
            "title": record.what,
            "description": record.about,
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        if !required.is_empty() {
            definition["required"] = json!(required);
        }
        if !record.needs_one_of.is_empty() {
            let one: Vec<Value> =
                record.needs_one_of.iter().map(|field| json!({"required": [field.key]})).collect();
            definition["anyOf"] = json!(one);
        }
        self.records.insert(record.id.to_owned(), definition);
        reference
    }

    fn field(&mut self, field: &Field) -> Value {
        let mut schema = json!({"description": field.about});
        merge(&mut schema, self.shape(&field.shape));
        schema
    }
}

fn merge(schema: &mut Value, more: Value) {
    if let (Value::Object(schema), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}
