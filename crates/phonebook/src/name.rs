//! Names of entries.

use rasman_core::InvalidSetting;

pub use rasman_core::validate_name;

/// Checks the new name of a rename, for which clause B3 asks less than B2 for a new entry: length, not blank, no leading
/// period. What the file cannot hold in one line is refused as well.
///
/// # Errors
/// What is wrong with the name, and what to do.
pub fn validate_new_name_for_rename(name: &str) -> Result<(), InvalidSetting> {
    let problem = if name.trim().is_empty() {
        "is empty"
    } else if name.encode_utf16().count() > rasman_core::NAME_MAX {
        "has more than 256 characters"
    } else if name.starts_with('.') {
        "begins with a period"
    } else if name.contains(char::is_control) {
        "has a control character"
    } else {
        return Ok(());
    };
    let advice = "use 1 to 256 characters, the first not a period".to_owned();
    Err(InvalidSetting { field: "name", problem: problem.to_owned(), advice })
}

/// Gives the form in which names compare: without regard to case (clause A17).
///
/// Characters are folded one by one, without regard to language or to what stands around them.
#[must_use]
pub fn fold_name(name: &str) -> String {
    name.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b2_b3_a_rename_may_do_what_a_new_entry_may_not() {
        for name in ["---", "a|b", "50:50"] {
            assert!(validate_name(name).is_err(), "{name}");
            assert!(validate_new_name_for_rename(name).is_ok(), "{name}");
        }
        for name in ["", " \t", ".work", "a\nb", "a\0b", &"x".repeat(257)] {
            assert!(validate_name(name).is_err(), "{name}");
            assert!(validate_new_name_for_rename(name).is_err(), "{name}");
        }
        assert!(validate_new_name_for_rename(&"x".repeat(256)).is_ok());
    }

    #[test]
    fn a17_names_fold() {
        assert_eq!(fold_name("BÜRO Ж"), fold_name("büro ж"));
        assert_ne!(fold_name("work"), fold_name("work "));
    }
}
