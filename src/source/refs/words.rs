//! One expression by itself: its syntax, its filters and tests, and the paths it names.

use crate::model::Object;
use crate::model::expr;
use crate::model::span::Span;
use crate::model::template::Expr;

/// Why an expression cannot be used.
#[derive(Debug, Clone)]
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) help: String,
    /// The part to point at, when it is not the whole.
    pub(super) at: Option<String>,
}

/// The paths of an expression that can be evaluated.
pub(super) fn compile(code: &str) -> Result<Vec<String>, Wrong> {
    if code.is_empty() {
        return Err(Wrong {
            message: "the expression is empty".to_owned(),
            help: "name a value, like `inputs.customer`".to_owned(),
            at: None,
        });
    }
    expr::syntax(code).map_err(|message| {
        let (message, hint) = match message.split_once("; write ") {
            Some((message, hint)) => (message.to_owned(), format!("write {hint}")),
            None => (message, "operators are `and or not == != < <= > >= in`, texts stand in quotes".to_owned()),
        };
        let at = ["&&", "||", "==="].into_iter().find(|wrong| hint.ends_with(&format!("`{wrong}`")));
        Wrong {
            message: format!("the expression `{}` is wrong: {message}", short(code)),
            help: hint,
            at: at.map(str::to_owned),
        }
    })?;
    for (kind, word) in named_functions(code) {
        if !knows(&format!("'{word}' is {kind}")) {
            return Err(Wrong {
                message: format!("there is no {kind} `{word}`"),
                help: if kind == "filter" {
                    "filters are `human default round int float length first last join lower upper trim replace` and the others of minijinja".to_owned()
                } else {
                    "tests are `none defined string number integer boolean sequence mapping in`".to_owned()
                },
                at: Some(word),
            });
        }
    }
    Ok(expr::references(code))
}

fn knows(source: &str) -> bool {
    Expr { source: source.to_owned(), span: Span::default() }.eval_bool(&Object::new()).unwrap_or(false)
}

/// The words after `|` and `is`: the engine looks them up only when it evaluates, which is too late.
fn named_functions(code: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let tokens = tokens(code);
    for (ix, token) in tokens.iter().enumerate() {
        let next = |at: usize| tokens.get(ix + at).filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()));
        match *token {
            "|" => found.extend(next(1).map(|word| ("filter", (*word).to_owned()))),
            "is" => {
                let negated = tokens.get(ix + 1) == Some(&"not");
                found.extend(next(if negated { 2 } else { 1 }).map(|word| ("test", (*word).to_owned())));
            }
            _ => {}
        }
    }
    found
}

/// Words (paths are one word) and other characters; texts in quotes are left out.
fn tokens(code: &str) -> Vec<&str> {
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let len = if c == '\'' || c == '"' {
            let end = rest[1..].find(c).map_or(rest.len(), |at| at + 2);
            rest = &rest[end..];
            continue;
        } else if in_word(c) {
            rest.find(|c: char| !in_word(c)).unwrap_or(rest.len())
        } else {
            c.len_utf8()
        };
        if !c.is_whitespace() {
            found.push(&rest[..len]);
        }
        rest = &rest[len..];
    }
    found
}

fn short(code: &str) -> String {
    if code.chars().count() <= 60 {
        code.to_owned()
    } else {
        format!("{}…", code.chars().take(59).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_and_tests_are_looked_up_before_the_run() {
        assert_eq!(compile("steps.lag.outputs.lag | human").unwrap(), ["steps.lag.outputs.lag"]);
        assert!(compile("a is not none and b is defined").is_ok());
        assert!(compile("'x | nonsense' == a").is_ok());
        let wrong = compile("a | humn").unwrap_err();
        assert_eq!((wrong.message.as_str(), wrong.at.as_deref()), ("there is no filter `humn`", Some("humn")));
        assert!(compile("a is noone").unwrap_err().message.contains("test `noone`"));
        let wrong = compile("a && b").unwrap_err();
        assert_eq!((wrong.help.as_str(), wrong.at.as_deref()), ("write `and` for `&&`", Some("&&")));
        assert!(compile("").is_err());
    }
}
