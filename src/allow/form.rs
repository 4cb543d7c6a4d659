//! What a pattern means for addresses, when it is plainly made for them.
//!
//! Only shapes that people write are read; everything else has no form.

use super::domain::Domain;
use super::pattern::{Item, Pattern, Piece};

/// The sender addresses a pattern speaks of, when it is one that people write for addresses.
///
/// Every address at `domain` (when `exact`) and at the domains below it (when `below`), of
/// the local part `local` if there is one, matches. When the form [is tight](Self::is_tight),
/// no other address does.
#[expect(clippy::struct_excessive_bools, reason = "each is a separate fact about the pattern")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressForm {
    /// The only local part meant.
    pub local: Option<String>,
    /// The domain named.
    pub domain: Domain,
    /// Addresses at the domain match.
    pub exact: bool,
    /// Addresses at the domains below match.
    pub below: bool,
    /// Nothing can stand directly before what is named; otherwise `acme.test` also means `notacme.test`.
    pub anchored_start: bool,
    /// The pattern ends in `$`; otherwise `acme.test` also means `acme.test.other.test`.
    pub anchored_end: bool,
    /// A dot is not escaped and so stands for any character.
    pub loose_dots: bool,
}

impl AddressForm {
    /// Whether the pattern matches only the addresses described.
    pub fn is_tight(&self) -> bool {
        self.anchored_start && self.anchored_end && !self.loose_dots
    }
}

impl Pattern {
    /// The one domain the pattern speaks of; see [`Self::address_forms`].
    pub fn literal_suffix_domains(&self) -> Option<AddressForm> {
        let forms = self.address_forms()?;
        let [form] = forms.as_slice() else { return None };
        Some(form.clone())
    }

    /// What the pattern means for addresses, when it is plainly made for them, such as
    /// `@acme\.com$`, `\.acme\.com$`, `acme\.com`, `^bob@acme\.com$` or `@(.*\.)?acme\.(com|org)$`.
    pub fn address_forms(&self) -> Option<Vec<AddressForm>> {
        const MAX_FORMS: usize = 64;
        let mut forms: Vec<AddressForm> = Vec::new();
        for branch in self.branches.iter() {
            for pieces in expand(branch, MAX_FORMS)? {
                let form = address_form(&pieces)?;
                let alike = forms.iter_mut().find(|other| {
                    let (exact, below) = (form.exact, form.below);
                    **other
                        == AddressForm {
                            exact: other.exact,
                            below: other.below,
                            ..form.clone()
                        }
                        && (exact || below)
                });
                match alike {
                    Some(other) => {
                        other.exact |= form.exact;
                        other.below |= form.below;
                    }
                    None => forms.push(form),
                }
            }
            if forms.len() > MAX_FORMS {
                return None;
            }
        }
        Some(forms)
    }
}

/// Multiplies out the groups and small classes of a sequence.
fn expand(pieces: &[Piece], most: usize) -> Option<Vec<Vec<Piece>>> {
    let mut sequences: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in pieces {
        let choices = choices(piece, most)?;
        let mut longer = Vec::new();
        for sequence in &sequences {
            for choice in &choices {
                longer.push([sequence.as_slice(), choice.as_slice()].concat());
            }
        }
        if longer.len() > most {
            return None;
        }
        sequences = longer;
    }
    Some(sequences)
}

fn choices(piece: &Piece, most: usize) -> Option<Vec<Vec<Piece>>> {
    match piece {
        Piece::Group(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(expand(branch, most)?);
            }
            Some(all)
        }
        Piece::Repeat {
            piece,
            least: 0,
            most: Some(1),
        } => {
            let mut all = vec![Vec::new()];
            all.extend(choices(piece, most)?);
            Some(all)
        }
        Piece::Class { negated: false, items } => items
            .iter()
            .map(|item| match item {
                Item::Range(first, last) if first == last => Some(vec![Piece::Literal(*first)]),
                _ => None,
            })
            .collect(),
        _ => Some(vec![vec![piece.clone()]]),
    }
}

/// One character of a form, or a run of any.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Literal(char),
    Any,
    Wild { least: u32 },
}

fn tokens(pieces: &[Piece]) -> Option<Vec<Token>> {
    let token = |piece: &Piece| match piece {
        Piece::Literal(c) => Some(Token::Literal(c.to_ascii_lowercase())),
        Piece::Any => Some(Token::Any),
        Piece::Repeat {
            piece,
            least: least @ 0..=1,
            most: None,
        } => matches!(**piece, Piece::Any | Piece::Kind('S')).then_some(Token::Wild { least: *least }),
        _ => None,
    };
    pieces.iter().map(token).collect()
}

