//! Domains that belong to everybody: mailboxes anyone can have, hosts anyone can send through.
//!
//! Microsoft warns of allowing popular domains
//! (<https://learn.microsoft.com/defender-office-365/create-safe-sender-lists-in-office-365>);
//! which domains are popular is common knowledge of the field and stands here as a table.

use crate::allow::domain::Domain;

/// Free mailboxes: an account, and with it valid authentication, can be had by anyone.
const CONSUMER: &[&str] = &[
    "aol.com",
    "gmail.com",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mail.com",
    "mail.ru",
    "msn.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "web.de",
    "yahoo.com",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];

/// Sending services: their own domain is in the envelope or signature of many customers.
const PROVIDERS: &[&str] = &[
    "amazonses.com",
    "constantcontact.com",
    "mailchimp.com",
    "mailgun.org",
    "mailjet.com",
    "mandrillapp.com",
    "mcsv.net",
    "onmicrosoft.com",
    "postmarkapp.com",
    "rsgsv.net",
    "salesforce.com",
    "sendgrid.net",
    "sparkpostmail.com",
];

/// Hosts of mailbox services, from which all customers send: the names that Google
/// (<https://support.google.com/a/answer/33786>) and Microsoft
/// (<https://learn.microsoft.com/defender-office-365/email-authentication-spf-configure>) have customers include.
const HOSTS: &[&str] = &["_spf.google.com", "spf.protection.outlook.com"];

/// Whether the hosts that an SPF record of this name authorises are also those of other customers.
pub fn has_shared_hosts(name: &str) -> bool {
    let is_or_below = |known: &&str| {
        name.strip_suffix(known)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    HOSTS.iter().chain(PROVIDERS).any(is_or_below)
}

/// Whether mail of this domain may be anybody's.
pub fn is_shared(domain: &Domain) -> bool {
    let name = domain.as_str();
    let is_below = |known: &&str| name.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'));
    CONSUMER.binary_search(&name).is_ok() || PROVIDERS.binary_search(&name).is_ok() || PROVIDERS.iter().any(is_below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(CONSUMER.is_sorted() && PROVIDERS.is_sorted() && HOSTS.is_sorted());
    }
}
