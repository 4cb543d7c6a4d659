//! Results of authentication, as one bit each, so that sets of results are numbers.
//!
//! The words are those of `Authentication-Results` in Exchange Online
//! (<https://learn.microsoft.com/defender-office-365/message-headers-eop-mdo>).

/// Words of one result, in bit order.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// The method, as written before the equals sign.
    pub method: &'static str,
    /// The results.
    pub results: &'static [&'static str],
}

/// DMARC.
pub const DMARC: Words = Words {
    method: "dmarc",
    results: &["pass", "bestguesspass", "none", "fail", "permerror", "temperror"],
};
/// SPF.
pub const SPF: Words = Words {
    method: "spf",
    results: &["pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"],
};
/// Composite authentication.
pub const COMPAUTH: Words = Words {
    method: "compauth",
    results: &["pass", "softpass", "fail", "none"],
};

impl Words {
    /// The bit of a result.
    pub fn bit(self, result: &str) -> Option<u8> {
        self.results
            .iter()
            .position(|word| word.eq_ignore_ascii_case(result))
            .map(|at| 1 << at)
    }

    /// All results.
    pub const fn all(self) -> u8 {
        // No method has more than eight results.
        u8::MAX >> (8 - self.results.len())
    }

    /// The first result of a set.
    pub fn first(self, set: u8) -> Option<&'static str> {
        self.results
            .iter()
            .enumerate()
            .find(|&(at, _)| set & (1 << at) != 0)
            .map(|(_, word)| *word)
    }
}