fn address_form(pieces: &[Piece]) -> Option<AddressForm> {
    let (starts, pieces) = match pieces {
        [Piece::Start, pieces @ ..] => (true, pieces),
        _ => (false, pieces),
    };
    let (mut anchored_end, pieces) = match pieces {
        [pieces @ .., Piece::End] => (true, pieces),
        _ => (false, pieces),
    };
    let mut tokens = tokens(pieces)?;
    if tokens.last() == Some(&Token::Wild { least: 0 }) {
        tokens.pop();
        anchored_end = false;
    }
    let at = tokens.iter().position(|token| *token == Token::Literal('@'));
    let Some(at) = at else {
        let (wild, rest) = match tokens.as_slice() {
            [Token::Wild { .. }, rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        if starts && !wild {
            return None;
        }
        // A free dot in front also stands for the `@`, so the domain itself matches too.
        let (exact, anchored_start, rest) = match rest {
            [Token::Literal('.'), rest @ ..] => (false, true, rest),
            [Token::Any, rest @ ..] => (true, false, rest),
            rest => (true, false, rest),
        };
        let (domain, loose_dots) = domain_of(rest)?;
        // A bare word is not plainly a domain.
        if !anchored_start && domain.parent().is_none() {
            return None;
        }
        return Some(AddressForm {
            local: None,
            domain,
            exact,
            below: true,
            anchored_start,
            anchored_end,
            loose_dots,
        });
    };
    let (left, right) = (tokens.get(..at)?, tokens.get(at + 1..)?);
    let (local, local_anchored) = match left {
        [] if starts => return None,
        [] | [Token::Wild { .. }] => (None, true),
        letters => (Some(literal_text(letters)?), starts),
    };
    let (exact, below, domain_anchored, any_dot, rest) = match right {
        [Token::Wild { .. }, Token::Literal('.'), rest @ ..] => (false, true, true, false, rest),
        [Token::Wild { .. }, Token::Any, rest @ ..] => (false, true, false, true, rest),
        [Token::Wild { least }, rest @ ..] => (*least == 0, true, false, false, rest),
        rest => (true, false, true, false, rest),
    };
    let (domain, loose_dots) = domain_of(rest)?;
    Some(AddressForm {
        local,
        domain,
        exact,
        below,
        anchored_start: local_anchored && domain_anchored,
        anchored_end,
        loose_dots: loose_dots || any_dot,
    })
}

fn literal_text(tokens: &[Token]) -> Option<String> {
    let letter = |token: &Token| match token {
        Token::Literal(c) => Some(*c),
        _ => None,
    };
    tokens.iter().map(letter).collect()
}

/// The domain spelt by tokens, and whether a dot of it is free.
fn domain_of(tokens: &[Token]) -> Option<(Domain, bool)> {
    let letter = |token: &Token| match token {
        Token::Literal(c) => Some(*c),
        Token::Any => Some('.'),
        Token::Wild { .. } => None,
    };
    let name: String = tokens.iter().map(letter).collect::<Option<_>>()?;
    // A final dot is a character the pattern asks for, not the root.
    let domain = Domain::parse(&name).ok().filter(|domain| domain.as_str() == name)?;
    Some((domain, tokens.contains(&Token::Any)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    /// A form in short: local part, domain, then a letter for each truth.
    fn shown(form: &AddressForm) -> String {
        let flags = [
            (form.exact, 'e'),
            (form.below, 'b'),
            (form.anchored_start, '^'),
            (form.anchored_end, '$'),
            (form.loose_dots, '.'),
        ];
        let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag).collect();
        format!("{}@{} {flags}", form.local.as_deref().unwrap_or_default(), form.domain)
    }

    #[test]
    fn forms_of_addresses() {
        for (text, form) in [
            (r"@acme\.com$", "@acme.com e^$"),
            (r"^.*@acme\.com$", "@acme.com e^$"),
            (r"\.acme\.com$", "@acme.com b^$"),
            (r"[@.]acme\.com$", "@acme.com eb^$"),
            (r"(@|\.)Acme\.com$", "@acme.com eb^$"),
            (r"@(.*\.)?acme\.com$", "@acme.com eb^$"),
            (r"@.+\.acme\.com$", "@acme.com b^$"),
            (r"@.*acme\.com$", "@acme.com eb$"),
            (r"acme\.com$", "@acme.com eb$"),
            (r"acme\.com", "@acme.com eb"),
            (r"@acme\.com", "@acme.com e^"),
            (r"@acme.com$", "@acme.com e^$."),
            (r"^bob@acme\.com$", "bob@acme.com e^$"),
            (r"bob@acme\.com$", "bob@acme.com e$"),
        ] {
            let found = pattern(text).literal_suffix_domains();
            assert_eq!(found.as_ref().map(shown), Some(form.to_owned()), "{text}");
        }
        let forms = pattern(r"@acme\.(com|org)$|@zeta\.net$").address_forms().unwrap();
        let forms: Vec<String> = forms.iter().map(shown).collect();
        assert_eq!(forms, ["@acme.com e^$", "@acme.org e^$", "@zeta.net e^$"]);
    }

    #[test]
    fn other_patterns_have_no_form() {
        for text in [
            "acme",
            r"^acme\.com$",
            r"^@acme\.com$",
            r"@[a-z]+\.com$",
            r"@acme\.com\s",
            r"a|b",
            r"^\w+@acme\.com$",
            "",
        ] {
            assert_eq!(pattern(text).address_forms(), None, "{text}");
        }
    }
}
