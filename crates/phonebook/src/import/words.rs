//! The words of an options file of pppd, and of a command line within it.

/// A word and the line it begins on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Word {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// Splits a text into words: blanks part them, quotes of both kinds hold them together, a backslash takes the next
/// character as it is, and an unquoted `#` begins a comment.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let (mut line, mut quote, mut comment) = (1, None, false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let at = line;
        line += usize::from(c == '\n');
        if comment {
            comment = c != '\n';
            continue;
        }
        match (quote, c) {
            (_, '\\') => match chars.next() {
                Some('\n') => line += 1,
                Some(escaped) => push(&mut word, at, escaped),
                None => {}
            },
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_with(|| Word { line: at, text: String::new() });
            }
            (None, '#') => {
                words.extend(word.take());
                comment = true;
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => push(&mut word, at, c),
        }
    }
    words.extend(word);
    words
}

fn push(word: &mut Option<Word>, line: usize, c: char) {
    word.get_or_insert_with(|| Word { line, text: String::new() }).text.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_pppd_does() {
        let split = |text| words(text).into_iter().map(|word| (word.line, word.text)).collect::<Vec<_>>();
        let word = |line, text: &str| (line, text.to_owned());
        assert_eq!(split("a  b\tc"), [word(1, "a"), word(1, "b"), word(1, "c")]);
        assert_eq!(split("a#b c\nd"), [word(1, "a"), word(2, "d")]);
        assert_eq!(split("\"a # b\" 'c \"d' \"\""), [word(1, "a # b"), word(1, "c \"d"), word(1, "")]);
        assert_eq!(
            split(r#"user "D\\u" a\ b \"x"#),
            [word(1, "user"), word(1, r"D\u"), word(1, "a b"), word(1, "\"x")]
        );
        assert_eq!(split("a\\\nb\n\"c\nd\" e"), [word(1, "ab"), word(3, "c\nd"), word(4, "e")]);
        assert_eq!(split("\"open"), [word(1, "open")]);
        assert_eq!(split("\\"), []);
    }
}
