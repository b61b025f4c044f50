//! Entries of phone books and their links.
