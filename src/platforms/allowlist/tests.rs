//! Rows that are read back, and other languages behind the same interface.

use proptest::prelude::*;

use super::*;

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn row(platform: &str, kind: &str, value: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("platform", text(platform)),
        ("setting", text("permitted-senders")),
        ("kind", text(kind)),
        ("value", text(value)),
        ("action", text("allow")),
    ]
}

fn change(deed: Deed) -> Change {
    Change {
        kind: ROW,
        name: String::new(),
        deed,
    }
}

fn read(table: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(table.as_bytes());
    let records = reader.records().map(Result::unwrap);
    records
        .map(|record| record.iter().map(|cell| quote::csv_value(cell).to_owned()).collect())
        .collect()
}

#[test]
fn a_row_has_the_columns_of_the_table() {
    let mut settings = row("mimecast", "ip", "192.0.2.1");
    settings.push((
        "and_source_ips",
        Value::Texts(vec!["192.0.2.1".to_owned(), "192.0.2.2".to_owned()]),
    ));
    settings.push(("enabled", Value::Flag(true)));
    let change = change(Deed::Create(settings));
    let snippet = write(&change).unwrap();
    let table = head(&[]) + &snippet.run;
    assert_eq!(
        table,
        "change,platform,setting,kind,value,netmask,action,and_source_ips,direction,scope,enabled,valid_from,valid_to,\
         override,order,requires_auth,options,comment,evidence\r\n\
         add,mimecast,permitted-senders,ip,192.0.2.1/32,,allow,192.0.2.1;192.0.2.2,,,true,,,,,,,,\r\n"
    );
    assert_eq!(snippet.undo, snippet.run.replace("add,", "remove,"));
    assert_eq!(
        snippet.clicks,
        [
            "console of `mimecast`, setting `permitted-senders`",
            "add `ip` `192.0.2.1/32`, action `allow`",
            "`and_source_ips`: `192.0.2.1;192.0.2.2`",
            "`enabled`: `true`",
            "save",
        ]
    );
    assert_eq!(write(&change.undone()).unwrap().run, snippet.undo);
}

#[test]
fn what_the_console_does_not_take_is_not_written() {
    for (platform, kind, value, written) in [
        ("proofpoint-essentials", "cidr", "192.0.2.0/24", true),
        ("proofpoint-essentials", "cidr", "192.0.0.0/16", false),
        ("sophos", "cidr", "192.0.0.0/16", true),
        ("sophos", "cidr", "192.0.0.0/12", false),
        ("trend-micro", "ip", "192.0.2.1", true),
        ("trend-micro", "ip", "2001:db8::1", false),
        ("nonsense", "ip", "192.0.2.1", false),
        ("google", "host", "192.0.2.1", false),
        ("google", "ip", "not an address", false),
        ("google", "ip", " ", false),
        ("google", "either-from", "@a.example", true),
    ] {
        let change = change(Deed::Create(row(platform, kind, value)));
        assert_eq!(write(&change).is_some(), written, "{platform} {kind} {value}");
    }
    let mut unknown = row("google", "ip", "192.0.2.1");
    unknown.push(("colour", text("red")));
    assert_eq!(write(&change(Deed::Create(unknown))), None);
    let mut two = row("google", "ip", "192.0.2.1");
    two.push(("options", Value::Texts(vec!["a;b".to_owned()])));
    assert_eq!(write(&change(Deed::Create(two))), None);
    let cells = read(
        &write(&change(Deed::Create(row("barracuda", "cidr", "192.0.2.9/24"))))
            .unwrap()
            .run,
    );
    assert_eq!(cells[0][4..6], ["192.0.2.0", "255.255.255.0"]);
    for (platform, words) in [("cisco", "replaces"), ("symantec", "merge"), ("google", "by hand")] {
        let snippet = write(&change(Deed::Create(row(platform, "domain", "a.example")))).unwrap();
        assert!(snippet.caution.unwrap().contains(words));
    }
}

