//! The keys of a pack. This is a table: `read` follows it and `schema pack` prints it.

use super::words::{
    Clears, Delivery, Grade, GrantKind, LogColumn, LogStatus, ParameterType, Pick, Sharing, SmtpWhenApi, Status,
    StreamKind, Strength, Window,
};
use crate::form::{Form, Key, Shape, optional, required};
use crate::message::Identity;
use crate::spelling::{Match, PLATFORMS};

/// The words of the identities a pack may name.
pub(super) const IDENTITIES: &[&str] = &[
    Identity::ConnectingIp.as_str(),
    Identity::MailFrom.as_str(),
    Identity::HeaderFrom.as_str(),
    Identity::SenderDomain.as_str(),
    Identity::Dkim.as_str(),
    Identity::Header.as_str(),
    Identity::Link.as_str(),
    Identity::Ptr.as_str(),
    Identity::Helo.as_str(),
    Identity::MessageId.as_str(),
    Identity::Subject.as_str(),
    Identity::Spf.as_str(),
];

const STREAM: Key = required("stream", Shape::Word(StreamKind::WORDS), "The stream this belongs to.");
const SOURCE: Key = optional(
    "source",
    Shape::OneOrMore(&Shape::Id),
    "The id of the `[[source]]` that says so, or several; the best grade among them counts.",
);
const NOTE: Key = optional("note", Shape::Text, "A remark for people who read the pack.");
const REGION: Key = optional(
    "region",
    Shape::OneOrMore(&Shape::Id),
    "Regions of the vendor whose customers this is for; omitted, all. An entry of another region is too much.",
);
const COHORT: Key = optional(
    "cohort",
    Shape::OneOrMore(&Shape::Id),
    "Customers this is for by another trait than the region, such as the provider that sends for them.",
);
const GROUP: Key = optional(
    "group",
    Shape::Id,
    "Values of one group belong together: identities multiply within it.",
);
const WHEN: Key = optional(
    "when",
    Shape::OneOrMore(&Shape::Text),
    "Only where this holds: `gateway`, `no-gateway`, `delivery:<way>`, `param:<id>` (the flag is set, or there is an \
     answer). Of several, all must hold.",
);
const NAME_OF_HEADER: Key = optional(
    "name",
    Shape::Text,
    "Name of the header, where the identity is `header`.",
);
const MATCH: Key = optional(
    "match",
    Shape::Word(Match::WORDS),
    "How a header or subject is compared; `equals` if omitted. `present` needs no value.",
);
const AT: Key = optional(
    "at",
    Shape::Text,
    "Which of several headers of one name: `oldest:2` the two written first, `newest:1` the one written last.",
);
const WINDOW: Key = optional(
    "window",
    Shape::Word(Window::WORDS),
    "When the entry should be there: `campaign` only while one runs, `monthly` replaced every month.",
);
const PICK: Key = optional(
    "pick",
    Shape::Word(Pick::WORDS),
    "`some`: only those of the templates in use are needed; `all` if omitted.",
);
const MAX_ITEMS: Key = optional(
    "max_items",
    Shape::Number(1, 1_000_000),
    "The most entries the vendor wants chosen or entered.",
);
const PLATFORM: Key = required("platform", Shape::Word(PLATFORMS), "The platform.");
const CONTROL: Key = required("control", Shape::Id, "The control, in the platform's vocabulary.");
const OPTIONS: Key = optional(
    "options",
    Shape::List(&Shape::Id),
    "How to set it up, in the platform's vocabulary, such as `own-policy` for a new policy instead of the default.",
);
const REASON: Key = optional(
    "reason",
    Shape::Text,
    "Why the vendor asks for it, or why not to do it.",
);
const STRENGTH: Key = required(
    "strength",
    Shape::Word(Strength::WORDS),
    "How much the vendor insists; `harmful` where somebody warns of it.",
);
const WHERE: Key = optional(
    "where",
    Shape::Text,
    "Where the customer finds it in the vendor's console.",
);

