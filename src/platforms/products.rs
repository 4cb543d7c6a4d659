//! Mail products by where MX points: also those whose configuration nobody here can read yet.
//!
//! A name is compared on label boundaries. Host names that merely look like an appliance say nothing and are not here.

use crate::dns::Name;

/// What a product does with mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Filters mail and hands it on.
    Filter,
    /// Keeps mailboxes.
    Mailboxes,
}

/// One product.
#[derive(Debug, PartialEq, Eq)]
pub struct Product {
    /// The id of contract section 5, as `[[hop]]` names it.
    pub id: &'static str,
    /// Its name as the vendor spells it.
    pub name: &'static str,
    /// What it does.
    pub role: Role,
    /// Ends of the names that its customers' MX records point to.
    pub mx: &'static [&'static str],
    /// The name whose SPF record lists from where it hands mail on, where its vendor says so.
    pub egress: Option<&'static str>,
}

/// All products that MX can show, sorted by id.
///
/// Sources: Mimecast (<https://community.mimecast.com/docs/DOC-2010>), the documentation of `SpamExperts` and Sophos; the others from
/// public fingerprint tables or from names seen in delivered mail. What only one weak table says is left out.
pub static PRODUCTS: &[Product] = &[
    product(
        "barracuda",
        "Barracuda Email Gateway Defense",
        &["ess.barracudanetworks.com"],
    ),
    product("cisco", "Cisco Secure Email", &["iphmx.com"]),
    Product {
        id: "exchange",
        name: "Exchange Online",
        role: Role::Mailboxes,
        mx: &["mail.office365.us", "mail.protection.outlook.com", "mx.microsoft"],
        egress: None,
    },
    Product {
        id: "google",
        name: "Google Workspace",
        role: Role::Mailboxes,
        mx: &["google.com", "googlemail.com"],
        egress: None,
    },
    product(
        "hornetsecurity",
        "Hornetsecurity",
        &["antispameurope.com", "hornetsecurity.com"],
    ),
    product(
        "mimecast",
        "Mimecast",
        &["mimecast-offshore.com", "mimecast-pscom-us.com", "mimecast.com"],
    )
    .handing_on("_netblocks.mimecast.com"),
    product("proofpoint", "Proofpoint on Demand", &["gpphosted.com", "pphosted.com"]),
    product("proofpoint-essentials", "Proofpoint Essentials", &["ppe-hosted.com"]),
    product("sophos", "Sophos Email", &["reflexion.net", "sophos.com"]),
    product("spamexperts", "SpamExperts", &["antispamcloud.com"]).handing_on("spf.antispamcloud.com"),
    product("symantec", "Symantec Email Security.cloud", &["messagelabs.com"]),
    product(
        "trend-micro",
        "Trend Micro Email Security",
        &["tmes.trendmicro.com", "tmes.trendmicro.eu"],
    ),
];

const fn product(id: &'static str, name: &'static str, mx: &'static [&'static str]) -> Product {
    Product {
        id,
        name,
        role: Role::Filter,
        mx,
        egress: None,
    }
}

impl Product {
    /// The same, with the name whose SPF record lists from where it hands mail on.
    const fn handing_on(self, egress: &'static str) -> Self {
        Self {
            egress: Some(egress),
            ..self
        }
    }
}

/// The product that a mail host belongs to.
pub fn of_mail_host(host: &Name) -> Option<&'static Product> {
    let under = |end: &&str| Name::parse(end.as_bytes()).is_ok_and(|end| host.is_under(&end));
    PRODUCTS.iter().find(|product| product.mx.iter().any(under))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_unique() {
        assert!(PRODUCTS.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(PRODUCTS.iter().all(|product| product.mx.is_sorted()));
        let is_known = |product: &Product| crate::spelling::PLATFORMS.contains(&product.id);
        assert!(PRODUCTS.iter().all(is_known), "a tenant file could not name it");
    }

    #[test]
    fn by_label_boundary() {
        let of = |host: &str| of_mail_host(&Name::parse(host.as_bytes()).unwrap()).map(|product| product.id);
        assert_eq!(of("us-smtp-inbound-1.mimecast.com"), Some("mimecast"));
        assert_eq!(of("contoso-example.mail.protection.outlook.com."), Some("exchange"));
        assert_eq!(of("MX1.ESS.barracudanetworks.com"), Some("barracuda"));
        assert_eq!(of("notmimecast.com"), None);
        assert_eq!(of("mx.contoso.example"), None);
    }
}
