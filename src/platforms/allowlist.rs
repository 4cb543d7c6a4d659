//! Changes as rows of the allowlist table, for consoles that have no interface for programs: one row a value, with the
//! steps to enter it by hand.
//!
//! A change here is one row that comes or goes: its kind is [`ROW`], its settings are columns of the table. What a setting
//! of a console clears is not known here. Limits of values are those of the products' own pages, named beside each.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::allow::ip::parse_entry;
use crate::platform::change::{Change, Deed, Snippet, Value, Writer};
use crate::platform::quote;
use crate::spelling;

/// The writer.
pub static ALLOWLIST: Writer = Writer {
    id: "allowlist",
    extension: "csv",
    head,
    write,
};

/// The kind of a change that is a row.
pub const ROW: &str = "allowlist";

/// What a column may hold.
#[derive(Debug, Clone, Copy)]
enum Holds {
    Platform,
    Text,
    Words(&'static [&'static str]),
    Flag,
    Number,
    /// Several texts, parted by semicolons.
    Texts,
}

/// A column.
struct Column {
    name: &'static str,
    holds: Holds,
    required: bool,
}

const fn column(name: &'static str, holds: Holds, required: bool) -> Column {
    Column { name, holds, required }
}

const KINDS: &[&str] = &[
    "ip",
    "cidr",
    "range",
    "envelope-from",
    "header-from",
    "either-from",
    "domain",
    "subdomain-pattern",
    "rdns",
    "helo",
    "dkim-domain",
    "header",
    "url",
    "url-domain",
    "recipient",
    "everyone",
];

const ACTIONS: &[&str] = &["allow", "exempt", "bypass", "no-action", "block", "quarantine", "scan"];

/// The columns of contract section 5, in the order of the table.
const COLUMNS: &[Column] = &[
    column("platform", Holds::Platform, true),
    column("setting", Holds::Text, true),
    column("kind", Holds::Words(KINDS), true),
    column("value", Holds::Text, true),
    column("netmask", Holds::Text, false),
    column("action", Holds::Words(ACTIONS), true),
    column("and_source_ips", Holds::Texts, false),
    column("direction", Holds::Words(&["inbound", "outbound", "both"]), false),
    column("scope", Holds::Text, false),
    column("enabled", Holds::Flag, false),
    column("valid_from", Holds::Text, false),
    column("valid_to", Holds::Text, false),
    column("override", Holds::Flag, false),
    column("order", Holds::Number, false),
    column("requires_auth", Holds::Flag, false),
    column("options", Holds::Texts, false),
    column("comment", Holds::Text, false),
    column("evidence", Holds::Text, false),
];

fn head(_: &[Change]) -> String {
    let columns = COLUMNS.iter().map(|column| column.name);
    quote::csv_row(std::iter::once("change").chain(columns))
}

fn write(change: &Change) -> Option<Snippet> {
    if change.kind != ROW {
        return None;
    }
    let (settings, comes) = match &change.deed {
        Deed::Create(settings) => (settings, true),
        Deed::Delete(settings) => (settings, false),
        // A row is its values: another value is another row.
        Deed::Edit(_) => return None,
    };
    let row = Row::of(settings)?;
    if comes && !row.fits() {
        return None;
    }
    let word = |comes: bool| if comes { "add" } else { "remove" };
    Some(Snippet {
        preview: None,
        run: row.line(word(comes)),
        undo: row.line(word(!comes)),
        clicks: row.clicks(comes),
        caution: Some(caution(row.cell("platform"))),
    })
}

/// The cells of a row.
struct Row {
    cells: Vec<String>,
}