/// A pack.
pub(super) static PACK: Form = Form {
    title: "pack",
    about: "What a vendor's mail looks like: facts, each with its source, and never settings of a platform.",
    keys: &[
        required(
            "id",
            Shape::Id,
            "The id that tenant files name; also the name of the file.",
        ),
        required("name", Shape::Text, "The vendor's name."),
        optional(
            "aliases",
            Shape::List(&Shape::Id),
            "Former names and white labels the pack answers to.",
        ),
        required(
            "checked",
            Shape::Date,
            "When the values were last compared with their sources.",
        ),
        optional(
            "extends",
            Shape::Id,
            "Another pack whose rows hold here too; rows with the same id, and values of a stream and identity that \
             are stated here, replace its own.",
        ),
        NOTE,
        optional("source", Shape::Tables(&SOURCE_FORM), "Where the facts are from."),
        optional(
            "stream",
            Shape::Tables(&STREAM_FORM),
            "The kinds of mail the vendor sends.",
        ),
        optional(
            "value",
            Shape::Tables(&VALUE),
            "What that mail looks like, a row for each value.",
        ),
        optional(
            "parameter",
            Shape::Tables(&PARAMETER),
            "Values only the customer can see.",
        ),
        optional(
            "advice",
            Shape::Tables(&ADVICE),
            "The vendor's own instructions for a platform.",
        ),
        optional(
            "companion",
            Shape::Tables(&COMPANION),
            "Rules the vendor asks for beside the allows.",
        ),
        optional(
            "grant",
            Shape::Tables(&GRANT),
            "Applications and clients whose rights show API delivery.",
        ),
        optional("log", Shape::Tables(&LOG), "The send logs the vendor exports."),
    ],
};

static SOURCE_FORM: Form = Form {
    title: "[[source]]",
    about: "Where facts are from.",
    keys: &[
        required("id", Shape::Id, "The id by which rows cite it."),
        required("url", Shape::Text, "The page, or how else to find the text."),
        required(
            "seen",
            Shape::Date,
            "The date of the text where it has one, else when it was read.",
        ),
        required(
            "grade",
            Shape::Word(Grade::WORDS),
            "How far to trust it; findings that rest on less than `vendor` are no errors.",
        ),
        NOTE,
    ],
};

static STREAM_FORM: Form = Form {
    title: "[[stream]]",
    about: "One kind of mail, with its own addresses and its own needs.",
    keys: &[
        required("id", Shape::Word(StreamKind::WORDS), "Which kind."),
        required("summary", Shape::Text, "What it is, in a few words."),
        required(
            "deliveries",
            Shape::Several(&Shape::Word(Delivery::WORDS)),
            "The ways it is delivered; the first is the default. `smtp-direct` goes past a gateway.",
        ),
        optional(
            "smtp_when_api",
            Shape::Word(SmtpWhenApi::WORDS),
            "Whether SMTP allowlists still matter under API delivery; `fallback` if omitted.",
        ),
        required(
            "clears",
            Shape::Word(Clears::WORDS),
            "What it must be spared: `everything` for simulations, `inbox` for ordinary mail.",
        ),
        SOURCE,
        NOTE,
    ],
};

