//! Text for people: wrapped lines, durations, sizes.

use std::time::Duration;

/// Breaks `text`, which begins at column `indent`, at blanks into lines that end before column `width`; the second and
/// later ones begin with `indent` blanks. Without a width it stays one line.
pub(crate) fn wrap(text: &str, width: Option<usize>, indent: usize) -> String {
    let Some(width) = width.map(|width| width.saturating_sub(indent)) else { return text.to_owned() };
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        let room = width.max(MIN).saturating_sub(line.chars().count() + 1);
        if line.is_empty() {
            line.push_str(word);
        } else if word.chars().count() <= room {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

/// Gives a duration as people say it.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{:.1} ms", duration.as_secs_f64() * 1_000.0),
        1..=59 => format!("{:.1} s", duration.as_secs_f64()),
        60..=3_599 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..=86_399 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// Gives a number of bytes as people say it.
pub(crate) fn size(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss)] // For people to read.
    let count = bytes as f64;
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = count / 1_024.0;
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    for unit in units {
        if value < 1_024.0 {
            return format!("{value:.1} {unit}");
        }
        value /= 1_024.0;
    }
    format!("{value:.1} PiB")
}

/// However narrow a terminal is, lines have some room.
const MIN: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_long_words_stay_whole() {
        assert_eq!(wrap("one two three four five six", Some(22), 2), "one two three four\n  five six");
        assert_eq!(wrap("one two", None, 2), "one two");
        let long = "x".repeat(50);
        assert_eq!(wrap(&format!("a {long} b"), Some(21), 1), format!("a\n {long}\n b"));
    }

    #[test]
    fn durations_and_sizes_read_well() {
        assert_eq!(duration(Duration::from_micros(12_340)), "12.3 ms");
        assert_eq!(duration(Duration::from_millis(3_210)), "3.2 s");
        assert_eq!(duration(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(duration(Duration::from_secs(90_061)), "1 d 1 h");
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1_536), "1.5 KiB");
        assert_eq!(size(u64::MAX), "16384.0 PiB");
    }
}
