//! Two domain names run together, as happens when a list loses a separator.

use super::domain::{Domain, registrable};

/// Two domains written without the separator between them, such as `acme.comexample.org`.
///
/// Told apart from honest names such as `mail.company.com` with care rather than zeal: both
/// halves must be registered-looking names, the left one without a host label, and the label
/// at the seam must not be a word that merely starts like a top-level domain.
pub fn fused(text: &str) -> Option<(Domain, Domain)> {
    let whole = Domain::parse(text).ok()?;
    let name = whole.as_str();
    let seams = ["com", "org", "net", "info", "io", "co"];
    seams.iter().find_map(|tld| {
        name.match_indices('.').find_map(|(dot, _)| {
            let seam = name.get(dot + 1..)?;
            let right = seam.strip_prefix(tld)?;
            // `.com` is never `.co` and a name that starts with an `m`.
            if *tld == "co" && right.starts_with('m') {
                return None;
            }
            let left = Domain::parse(name.get(..name.len() - right.len())?).ok()?;
            let right = Domain::parse(right).ok()?;
            is_fused(&left, &right, seam).then_some((left, right))
        })
    })
}

fn is_fused(left: &Domain, right: &Domain, seam: &str) -> bool {
    let own = |domain: &Domain| domain.labels().next().unwrap_or_default().to_owned();
    let left_label = own(left);
    registrable(left) == Some(left.as_str())
        && registrable(right).is_some()
        && left_label.len() >= 4
        && !HOST_LABELS.split(' ').any(|host| host == left_label)
        && own(right).len() >= 4
        && right.as_str().starts_with(|c: char| c.is_ascii_lowercase())
        && !SEAM_WORDS.split(' ').any(|word| seam.starts_with(word))
}

/// Labels that stand before a domain of one's own rather than name a registered one.
const HOST_LABELS: &str = "\
    account accounts alert alerts autodiscover bounce bounces cloud email emails go hello help info link links \
    login mail mailer mails mta news newsletter noreply notifications notify portal secure security send sender \
    service services shop smtp spf static support track tracking training web webmail www";

/// Starts of honest words that begin like a top-level domain.
const SEAM_WORDS: &str = "\
    coach coast code coffee cogn coin cold colle color colour column combat combin combo comca comed comet comf \
    comic comma comme commi commo comms commu como comp comt comun con cook cool coop copy core corn corp \
    correct cosm cost count coup cour cov cowork coz informa informi infors infosec infosy infotech infra ion \
    iot netapp netball netbank netflix nether netscape netsecur netskope netsol netsuite netwise network \
    networth orga orgi";

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> Domain {
        Domain::parse(text).unwrap()
    }

    #[test]
    fn fused_domains_are_seen() {
        for (text, left, right) in [
            ("acme.comexample.org", "acme.com", "example.org"),
            (
                "breach-notice.combusinessnotice.org",
                "breach-notice.com",
                "businessnotice.org",
            ),
            ("acme.netexample.com", "acme.net", "example.com"),
        ] {
            assert_eq!(fused(text), Some((domain(left), domain(right))), "{text}");
        }
    }

    #[test]
    fn honest_names_are_not_fused() {
        for text in [
            "mail.company.com",
            "mail.comexample.org",
            "acme.com",
            "acme.co.uk",
            "acme.com.au",
            "training.infosecinstitute.com",
            "contoso.community.com",
            "contoso.communications.example.com",
            "sharepoint.networksolutions.com",
            "example.onmicrosoft.com",
            "cdn.iotplatform.io",
            "newsletter.comcast.net",
        ] {
            assert_eq!(fused(text), None, "{text}");
        }
    }
}
