//! What is stored for an entry: credentials, dial parameters, what EAP methods keep.

pub mod custom;
pub mod identity;
pub mod params;
pub mod stored;
pub mod user_data;

use rasman::Code;

/// E_INVALIDARG: functions for statistics and EAP data have it in place of 87 (clause E8).
pub(crate) const INVALID_ARGUMENT: Code = Code(0x8007_0057);
