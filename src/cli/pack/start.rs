//! `allowaudit pack new`: a pack to fill in.

use jiff::civil::Date;

use super::super::{Outcome, load_packs};

/// Prints the template.
pub(super) fn run(id: &str, today: Date) -> Outcome {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if id.is_empty() || !id.chars().all(plain) || id.starts_with(['-', '_']) {
        return Outcome::refused(&format!(
            "`{id}` is no id; use lower-case letters, digits, `-` and `_`, with a letter or digit first"
        ));
    }
    if load_packs(&[]).is_ok_and(|library| library.pack(id).is_some()) {
        return Outcome::refused(&format!(
            "there is a pack `{id}` already; `allowaudit pack show {id}` shows it"
        ));
    }
    let text = TEMPLATE.replace("{id}", id).replace("{today}", &today.to_string());
    Outcome::printed(text)
}

/// Values are those that RFC 2606 and RFC 5737 keep for examples: none of them can be a vendor's.
const TEMPLATE: &str = r#"# What the mail of this vendor looks like. State facts and where they are from; leave out what no
# source says. `allowaudit schema pack` describes every key, `allowaudit pack lint` checks the file.
# Every example value below is to be replaced. Lines that start with `#` and a key are optional.

id = "{id}"
name = "Name of the vendor"
#aliases = ["former-name"]
checked = {today}              # when the values were last compared with the sources

# ---- sources: where the facts are from --------------------------------------

[[source]]
id = "help"                       # the name by which facts cite it
url = "https://help.vendor.example/allowlisting"
seen = {today}
grade = "vendor"                  # vendor | community | inferred

# ---- streams: the kinds of mail ----------------------------------------------

[[stream]]
id = "phishing"                   # phishing | training | notice
summary = "Simulated phishing mail"
deliveries = ["smtp"]             # the first is the default: smtp | smtp-direct | graph | ews | gmail-api
#smtp_when_api = "fallback"       # fallback | never: do SMTP allow lists still matter under API delivery?
clears = "everything"             # everything | inbox
source = "help"

# ---- values: what that mail shows --------------------------------------------
# Identities: connecting-ip, mail-from, header-from, sender-domain (the source does not say which
# sender), dkim, header, link, ptr, helo, message-id, subject, spf.
# Senders are written `a@d` (one address), `d` (that domain), `*.d` (its sub-domains), `@any`.

[[value]]
stream = "phishing"
identity = "connecting-ip"
value = "192.0.2.7"               # an address, a network or a range
status = "current"                # current | legacy | announced | reserve
#sharing = "dedicated"            # dedicated | shared | unknown: who else sends from there?
#region = "us"                    # only customers of this region
source = "help"

[[value]]
stream = "phishing"
identity = "mail-from"
value = "vendor.example"
status = "current"
source = "help"

# ---- parameters: what only the customer can see -------------------------------

#[[parameter]]
#id = "extra_networks"            # a key of `values` in tenant files
#stream = "phishing"
#identity = "connecting-ip"
#type = "networks"                # networks | domains | addresses | text | flag
#required = false
#where = "Account settings > Delivery"
#source = "help"

# ---- advice: the vendor's own instructions for a platform ---------------------

#[[advice]]
#id = "m365-advanced-delivery"
#stream = "phishing"
#platform = "exchange"
#control = "advanced-delivery"
#strength = "required"            # required | recommended | obsolete | harmful
#needs = { all = ["mail-from", "connecting-ip"] }
#source = "help"
"#;

#[cfg(test)]
mod tests {
    use super::TEMPLATE;
    use crate::audit::Library;

    fn problems(text: &str) -> Vec<String> {
        let library = Library::load(&[("acme.toml".to_owned(), text.as_bytes().to_vec())]);
        library.problems.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn the_template_is_a_pack_with_and_without_its_options() {
        let text = TEMPLATE.replace("{id}", "acme").replace("{today}", "2026-11-21");
        assert_eq!(problems(&text), [""; 0]);
        let uncommented: Vec<&str> = text
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if !rest.starts_with(' ') => rest,
                _ => line,
            })
            .collect();
        assert_eq!(problems(&uncommented.join("\n")), [""; 0]);
    }
}