impl Row {
    /// None if a column is unknown, holds something that it cannot mean, or is lacking.
    fn of(settings: &[(&'static str, Value)]) -> Option<Self> {
        let known = |setting: &str| COLUMNS.iter().any(|column| column.name == setting);
        if !settings.iter().all(|(setting, _)| known(setting)) {
            return None;
        }
        let cells = COLUMNS.iter().map(|column| {
            let given = settings.iter().find(|(setting, _)| *setting == column.name);
            match given {
                None | Some((_, Value::Nothing)) => (!column.required).then(String::new),
                Some((_, value)) => cell(column, value),
            }
        });
        let mut row = Self {
            cells: cells.collect::<Option<_>>()?,
        };
        row.spell();
        Some(row)
    }

    fn cell(&self, name: &str) -> &str {
        let at = COLUMNS.iter().position(|column| column.name == name);
        at.and_then(|at| self.cells.get(at)).map_or("", String::as_str)
    }

    fn put(&mut self, name: &str, text: String) {
        let at = COLUMNS.iter().position(|column| column.name == name);
        if let Some(cell) = at.and_then(|at| self.cells.get_mut(at)) {
            *cell = text;
        }
    }

    /// The network it is about, if it is about one.
    fn network(&self) -> Option<IpNet> {
        let value = self.cell("value");
        let address = || value.parse::<IpAddr>().ok().map(IpNet::from);
        matches!(self.cell("kind"), "ip" | "cidr").then(|| value.parse().ok().or_else(address))?
    }

    /// The value as the console asks for it: Mimecast takes a single address with `/32` alone
    /// (<https://mimecastsupport.zendesk.com/hc/en-us/articles/42979302935955>), those of Barracuda the first address of a
    /// network and a mask in dots (<https://campus.barracuda.com/product/emailgatewaydefense/doc/96023004/ip-analysis-inbound/>).
    fn spell(&mut self) {
        let Some(IpNet::V4(net)) = self.network() else { return };
        match self.cell("platform") {
            "mimecast" => self.put("value", net.to_string()),
            "barracuda" | "barracuda-esg" if self.cell("netmask").is_empty() => {
                self.put("value", net.network().to_string());
                self.put("netmask", net.netmask().to_string());
            }
            _ => {}
        }
    }

    /// Whether the console takes the value.
    fn fits(&self) -> bool {
        let kind = self.cell("kind");
        if matches!(kind, "ip" | "cidr" | "range") && parse_entry(self.cell("value")).is_err() {
            return false;
        }
        let Some(net) = self.network() else { return true };
        let prefix = net.prefix_len();
        match (self.cell("platform"), net) {
            // No network wider than a /24 (Proofpoint Essentials, "How to edit Safe and Blocked Sender Lists").
            ("proofpoint-essentials", IpNet::V4(_)) => prefix >= 24,
            // Masks from /16 to /32 (Sophos Central, "Allow or block").
            ("sophos", IpNet::V4(_)) => prefix >= 16,
            // IPv4 alone (Trend Micro Email Security, "Managing approved and blocked IP addresses").
            ("trend-micro", IpNet::V6(_)) => false,
            _ => true,
        }
    }

    fn line(&self, change: &str) -> String {
        quote::csv_row(std::iter::once(change).chain(self.cells.iter().map(String::as_str)))
    }

    fn clicks(&self, comes: bool) -> Vec<String> {
        let mut steps = vec![format!(
            "console of `{}`, setting `{}`",
            self.cell("platform"),
            self.cell("setting")
        )];
        let verb = if comes { "add" } else { "remove" };
        steps.push(format!(
            "{verb} `{}` `{}`, action `{}`",
            self.cell("kind"),
            self.cell("value"),
            self.cell("action")
        ));
        if comes {
            let told = ["platform", "setting", "kind", "value", "action", "comment", "evidence"];
            let more = COLUMNS.iter().zip(&self.cells);
            let more = more.filter(|(column, cell)| !told.contains(&column.name) && !cell.is_empty());
            steps.extend(more.map(|(column, cell)| format!("`{}`: `{cell}`", column.name)));
        }
        steps.push("save".to_owned());
        steps
    }
}

fn cell(column: &Column, value: &Value) -> Option<String> {
    let text = match (column.holds, value) {
        (Holds::Flag, Value::Flag(on)) => on.to_string(),
        (Holds::Number, Value::Number(number)) => number.to_string(),
        // The separator is no part of a value, or two values would become three.
        (Holds::Texts, Value::Texts(texts)) if texts.iter().all(|text| !text.contains(';')) => texts.join(";"),
        (Holds::Platform, Value::Text(id)) if spelling::PLATFORMS.contains(&id.as_str()) => id.clone(),
        (Holds::Words(words), Value::Text(word)) if words.contains(&word.as_str()) => word.clone(),
        (Holds::Text, Value::Text(text)) => text.clone(),
        _ => return None,
    };
    (!column.required || !text.trim().is_empty()).then_some(text)
}

/// What an import does with what is there.
fn caution(platform: &str) -> String {
    match platform {
        // Importing a HAT overrides all of it (Cisco, user guide).
        "cisco" => "an import replaces the whole table of hosts: export it first, and put the row into that file".to_owned(),
        // The upload offers both (Symantec, HOWTO101615).
        "symantec" => "the upload can replace or merge: choose merge, or every other entry is lost".to_owned(),
        _ => "this table is no import file of the product: enter its rows by hand, or look whether its import adds or replaces \
              before using one"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests;
