//! Stored credentials, dial parameters and EAP data.