static VALUE: Form = Form {
    title: "[[value]]",
    about: "A value the mail shows. Values of one identity are alternatives; different identities must all hold.",
    keys: &[
        STREAM,
        required(
            "identity",
            Shape::Word(IDENTITIES),
            "What of a message it is compared with.",
        ),
        NAME_OF_HEADER,
        MATCH,
        optional(
            "value",
            Shape::Text,
            "The value: an address, network or range; `a@d` exactly, `d` that domain only, `*.d` its sub-domains; \
             senders also `@any`, `@tenant`, and `@same-as-mail-from` for `header-from`; a text for headers and \
             subjects.",
        ),
        optional(
            "file",
            Shape::Text,
            "Instead of a value: a file beside the pack with one value in a line and remarks behind `#`, for lists \
             that are long or rotate.",
        ),
        AT,
        optional(
            "selector",
            Shape::OneOrMore(&Shape::Text),
            "Selectors under which a signing domain publishes its keys; only for `dkim`. With them, DNS can say whether \
             the keys are still there.",
        ),
        PICK,
        MAX_ITEMS,
        optional(
            "status",
            Shape::Word(Status::WORDS),
            "`current` if omitted. `reserve` slots are required too, `legacy` ones are residue, `announced` count from \
             `since`.",
        ),
        optional("since", Shape::Date, "First day; announced values need it."),
        optional("until", Shape::Date, "Last day."),
        optional(
            "sharing",
            Shape::Word(Sharing::WORDS),
            "Whether others send from there too, so that allowing it allows them; `unknown` if omitted.",
        ),
        REGION,
        COHORT,
        GROUP,
        WHEN,
        WINDOW,
        SOURCE,
        NOTE,
    ],
};

static PARAMETER: Form = Form {
    title: "[[parameter]]",
    about: "A value only the customer can see, or a switch at the vendor. Tenant files answer under `values`.",
    keys: &[
        required("id", Shape::Id, "The key under `values` in a tenant file."),
        STREAM,
        optional(
            "identity",
            Shape::Word(IDENTITIES),
            "What of a message it is compared with; a flag has none.",
        ),
        NAME_OF_HEADER,
        MATCH,
        AT,
        required("type", Shape::Word(ParameterType::WORDS), "What it takes."),
        required(
            "required",
            Shape::Flag,
            "Whether nothing can be checked without an answer.",
        ),
        optional("secret", Shape::Flag, "Whether reports must not show it."),
        optional(
            "max_len",
            Shape::Number(1, 100_000),
            "The most characters an answer may have.",
        ),
        MAX_ITEMS,
        optional(
            "default",
            Shape::AnyOf(&[Shape::Flag, Shape::Text, Shape::List(&Shape::Text)]),
            "What holds where a tenant says nothing. A default is public: as a proof of origin it is worth nothing.",
        ),
        WHERE,
        PICK,
        REGION,
        COHORT,
        GROUP,
        WHEN,
        SOURCE,
        NOTE,
    ],
};

const NEEDS: &str = r##"{
    "anyOf": [
        { "enum": ["connecting-ip", "mail-from", "header-from", "sender-domain", "dkim", "header", "link", "ptr",
                   "helo", "message-id", "subject", "spf"] },
        { "type": "string", "pattern": "^(param|group):" },
        { "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false, "properties": {
            "all": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/needs" } },
            "any": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/needs" } },
            "one": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/needs" } },
            "pairs": { "type": "array", "minItems": 2, "items": { "$ref": "#/$defs/needs" } } } } ] }"##;

static ADVICE: Form = Form {
    title: "[[advice]]",
    about: "An instruction of the vendor for a platform.",
    keys: &[
        required("id", Shape::Id, "The id, by which other advice excludes it."),
        STREAM,
        PLATFORM,
        CONTROL,
        WHEN,
        STRENGTH,
        optional(
            "needs",
            Shape::Expression {
                wants: "an identity or a table with one of `all`, `any`, `one`, `pairs`",
                schema: NEEDS,
            },
            "Which values go in: an identity, `param:<id>` or `group:<name>`, combined by `all`, `any`, `one` (exactly \
             one, both is a mistake) and `pairs` (every combination). Omitted: a switch that takes no values.",
        ),
        optional(
            "conflicts",
            Shape::List(&Shape::Id),
            "Advice of this pack that must not be followed beside this.",
        ),
        OPTIONS,
        optional(
            "spelling",
            Shape::Text,
            "How a value is written in this control, with `{value}` in its place, such as `*.{value}/*`.",
        ),
        MAX_ITEMS,
        WINDOW,
        REASON,
        optional(
            "warned_by",
            Shape::OneOrMore(&Shape::Id),
            "The `[[source]]` that warns of it: the vendor asks, somebody else advises against.",
        ),
        SOURCE,
        NOTE,
    ],
};

