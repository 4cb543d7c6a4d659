//! Texts with macros in them, as read (RFC 7208, section 7.1).
//!
//! What they stand for depends on the client: see [`expand`].

use super::Extent;
use super::record::{Mistake, Slip};

pub mod expand;
#[cfg(test)]
mod tests;

/// A text with macros.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MacroString {
    /// Where it stands.
    pub extent: Extent,
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
    /// Whether the last thing in it starts with a percent sign.
    pub(super) ends_in_macro: bool,
}

/// A piece of such a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Octets that stand for themselves. `%%`, `%_` and `%-` are here as `%`, a space and `%20`.
    Literal(Vec<u8>),
    /// `%{…}`.
    Macro(Macro),
}

/// One macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Macro {
    /// Where it stands, percent sign and braces included.
    pub extent: Extent,
    /// What it stands for.
    pub letter: Letter,
    /// Whether reserved characters of the value are escaped, as in an address of the web; said by an upper-case letter.
    pub escaped: bool,
    /// How many parts are kept, counted from the right.
    pub keep: Option<usize>,
    /// Whether the parts are put in reverse order.
    pub reversed: bool,
    /// What separates parts. Where nothing is written, a dot does.
    pub delimiters: Vec<u8>,
}

/// What a macro stands for (RFC 7208, section 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Letter {
    /// `s`: the sender.
    Sender,
    /// `l`: the local part of the sender.
    Local,
    /// `o`: the domain of the sender.
    Origin,
    /// `d`: the domain whose record is evaluated.
    Domain,
    /// `i`: the address of the client, with dots between the digits of IPv6.
    Address,
    /// `p`: the validated name of the client.
    Validated,
    /// `v`: `in-addr` or `ip6`.
    Family,
    /// `h`: the name given with HELO or EHLO.
    Helo,
    /// `c`: the address of the client as people write it; in explanations only.
    Readable,
    /// `r`: the name of the receiving host; in explanations only.
    Receiver,
    /// `t`: the time, in seconds; in explanations only.
    Time,
}

impl Letter {
    const fn of(octet: u8) -> Option<Self> {
        Some(match octet.to_ascii_lowercase() {
            b's' => Self::Sender,
            b'l' => Self::Local,
            b'o' => Self::Origin,
            b'd' => Self::Domain,
            b'i' => Self::Address,
            b'p' => Self::Validated,
            b'v' => Self::Family,
            b'h' => Self::Helo,
            b'c' => Self::Readable,
            b'r' => Self::Receiver,
            b't' => Self::Time,
            _ => return None,
        })
    }

    const fn is_for_explanations(self) -> bool {
        matches!(self, Self::Readable | Self::Receiver | Self::Time)
    }
}

/// Where a text with macros is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// In a term of a record.
    Record,
    /// As the text of an explanation, which may hold spaces and three more letters (RFC 7208, section 6.2).
    Explanation,
}

impl MacroString {
    /// Reads a text that stands at an offset of the record; mistakes are added to those known.
    pub fn parse(text: &[u8], start: usize, usage: Usage, mistakes: &mut Vec<Mistake>) -> Self {
        let mut read = Self {
            extent: Extent::new(start, start + text.len()),
            ..Self::default()
        };
        let mut rest = text;
        let mut at = start;
        while let Some((&first, after)) = rest.split_first() {
            let mut length = 1;
            read.ends_in_macro = first == b'%';
            match (first, after.first()) {
                (b'%', Some(b'{')) => {
                    let Some(end) = memchr::memchr(b'}', after) else {
                        mistakes.push(Mistake::new(Extent::new(at, read.extent.end), Slip::OpenMacro));
                        return read;
                    };
                    length = end + 2;
                    let body = after.get(1..end).unwrap_or_default();
                    match macro_of(body, Extent::new(at, at + length), usage) {
                        Ok(found) => read.pieces.push(Piece::Macro(found)),
                        Err(mistake) => mistakes.push(mistake),
                    }
                }
                (b'%', Some(escape @ (b'%' | b'_' | b'-'))) => {
                    length = 2;
                    read.literal(match escape {
                        b'%' => b"%",
                        b'_' => b" ",
                        _ => b"%20",
                    });
                }
                (b'%', _) => mistakes.push(Mistake::new(Extent::new(at, at + 1), Slip::StrayPercent)),
                (b' ', _) if usage == Usage::Explanation => read.literal(b" "),
                (0x21..=0x7e, _) => {
                    let is_plain = |octet: &&u8| matches!(octet, 0x21..=0x7e) && **octet != b'%';
                    length = rest.iter().take_while(is_plain).count();
                    read.literal(rest.get(..length).unwrap_or_default());
                }
                _ => mistakes.push(Mistake::new(Extent::new(at, at + 1), Slip::NotPrintable)),
            }
            at += length;
            rest = rest.get(length..).unwrap_or_default();
        }
        read
    }

    fn literal(&mut self, octets: &[u8]) {
        if let Some(Piece::Literal(last)) = self.pieces.last_mut() {
            last.extend_from_slice(octets);
        } else {
            self.pieces.push(Piece::Literal(octets.to_vec()));
        }
    }

    /// The letters of the macros in it.
    pub fn letters(&self) -> impl Iterator<Item = Letter> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(_) => None,
            Piece::Macro(found) => Some(found.letter),
        })
    }
}

/// A macro from what stands between its braces.
fn macro_of(body: &[u8], extent: Extent, usage: Usage) -> Result<Macro, Mistake> {
    let wrong = |slip| Err(Mistake::new(extent, slip));
    let Some((&first, rest)) = body.split_first() else {
        return wrong(Slip::MacroLetter);
    };
    let Some(letter) = Letter::of(first) else {
        return wrong(Slip::MacroLetter);
    };
    if letter.is_for_explanations() && usage == Usage::Record {
        return wrong(Slip::ExplanationLetter);
    }
    let digits = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at(digits);
    let mut keep = None;
    if !digits.is_empty() {
        // A number too large for the machine keeps everything, as any large number does.
        let number = digits.iter().fold(0_usize, |number, digit| {
            number.saturating_mul(10).saturating_add(usize::from(digit - b'0'))
        });
        if number == 0 {
            return wrong(Slip::MacroZero);
        }
        keep = Some(number);
    }
    let (reversed, delimiters) = match rest.split_first() {
        Some((b'r' | b'R', rest)) => (true, rest),
        _ => (false, rest),
    };
    if !delimiters.iter().all(|octet| b".-+,/_=".contains(octet)) {
        return wrong(Slip::MacroDelimiter);
    }
    Ok(Macro {
        extent,
        letter,
        escaped: first.is_ascii_uppercase(),
        keep,
        reversed,
        delimiters: delimiters.to_vec(),
    })
}