proptest! {
    #[test]
    fn rows_are_read_back(
        value in prop_oneof![Just("=1+1".to_owned()), Just("@a.example".to_owned()), "[ -~]{1,8}", any::<String>()],
        comment in any::<String>(),
        evidence in "['=@+\"\r\n,-]{0,6}",
    ) {
        prop_assume!(!value.trim().is_empty());
        let mut settings = row("google", "domain", &value);
        settings.push(("comment", text(&comment)));
        settings.push(("evidence", text(&evidence)));
        let snippet = write(&change(Deed::Create(settings))).unwrap();
        let table = head(&[]) + &snippet.run + &snippet.undo;
        let rows = read(&table);
        prop_assert_eq!(rows.len(), 3);
        for row in &rows[1..] {
            let cell = |name: &str| {
                let at = rows[0].iter().position(|column| column == name).unwrap();
                row[at].as_str()
            };
            prop_assert_eq!(cell("value"), &value);
            prop_assert_eq!(cell("comment"), &comment);
            prop_assert_eq!(cell("evidence"), &evidence);
        }
    }
}

/// Other languages behind the same interface: the body of a request, a line of a configuration, a line of a shell.
/// They write the rows for three products whose forms are documented (gateways 2b, 8 and 10).
mod others {
    use super::*;

    fn cells(change: &Change) -> Option<(Row, bool)> {
        match &change.deed {
            Deed::Create(settings) => Some((Row::of(settings)?, true)),
            Deed::Delete(settings) => Some((Row::of(settings)?, false)),
            Deed::Edit(_) => None,
        }
    }

    /// These languages have no line that takes one away; whoever writes them for good says how.
    fn only(run: String) -> Snippet {
        Snippet {
            preview: None,
            run,
            undo: String::new(),
            clicks: Vec::new(),
            caution: None,
        }
    }

    /// `POST …/orgSafeList` of Proofpoint: one body a row.
    static BODY: Writer = Writer {
        id: "body",
        extension: "json",
        head: |_| String::new(),
        write: |change| {
            let (row, comes) = cells(change)?;
            let value = quote::json(row.cell("value"));
            let body =
                format!("{{\"action\":\"add\",\"attribute\":\"$ip\",\"operator\":\"equal\",\"value\":{value}}}\n");
            comes.then(|| only(body))
        },
    };

    /// A CIDR table of Postfix, which has no way to take a line away but to leave it out.
    static LINE: Writer = Writer {
        id: "postfix",
        extension: "cidr",
        head: |_| quote::comment("postscreen_access_list: the first match counts") + "\n",
        write: |change| {
            let (row, comes) = cells(change)?;
            let net = row.network()?;
            let line = format!("{net} permit\n");
            comes.then(|| only(line))
        },
    };

    /// A map of Rspamd, kept by a shell.
    static SHELL: Writer = Writer {
        id: "shell",
        extension: "sh",
        head: |_| "set -eu\n".to_owned(),
        write: |change| {
            let (row, comes) = cells(change)?;
            let value = quote::shell(row.cell("value"))?;
            let line = format!("printf '%s\\n' {value} >> allowed.map\n");
            comes.then(|| only(line))
        },
    };

    #[test]
    fn the_interface_fits_bodies_lines_and_commands() {
        let add = change(Deed::Create(row("postfix", "cidr", "192.0.2.0/24")));
        let run = |writer: &Writer, change: &Change| (writer.head)(&[]) + &(writer.write)(change).unwrap().run;
        assert_eq!(
            run(&BODY, &add),
            "{\"action\":\"add\",\"attribute\":\"$ip\",\"operator\":\"equal\",\"value\":\"192.0.2.0/24\"}\n"
        );
        assert_eq!((BODY.write)(&add.undone()), None);
        assert_eq!(
            run(&LINE, &add),
            "# postscreen_access_list: the first match counts\n192.0.2.0/24 permit\n"
        );
        assert_eq!((LINE.write)(&add.undone()), None);
        assert_eq!(
            run(&SHELL, &add),
            "set -eu\nprintf '%s\\n' '192.0.2.0/24' >> allowed.map\n"
        );
    }
}
