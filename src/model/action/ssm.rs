//! SSM parameters: read only, and never a secret one's value.

use super::operation::{Operation, Pages, inputs, part};

inputs! {
    /// Result: `{name, type, value|null, version, last_modified_date, arn}`. The value of a `SecureString` is null: it is never decrypted. Give such a one to the program that needs it by its name.
    GetParameter {
        /// May end in `:VERSION` or `:LABEL`.
        name: String;
    }

    /// Result: `{parameters: [as GetParameter], is_truncated}`, at most 200.
    GetParametersByPath {
        /// Begins with `/`.
        path: String;
        recursive: bool,
    }
}

fn page(pages: &Pages<'_>, name: &str) -> String {
    pages.regional(&format!(
        "systems-manager/parameters/{}/description?region={{region}}",
        part(name.trim_start_matches('/'))
    ))
}

impl Operation for GetParameter {
    fn names(&self) -> Vec<&str> {
        vec![&self.name]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(page(pages, self.name.split(':').next().unwrap_or_default()))
    }
}

impl Operation for GetParametersByPath {
    fn names(&self) -> Vec<&str> {
        vec![&self.path]
    }

    fn console(&self, pages: &Pages<'_>) -> Option<String> {
        Some(pages.regional("systems-manager/parameters?region={region}"))
    }
}
