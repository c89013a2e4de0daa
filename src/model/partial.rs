//! Templates before the run: what is known is filled in, what only the run can tell stays visible
//! as `‹steps.lag.outputs.lag›`.

use super::expr::{Piece, pieces, plain};
use super::template::{Node, Template, Tree};
use super::{Object, Value};

/// A template as far as it can be rendered now.
#[must_use]
pub fn text(template: &Template, scope: &Object) -> String {
    plain(&value(template, scope))
}

/// As [`text`], keeping the type of a lone expression.
#[must_use]
pub fn value(template: &Template, scope: &Object) -> Value {
    if let Ok(value) = template.render_value(scope) {
        return value;
    }
    let Ok(parts) = pieces(&template.source) else { return Value::String(template.source.clone()) };
    let mut rendered = String::new();
    for part in parts {
        match part {
            Piece::Text(text) => rendered.push_str(text),
            Piece::Code(code, _) => {
                let lone = Template { source: format!("${{{{ {code} }}}}"), span: template.span };
                match lone.render_value(scope) {
                    Ok(value) => rendered.push_str(&plain(&value)),
                    Err(_) => rendered.push_str(&open(code)),
                }
            }
        }
    }
    Value::String(rendered)
}

/// A tree as far as it can be rendered now.
#[must_use]
pub fn tree(tree_: &Tree, scope: &Object) -> Value {
    match &tree_.node {
        Node::Scalar(value) => value.clone(),
        Node::Text(source) => value(&Template { source: source.clone(), span: tree_.span }, scope),
        Node::List(items) => Value::Array(items.iter().map(|item| tree(item, scope)).collect()),
        Node::Map(map) => Value::Object(map.iter().map(|(key, (_, item))| (key.clone(), tree(item, scope))).collect()),
    }
}

/// How a value that is not known yet stands in a text.
#[must_use]
fn open(code: &str) -> String {
    format!("‹{code}›")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::span::Span;

    fn template(source: &str) -> Template {
        Template { source: source.to_owned(), span: Span::default() }
    }

    #[test]
    fn what_only_the_run_knows_stays_visible() {
        let mut scope = Object::new();
        scope.insert("inputs".into(), json!({"dr": "us-east-1", "n": 3}));
        assert_eq!(
            text(&template("in ${{ inputs.dr }}: ${{ steps.lag.outputs.lag | human }} behind"), &scope),
            "in us-east-1: ‹steps.lag.outputs.lag | human› behind"
        );
        assert_eq!(value(&template("${{ inputs.n }}"), &scope), json!(3));
        assert_eq!(value(&template("${{ result.endpoint }}"), &scope), json!("‹result.endpoint›"));
    }
}
