//! Dials, and what they tell.
