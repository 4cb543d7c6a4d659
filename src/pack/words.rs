//! The words of a pack.

use crate::form::words;

words! {
    /// How far a source is to be trusted; the best comes first.
    Grade {
        /// The vendor says so.
        Vendor = "vendor",
        /// Others say so.
        Community = "community",
        /// It follows from what somebody says.
        Inferred = "inferred",
    }
}

words! {
    /// The kinds of mail a vendor sends.
    StreamKind {
        /// Simulated phishing mail.
        Phishing = "phishing",
        /// Training mail to learners.
        Training = "training",
        /// Account mail and reports.
        Notice = "notice",
    }
}

words! {
    /// How mail reaches a mailbox.
    Delivery {
        /// By SMTP along the way that MX tells.
        Smtp = "smtp",
        /// By SMTP straight to the mail server, past a gateway.
        SmtpDirect = "smtp-direct",
        /// Put into the mailbox through Microsoft Graph.
        Graph = "graph",
        /// Put into the mailbox through Exchange Web Services.
        Ews = "ews",
        /// Put into the mailbox through the Gmail API.
        GmailApi = "gmail-api",
    }
}

impl Delivery {
    /// Whether mail is put into the mailbox without passing the filters before it.
    pub const fn is_api(self) -> bool {
        matches!(self, Self::Graph | Self::Ews | Self::GmailApi)
    }
}

words! {
    /// Whether SMTP allowlists matter under API delivery.
    SmtpWhenApi {
        /// What the API cannot reach gets SMTP.
        Fallback = "fallback",
        /// Nothing is sent by SMTP.
        Never = "never",
    }
}

words! {
    /// What the mail must be spared.
    Clears {
        /// Everything, since it is made to look like an attack.
        Everything = "everything",
        /// What keeps ordinary mail from the inbox.
        Inbox = "inbox",
    }
}

words! {
    /// Whether a value is in use.
    Status {
        /// In use.
        Current = "current",
        /// No longer.
        Legacy = "legacy",
        /// From a day that was told.
        Announced = "announced",
        /// Kept in reserve; required like a current one.
        Reserve = "reserve",
    }
}

words! {
    /// Who else sends from there.
    Sharing {
        /// Nobody.
        Dedicated = "dedicated",
        /// Other customers of a provider.
        Shared = "shared",
        /// Not known.
        Unknown = "unknown",
    }
}

words! {
    /// How many values of a set a customer needs.
    Pick {
        /// All of them.
        All = "all",
        /// Those of the templates in use.
        Some = "some",
    }
}

words! {
    /// When an entry should be there.
    Window {
        /// At all times.
        Always = "always",
        /// Only while a campaign runs.
        Campaign = "campaign",
        /// Replaced every month.
        Monthly = "monthly",
    }
}

words! {
    /// What a parameter takes.
    ParameterType {
        /// Addresses, networks or ranges of hosts.
        Networks = "networks",
        /// Domain names.
        Domains = "domains",
        /// Senders.
        Addresses = "addresses",
        /// A text.
        Text = "text",
        /// Yes or no.
        Flag = "flag",
    }
}

words! {
    /// How much the vendor insists.
    Strength {
        /// Must.
        Required = "required",
        /// Should.
        Recommended = "recommended",
        /// Once was needed.
        Obsolete = "obsolete",
        /// Asked for, and somebody warns of it.
        Harmful = "harmful",
    }
}

words! {
    /// How a right is granted.
    GrantKind {
        /// An application in the tenant's directory.
        Application = "application",
        /// An OAuth client with delegation over the whole domain.
        Delegation = "delegation",
    }
}

words! {
    /// What a column of a send log holds.
    LogColumn {
        /// Address of the recipient.
        Recipient = "recipient",
        /// When it was sent.
        Time = "time",
        /// What became of it.
        Status = "status",
        /// Message id.
        MessageId = "message-id",
        /// Subject.
        Subject = "subject",
        /// Header sender.
        From = "from",
        /// Envelope sender.
        MailFrom = "mail-from",
        /// Sending address.
        Ip = "ip",
        /// Way of delivery.
        Delivery = "delivery",
        /// Campaign or assignment.
        Campaign = "campaign",
        /// Answer of the receiving host.
        Response = "response",
    }
}

words! {
    /// What a status of a send log means.
    LogStatus {
        /// Not sent yet.
        Pending = "pending",
        /// Handed over, no answer known.
        Sent = "sent",
        /// Accepted.
        Delivered = "delivered",
        /// Refused for now.
        Deferred = "deferred",
        /// Refused for good.
        Bounced = "bounced",
        /// Never sent.
        Failed = "failed",
        /// Opened, clicked, reported or answered, hence delivered.
        Engaged = "engaged",
    }
}
