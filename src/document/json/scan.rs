//! The lexical grammar of JSON, byte by byte or eight at a time.

/// The first byte from `pos` on that is a quote, a backslash or a control character.
#[inline]
pub(super) fn skip_plain(bytes: &[u8], pos: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let mut rest = bytes.get(pos..).unwrap_or_default();
    let len = rest.len();
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*word);
        // The lowest bit set is exact; a borrow makes false ones only above it.
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        let control = word.wrapping_sub(ONES * u64::from(b' ')) & !word;
        let found =
            (control | (quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash)) & TOPS;
        if found != 0 {
            return pos + len - rest.len() + (found.trailing_zeros() / 8) as usize;
        }
        rest = after;
    }
    let special = |&byte: &u8| byte == b'"' || byte == b'\\' || byte < b' ';
    let tail = rest.iter().position(special).unwrap_or(rest.len());
    pos + len - rest.len() + tail
}

/// The length of the number at the start of `rest`, by the grammar of RFC 8259.
#[inline]
pub(super) fn number_len(rest: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let digits = rest.get(from..).unwrap_or_default();
        let n_digits = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (n_digits > 0).then_some(from + n_digits)
    };
    let start = usize::from(rest.first() == Some(&b'-'));
    let mut end = if rest.get(start) == Some(&b'0') {
        start + 1
    } else {
        digits(start)?
    };
    if rest.get(end) == Some(&b'.') {
        end = digits(end + 1)?;
    }
    if let Some(b'e' | b'E') = rest.get(end) {
        let sign = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
        end = digits(end + 1 + sign)?;
    }
    Some(end)
}

/// Whether a byte would make a word or number longer.
pub(super) fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+-.".contains(&byte)
}
