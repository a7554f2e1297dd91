//! The errors with which requests are answered.

use gen_lsp_types::{ErrorCodes, LspErrorCodes};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The error with which a request is answered instead of a result.
#[derive(Debug)]
pub(super) struct Refusal {
    pub code: ErrorCodes,
    pub message: String,
}

impl Refusal {
    /// The parameters of the request are invalid.
    pub(super) fn parameters(message: impl Into<String>) -> Refusal {
        Refusal { code: ErrorCodes::InvalidParams, message: message.into() }
    }

    /// The text has changed since the request was made.
    pub(super) fn outdated() -> Refusal {
        let code = i32::from(LspErrorCodes::ContentModified);
        Refusal { code: ErrorCodes::Custom(code), message: "the text has changed".to_owned() }
    }
}

/// Reads the parameters of a message.
pub(super) fn parameters<T: DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    serde_json::from_value(params).map_err(|error| Refusal::parameters(error.to_string()))
}
