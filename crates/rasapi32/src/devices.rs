//! The devices that can dial.
