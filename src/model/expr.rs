//! Expressions: minijinja inside `${{ }}`, bare in `if`, `expect`, `until`.
//!
//! Undefined is an error, never false or empty: every path an expression names must lead to a value
//! before it is evaluated. (Ordering comparisons of a template engine would otherwise let
//! `missing <= 3600` pass.) JSON null is a value.

use std::sync::OnceLock;

use minijinja::{Environment, Error, ErrorKind, Expression, UndefinedBehavior};

use super::span::Span;
use super::template::{Expr, Node, Template, Tree};
use super::{Object, Value};

/// Steps an expression may take before it is stopped.
const FUEL: u64 = 50_000;

/// What went wrong in an expression, with the place of the text that holds it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    pub message: String,
    pub span: Span,
    /// The path that has no value, when that is the reason.
    pub missing: Option<String>,
}

/// The longest expression. What is longer nobody reads, and a compiler that follows it operand by
/// operand would run out of stack.
const MAX_BYTES: usize = 4 * 1024;

/// An expression made ready, unless it is too long to be one.
fn compiled(source: &str) -> Result<Expression<'_, '_>, Error> {
    if source.len() > MAX_BYTES {
        return Err(Error::new(ErrorKind::SyntaxError, "it is longer than 4 KiB"));
    }
    environment().compile_expression(source)
}

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_fuel(Some(FUEL));
        env.add_filter("human", human);
        env
    })
}

/// Filter `human`: a number of seconds as text, `41s` or `6m 10s`.
#[must_use]
pub fn human(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a duration can be")]
    let ms = (seconds.clamp(0.0, 1e12) * 1000.0) as u64;
    super::time::human_ms(ms)
}

/// One piece of a template.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// The source between `${{` and `}}`, trimmed, and its byte offset in the template.
    Code(&'a str, usize),
}

/// Splits a template into text and expressions.
///
/// # Errors
/// The byte offset of a `${{` that is never closed.
pub fn pieces(source: &str) -> Result<Vec<Piece<'_>>, usize> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(open) = source[rest..].find("${{").map(|at| at + rest) {
        if open > rest {
            found.push(Piece::Text(&source[rest..open]));
        }
        let start = open + 3;
        let end = close(&source[start..]).ok_or(open)? + start;
        let code = &source[start..end];
        found.push(Piece::Code(code.trim(), start + (code.len() - code.trim_start().len())));
        rest = end + 2;
    }
    if rest < source.len() {
        found.push(Piece::Text(&source[rest..]));
    }
    Ok(found)
}

/// The offset of the `}}` that ends an expression, quotes and braces inside respected.
fn close(code: &str) -> Option<usize> {
    let (mut quote, mut depth) = (None, 0_u32);
    let bytes = code.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(q), b) if b == q => quote = None,
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'{') => depth += 1,
            (None, b'}') if depth > 0 => depth -= 1,
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
    }
    None
}

/// Checks that a bare expression is well formed.
///
/// # Errors
/// The engine's message, with a hint where another language's operator was used.
pub fn syntax(source: &str) -> Result<(), String> {
    compiled(source).map(|_| ()).map_err(|error| {
        let mut message = error.detail().map_or_else(|| error.to_string(), str::to_owned);
        for (wrong, right) in [("&&", "and"), ("||", "or"), ("===", "=="), ("!", "not")] {
            if source.contains(wrong) && !(wrong == "!" && source.contains("!=")) {
                message = format!("{message}; write `{right}` for `{wrong}`");
                break;
            }
        }
        message
    })
}

/// Every path that a bare expression names: `steps.lag.outputs.lag`, `inputs.dr`.
#[must_use]
pub fn references(source: &str) -> Vec<String> {
    let mut paths: Vec<String> =
        compiled(source).map(|expr| expr.undeclared_variables(true).into_iter().collect()).unwrap_or_default();
    paths.sort();
    paths
}

/// The value at a dotted path.
#[must_use]
pub fn lookup<'a>(scope: &'a Object, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('.');
    let mut value = scope.get(parts.next()?)?;
    for part in parts {
        value = match value {
            Value::Object(members) => members.get(part)?,
            Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

fn evaluate(source: &str, span: Span, scope: &Object) -> Result<Value, ExprError> {
    let fail = |message: String| ExprError { message, span, missing: None };
    let expr = compiled(source).map_err(|error| fail(error.to_string()))?;
    let mut paths: Vec<String> = expr.undeclared_variables(true).into_iter().collect();
    paths.sort();
    for path in paths {
        if lookup(scope, &path).is_none() && !is_global(&path) {
            let message = format!("`{path}` has no value");
            return Err(ExprError { message, span, missing: Some(path) });
        }
    }
    let value =
        expr.eval(minijinja::Value::from(minijinja::value::Serde(scope))).map_err(|error| fail(error.to_string()))?;
    serde_json::to_value(&value).map_err(|error| fail(error.to_string()))
}

/// Functions that the expression language brings along.
fn is_global(path: &str) -> bool {
    matches!(path, "range" | "dict" | "namespace" | "debug")
}

impl Expr {
    /// Evaluates the expression.
    ///
    /// # Errors
    /// When a path has no value or the expression is wrong for the values it meets.
    pub fn eval(&self, scope: &Object) -> Result<Value, ExprError> {
        evaluate(&self.source, self.span, scope)
    }

    /// Evaluates to true or false; any other type is an error.
    ///
    /// # Errors
    /// As [`Expr::eval`], and when the result is no boolean.
    pub fn eval_bool(&self, scope: &Object) -> Result<bool, ExprError> {
        match self.eval(scope)? {
            Value::Bool(yes) => Ok(yes),
            other => Err(ExprError {
                message: format!("`{}` is {other}, expected true or false", self.source),
                span: self.span,
                missing: None,
            }),
        }
    }
}

impl Template {
    /// Renders to a value: a template that is one expression keeps that expression's type.
    ///
    /// # Errors
    /// As [`Expr::eval`].
    pub fn render_value(&self, scope: &Object) -> Result<Value, ExprError> {
        let unclosed = |_| ExprError { message: "`${{` without `}}`".to_owned(), span: self.span, missing: None };
        let pieces = pieces(&self.source).map_err(unclosed)?;
        if let [Piece::Code(code, _)] = pieces[..] {
            return evaluate(code, self.span, scope);
        }
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Code(code, _) => text.push_str(&plain(&evaluate(code, self.span, scope)?)),
            }
        }
        Ok(Value::String(text))
    }

    /// Renders to text.
    ///
    /// # Errors
    /// As [`Expr::eval`].
    pub fn render(&self, scope: &Object) -> Result<String, ExprError> {
        self.render_value(scope).map(|value| plain(&value))
    }

    /// The paths of every expression in it.
    #[must_use]
    pub fn references(&self) -> Vec<String> {
        pieces(&self.source).unwrap_or_default().into_iter().fold(Vec::new(), |mut all, piece| {
            if let Piece::Code(code, _) = piece {
                all.extend(references(code));
            }
            all
        })
    }
}

