//! The keys of `allowaudit.toml`. This is a table: `read` follows it and `schema tenant` prints it.

use super::model::MailboxKind;
use crate::form::{Form, Shape, optional, required};
use crate::pack::{Delivery, StreamKind};
use crate::policy::EXPECT;
use crate::spelling::PLATFORMS;

/// A tenant.
pub(super) static TENANT: Form = Form {
    title: "tenant",
    about: "What the exports cannot say: who sends, what stands in front, what is meant to be so.",
    keys: &[
        optional("name", Shape::Text, "Its name in reports; omitted, that of the folder."),
        optional(
            "domains",
            Shape::List(&Shape::Text),
            "Domains of the recipients; omitted, those of the accepted-domains export.",
        ),
        optional(
            "policy",
            Shape::Text,
            "A policy by name, or the path of one; `baseline` if omitted.",
        ),
        optional(
            "vendor",
            Shape::Tables(&VENDOR),
            "The vendors whose mail must get through.",
        ),
        optional(
            "offboarded",
            Shape::Tables(&OFFBOARDED),
            "Former vendors, who must leave no trace.",
        ),
        optional("own", Shape::Tables(&OWN), "Our own hosts and the allows they explain."),
        optional(
            "hop",
            Shape::Tables(&HOP),
            "Filters in front, outermost first; without any, MX tells.",
        ),
        optional("export", Shape::Tables(&EXPORT), "What a file does not say of itself."),
        optional("mailbox", Shape::Tables(&MAILBOX), "Facts about recipients."),
        optional(
            "expect",
            Shape::Tables(&EXPECT),
            "Invariants of your own, proved like any check.",
        ),
        optional(
            "exception",
            Shape::Tables(&EXCEPTION),
            "Findings that are accepted, and why.",
        ),
    ],
};

static VENDOR: Form = Form {
    title: "[[vendor]]",
    about: "A vendor whose mail must get through.",
    keys: &[
        required("pack", Shape::Id, "The id of its pack, or an alias."),
        optional(
            "streams",
            Shape::Several(&Shape::Word(StreamKind::WORDS)),
            "The streams in use; omitted, all of the pack.",
        ),
        optional(
            "delivery",
            Shape::AnyOf(&[Shape::Word(Delivery::WORDS), Shape::Table(&DELIVERY)]),
            "How it is delivered; a stream that does not offer it stays with SMTP. Or by stream: \
             `delivery.phishing = \"graph\"`.",
        ),
        optional(
            "region",
            Shape::OneOrMore(&Shape::Id),
            "The vendor's region that serves this tenant; omitted, any.",
        ),
        optional(
            "cohort",
            Shape::OneOrMore(&Shape::Id),
            "Another trait by which the vendor tells customers apart.",
        ),
        optional(
            "until",
            Shape::Date,
            "End of the contract; afterwards its entries are residue.",
        ),
        optional(
            "values",
            Shape::Map(&Shape::AnyOf(&[Shape::Flag, Shape::Text, Shape::List(&Shape::Text)])),
            "Answers to the parameters of the pack, by their id.",
        ),
    ],
};

static DELIVERY: Form = Form {
    title: "delivery",
    about: "How each stream is delivered.",
    keys: &[
        optional(
            StreamKind::Phishing.as_str(),
            Shape::Word(Delivery::WORDS),
            "Simulated phishing mail.",
        ),
        optional(
            StreamKind::Training.as_str(),
            Shape::Word(Delivery::WORDS),
            "Training mail.",
        ),
        optional(StreamKind::Notice.as_str(), Shape::Word(Delivery::WORDS), "Notices."),
    ],
};

static OFFBOARDED: Form = Form {
    title: "[[offboarded]]",
    about: "A former vendor: anything of it that is left is a finding.",
    keys: &[required("pack", Shape::Id, "The id of its pack, or an alias.")],
};

static OWN: Form = Form {
    title: "[[own]]",
    about: "Hosts of our own.",
    keys: &[
        required("name", Shape::Text, "What they are."),
        required(
            "networks",
            Shape::Several(&Shape::Text),
            "Their addresses, networks or ranges.",
        ),
    ],
};

static HOP: Form = Form {
    title: "[[hop]]",
    about: "A filter in front.",
    keys: &[
        required("platform", Shape::Word(PLATFORMS), "What it is."),
        optional(
            "egress",
            Shape::List(&Shape::Text),
            "Addresses, networks or ranges it sends on from.",
        ),
    ],
};

static EXPORT: Form = Form {
    title: "[[export]]",
    about: "What a file does not say of itself.",
    keys: &[
        required("file", Shape::Text, "The file, from the folder of the tenant file."),
        optional(
            "kind",
            Shape::Text,
            "What it holds, as `<platform>/<kind>`, where its content does not tell.",
        ),
        optional(
            "taken",
            Shape::Date,
            "When it was exported; the date of a file is never taken for that.",
        ),
        optional("empty", Shape::Flag, "Whether the command ran and returned nothing."),
        optional(
            "list",
            Shape::Text,
            "Which tenant list the rows are of, such as `sender`.",
        ),
    ],
};

static MAILBOX: Form = Form {
    title: "[[mailbox]]",
    about: "A fact about a recipient.",
    keys: &[
        required("address", Shape::Text, "The address."),
        required(
            "kind",
            Shape::Word(MailboxKind::WORDS),
            "What is behind it; an API reaches real mailboxes only.",
        ),
    ],
};

static EXCEPTION: Form = Form {
    title: "[[exception]]",
    about: "Findings that are accepted. They stay visible as such.",
    keys: &[
        required("check", Shape::Text, "The check."),
        optional(
            "where",
            Shape::Text,
            "The object, as reports name it, with `*` for any text; omitted, everywhere.",
        ),
        required("reason", Shape::Text, "Why."),
        optional("expires", Shape::Date, "The last day on which it works."),
    ],
};
