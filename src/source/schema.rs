//! schema
use crate::model::Value;
pub fn runbook_schema() -> Value {
    Value::Null
}
pub fn scenario_schema() -> Value {
    Value::Null
}
