//! Causes on the wire.

use rasman_core::{Cause, Code, LayerName};
use serde::{Deserialize, Serialize};

/// A [`Cause`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)] // The interface says it.
pub struct CauseWire {
    pub code: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
    pub layer: String,
    pub did: String,
    pub said: String,
    pub advice: String,
}

/// The parameters of the error `Refused`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refused {
    /// Why.
    pub cause: CauseWire,
}

impl From<&Cause> for CauseWire {
    fn from(cause: &Cause) -> Self {
        Self {
            code: cause.code.0,
            name: cause.code.name().map(str::to_owned),
            sentence: cause.code.sentence().map(str::to_owned),
            layer: cause.layer.to_string(),
            did: cause.did.clone(),
            said: cause.said.clone(),
            advice: cause.advice.clone(),
        }
    }
}

impl From<CauseWire> for Cause {
    fn from(wire: CauseWire) -> Self {
        Cause::new(Code(wire.code), layer(&wire.layer)).did(wire.did).said(wire.said).advice(wire.advice)
    }
}

/// Finds a layer by its name; a layer of a newer manager is told as the manager itself.
fn layer(name: &str) -> LayerName {
    LayerName::ALL.into_iter().find(|layer| layer.to_string() == name).unwrap_or(LayerName::Manager)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_comes_back_as_it_was() {
        for layer in LayerName::ALL {
            let cause = Cause::new(Code::AUTHENTICATION_FAILURE, layer).did("sent").said("E=691").advice("try");
            assert_eq!(Cause::from(CauseWire::from(&cause)), cause);
        }
    }
}
