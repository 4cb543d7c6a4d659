//! The keys of `dns.toml`. This is a table: `read` follows it, `write` writes it and `schema dns` prints it.

use crate::form::{Form, Shape, optional, required, words};

words! {
    /// What became of a question, as files say it. The first four are names of RFC 1035, section 4.1.1, and of the
    /// registry of response codes; the others are ours.
    Rcode {
        /// There are records, or none of the type.
        NoError = "NOERROR",
        /// The name does not exist.
        NxDomain = "NXDOMAIN",
        /// The server failed.
        ServFail = "SERVFAIL",
        /// The server refused.
        Refused = "REFUSED",
        /// Nobody answered in time.
        Timeout = "TIMEOUT",
        /// The aliases have no end.
        AliasLoop = "ALIAS-LOOP",
        /// Another failure.
        Failed = "FAILED",
    }
}

/// The types, as [`crate::dns::RecordType`] has them.
pub(super) const TYPES: &[&str] = &["A", "AAAA", "MX", "PTR", "TXT"];

/// A recording.
pub(super) static RECORDING: Form = Form {
    title: "recording",
    about: "Answers of DNS, for replay. What is not among them is unknown.",
    keys: &[
        required("recorded", Shape::Date, "The day on which the answers were given."),
        optional("answer", Shape::Tables(&ANSWER), "What was answered to one question."),
    ],
};

/// An answer.
pub(super) static ANSWER: Form = Form {
    title: "[[answer]]",
    about: "What was answered to one question.",
    keys: &[
        required(
            "name",
            Shape::Line,
            "Whose records were asked for; `\\DDD` is an octet by its decimal number.",
        ),
        required("type", Shape::Word(TYPES), "Which records were asked for."),
        optional(
            "rcode",
            Shape::Word(Rcode::WORDS),
            "What became of the question; `NOERROR` if omitted.",
        ),
        optional("why", Shape::Line, "The reason, where `rcode` is `FAILED`."),
        optional(
            "ttl",
            Shape::Number(0, u32::MAX),
            "The least time to live of what was answered, in seconds.",
        ),
        optional(
            "aliases",
            Shape::List(&Shape::Line),
            "The names that the name stands for, in the order in which they were followed.",
        ),
        optional(
            "records",
            Shape::List(&Shape::AnyOf(&[Shape::Line, Shape::List(&Shape::Line)])),
            "The records as zone files write them, without quotes; a text of several strings is a list. With \
             `NOERROR` they are said even if there are none: `records = []`.",
        ),
    ],
};