impl Tree {
    /// Renders every template in the tree.
    ///
    /// # Errors
    /// The first template that cannot be rendered, with its place.
    pub fn render(&self, scope: &Object) -> Result<Value, ExprError> {
        Ok(match &self.node {
            Node::Scalar(value) => value.clone(),
            Node::Text(source) => Template { source: source.clone(), span: self.span }.render_value(scope)?,
            Node::List(items) => Value::Array(items.iter().map(|item| item.render(scope)).collect::<Result<_, _>>()?),
            Node::Map(map) => {
                let mut object = Object::new();
                for (key, (_, item)) in map {
                    object.insert(key.clone(), item.render(scope)?);
                }
                Value::Object(object)
            }
        })
    }
}

/// An expression as people read it on a screen: `steps.lag.outputs.lag <= objectives.rpo` becomes
/// `lag <= RPO`. The record keeps the author's own words.
#[must_use]
pub fn readable(source: &str) -> String {
    let mut paths = references(source);
    // The longest first, so that no path is replaced inside another.
    paths.sort_by_key(|path| std::cmp::Reverse(path.len()));
    paths.iter().fold(source.to_owned(), |text, path| text.replace(path, &short_name(path)))
}

/// A path by its shortest clear name: `lag`, `RPO`, `status`.
#[must_use]
pub fn short_name(path: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    match parts[..] {
        ["steps", step, "outputs", output] if step == output => output.to_owned(),
        ["steps", step, "outputs", output] => format!("{step} {output}"),
        ["objectives", name] => name.to_uppercase(),
        ["result" | "vars" | "inputs", ref rest @ ..] if !rest.is_empty() => rest.join("."),
        ["targets", target, name] => format!("{name} of {target}"),
        _ => path.to_owned(),
    }
}

/// A value as text: strings without quotes, whole numbers without a fraction.
#[must_use]
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Number(number) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "guarded by the comparison")]
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => (float as i64).to_string(),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scope() -> Object {
        let value = json!({"steps": {"lag": {"outputs": {"lag": 41.0, "none": null}}}, "objectives": {"rpo": 3600}, "name": "x"});
        match value {
            Value::Object(object) => object,
            _ => Object::new(),
        }
    }

    fn expr(source: &str) -> Expr {
        Expr { source: source.to_owned(), span: Span::default() }
    }

    #[test]
    fn comparisons_need_both_sides() {
        assert_eq!(expr("steps.lag.outputs.lag <= objectives.rpo").eval_bool(&scope()), Ok(true));
        let error = expr("steps.lag.outputs.gone <= objectives.rpo").eval_bool(&scope()).unwrap_err();
        assert_eq!(error.missing.as_deref(), Some("steps.lag.outputs.gone"));
    }

    #[test]
    fn null_is_a_value() {
        assert_eq!(expr("not steps.lag.outputs.none").eval_bool(&scope()), Ok(true));
    }

    #[test]
    fn templates_keep_the_type_of_a_lone_expression() {
        let template = |source: &str| Template { source: source.to_owned(), span: Span::default() };
        assert_eq!(template("${{ objectives.rpo }}").render_value(&scope()), Ok(json!(3600)));
        assert_eq!(template("a-${{ name }}-b").render(&scope()), Ok("a-x-b".to_owned()));
        assert_eq!(template("${{ steps.lag.outputs.lag | human }}").render(&scope()), Ok("41s".to_owned()));
        assert_eq!(template("${{ '}}' }}!").render(&scope()), Ok("}}!".to_owned()));
    }

    #[test]
    fn people_read_short_names() {
        assert_eq!(readable("steps.lag.outputs.lag <= objectives.rpo"), "lag <= RPO");
        let both = "result.status == 'available' and not result.replication_source_identifier";
        assert_eq!(readable(both), "status == 'available' and not replication_source_identifier");
        assert_eq!(readable("result.account == targets.dr.account"), "account == account of dr");
    }

    #[test]
    fn other_languages_operators_get_a_hint() {
        assert!(syntax("a && b").unwrap_err().contains("write `and`"));
    }
}
