//! A form as JSON Schema, for editors and for people.

use serde_json::{Map, Value, json};

use super::keys::Form;
use super::shape::Shape;

/// A form as JSON Schema 2020-12, for TOML read as JSON: days are strings.
pub fn schema(form: &Form) -> String {
    let mut definitions = Map::new();
    let mut schema = table(form, &mut definitions);
    if let Value::Object(schema) = &mut schema {
        schema.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        schema.insert("title".to_owned(), json!(form.title));
        if !definitions.is_empty() {
            schema.insert("$defs".to_owned(), Value::Object(definitions));
        }
    }
    let mut text = format!("{schema:#}");
    text.push('\n');
    text
}

fn table(form: &Form, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in form.keys {
        let mut property = shape(&key.shape, key.name, definitions);
        if let Value::Object(property) = &mut property {
            property.insert("description".to_owned(), json!(key.about));
        }
        properties.insert(key.name.to_owned(), property);
    }
    let required: Vec<&str> = form
        .keys
        .iter()
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    json!({
        "type": "object",
        "description": form.about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn shape(shape_: &Shape, name: &str, definitions: &mut Map<String, Value>) -> Value {
    match shape_ {
        Shape::Text => json!({ "type": "string", "pattern": "\\S" }),
        Shape::Line => json!({ "type": "string" }),
        Shape::Id => json!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$" }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Number(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Shape::Date => json!({ "type": "string", "format": "date" }),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::List(each) => json!({ "type": "array", "items": shape(each, name, definitions) }),
        Shape::Several(each) => json!({ "type": "array", "minItems": 1, "items": shape(each, name, definitions) }),
        Shape::OneOrMore(each) => {
            let each = shape(each, name, definitions);
            json!({ "anyOf": [each.clone(), { "type": "array", "items": each }] })
        }
        // The key's own sentence goes beside the table's, so the table stands one level down.
        Shape::Table(form) => json!({ "allOf": [table(form, definitions)] }),
        Shape::Tables(form) => json!({ "type": "array", "items": table(form, definitions) }),
        Shape::Map(each) => json!({ "type": "object", "additionalProperties": shape(each, name, definitions) }),
        Shape::AnyOf(shapes) => {
            let shapes: Vec<Value> = shapes.iter().map(|each| shape(each, name, definitions)).collect();
            json!({ "anyOf": shapes })
        }
        Shape::Expression { schema, .. } => {
            definitions.insert(
                name.to_owned(),
                serde_json::from_str(schema).unwrap_or(Value::Bool(true)),
            );
            json!({ "$ref": format!("#/$defs/{name}") })
        }
    }
}