static COMPANION: Form = Form {
    title: "[[companion]]",
    about: "A rule the vendor asks for beside the allow, such as one that keeps simulations from being forwarded.",
    keys: &[
        required("id", Shape::Id, "The id."),
        STREAM,
        PLATFORM,
        CONTROL,
        required("summary", Shape::Text, "What the rule does."),
        NAME_OF_HEADER,
        MATCH,
        optional("value", Shape::Text, "What the header it looks at has."),
        AT,
        WHEN,
        STRENGTH,
        OPTIONS,
        REASON,
        SOURCE,
        NOTE,
    ],
};

static GRANT: Form = Form {
    title: "[[grant]]",
    about: "A right in the tenant that shows API delivery.",
    keys: &[
        required("delivery", Shape::Word(Delivery::WORDS), "The delivery it shows."),
        PLATFORM,
        required(
            "kind",
            Shape::Word(GrantKind::WORDS),
            "An application, or a client with delegation over the domain.",
        ),
        optional("id", Shape::Text, "Application or client id."),
        optional("name", Shape::Text, "The name it is shown by."),
        optional("scopes", Shape::List(&Shape::Text), "Its scopes or permissions."),
        SOURCE,
        NOTE,
    ],
};

static LOG: Form = Form {
    title: "[[log]]",
    about: "A send log as the vendor exports it.",
    keys: &[
        required("id", Shape::Id, "The id."),
        optional(
            "stream",
            Shape::OneOrMore(&Shape::Word(StreamKind::WORDS)),
            "The streams it lists; omitted, all.",
        ),
        WHERE,
        required("columns", Shape::Table(&COLUMNS), "What its columns are called."),
        optional(
            "statuses",
            Shape::Table(&STATUSES),
            "The vendor's words for what became of a message.",
        ),
        optional(
            "deliveries",
            Shape::Table(&DELIVERIES),
            "The vendor's words for the ways of delivery.",
        ),
        optional(
            "zone",
            Shape::Text,
            "Time zone of its times, such as `utc`; omitted, not known.",
        ),
        SOURCE,
        NOTE,
    ],
};

macro_rules! word_table {
    ($name:ident, $title:literal, $about:literal, $all:ty, $shape:expr, [$($member:ident $says:literal),+ $(,)?]) => {
        static $name: Form = Form {
            title: $title,
            about: $about,
            keys: &[$(optional(<$all>::$member.as_str(), $shape, $says)),+],
        };
    };
}

word_table!(COLUMNS, "columns", "Headings of the columns.", LogColumn, Shape::Text, [
    Recipient "Address of the recipient.",
    Time "When it was sent.",
    Status "What became of it.",
    MessageId "Message id.",
    Subject "Subject.",
    From "Header sender.",
    MailFrom "Envelope sender.",
    Ip "Sending address.",
    Delivery "Way of delivery.",
    Campaign "Campaign or assignment.",
    Response "Answer of the receiving host.",
]);

word_table!(STATUSES, "statuses", "The vendor's words by what they mean.", LogStatus, Shape::OneOrMore(&Shape::Text), [
    Pending "Not sent yet.",
    Sent "Handed over, no answer known.",
    Delivered "Accepted.",
    Deferred "Refused for now.",
    Bounced "Refused for good.",
    Failed "Never sent.",
    Engaged "Opened, clicked, reported or answered, hence delivered.",
]);

word_table!(DELIVERIES, "deliveries", "The vendor's words for ways.", Delivery, Shape::OneOrMore(&Shape::Text), [
    Smtp "By SMTP along MX.",
    SmtpDirect "By SMTP past a gateway.",
    Graph "Microsoft Graph.",
    Ews "Exchange Web Services.",
    GmailApi "Gmail API.",
]);
