//! What the values of settings are made of.

/// The items between commas.
pub(super) fn list(value: &str) -> impl Iterator<Item = String> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned)
}

/// A path in a phone book means the same wherever one dials from.
pub(super) fn absolute(path: String) -> String {
    std::path::absolute(&path).map_or(path, |path| path.to_string_lossy().into_owned())
}

/// A path, or nothing.
pub(super) fn path(value: &str) -> String {
    if value.is_empty() { String::new() } else { absolute(value.to_owned()) }
}

/// How a switch is shown.
pub(super) fn yes_or_no(on: bool) -> String {
    if on { "yes" } else { "no" }.to_owned()
}

/// Reads a switch.
pub(super) fn flag(flag: &mut bool, value: &str) -> Result<(), String> {
    *flag = match value.to_ascii_lowercase().as_str() {
        "yes" | "on" | "true" | "1" => true,
        "no" | "off" | "false" | "0" => false,
        _ => return Err("is neither yes nor no".to_owned()),
    };
    Ok(())
}

/// Whether a certificate may have been revoked, as a phone book has it.
pub(super) fn revocation(word: &str) -> String {
    if word.trim().is_empty() { "no".to_owned() } else { word.to_owned() }
}

pub(super) fn set_revocation(kept: &mut String, value: &str) -> Result<(), String> {
    match value {
        "no" => kept.clear(),
        "if-possible" | "required" => value.clone_into(kept),
        _ => return Err("is none of them".to_owned()),
    }
    Ok(())
}

/// Reads a number.
pub(super) fn number(number: &mut u32, value: &str) -> Result<(), String> {
    *number = value.parse().map_err(|_| "is no number".to_owned())?;
    Ok(())
}
