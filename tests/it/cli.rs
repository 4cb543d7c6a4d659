//! The command line as a person meets it: help, exit codes, files written and read back.

use std::fmt::Write as _;
use std::io::Read as _;
use std::process::Stdio;

use allowaudit::checks::{CHECKS, RESERVED};

use crate::bench::{ACCEPTED_DOMAINS, ADVANCED_DELIVERY, Bench, NOW, connection_filter};

/// A tenant whose exports show `huntress-sat` and leave much unknown.
fn tenant() -> Bench {
    let bench = Bench::new();
    bench
        .write("contoso/Get-ExoPhishSimOverrideRule.json", ADVANCED_DELIVERY)
        .write("contoso/Get-AcceptedDomain.json", ACCEPTED_DOMAINS)
        .write(
            "contoso/Get-HostedConnectionFilterPolicy.json",
            connection_filter(&["192.0.2.0/25".to_owned(), "168.245.36.66".to_owned()]),
        );
    bench
}

fn check(bench: &Bench, arguments: &[&str]) -> crate::bench::Ran {
    bench.run(&[&["check", "--now", NOW], arguments].concat())
}

fn set() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings
}

pub fn snapshot(name: &str, text: &str) {
    set().bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn help_of_every_command() {
    let bench = Bench::new();
    for command in [
        "",
        "check",
        "init",
        "why",
        "diff",
        "spf",
        "pack",
        "pack list",
        "pack show",
        "pack lint",
        "pack verify",
        "pack new",
        "explain",
        "schema",
    ] {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("--help");
        let ran = bench.run(&arguments);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{command}");
        let name = format!("help-{}", command.replace(' ', "-"));
        snapshot(name.trim_end_matches('-'), &ran.out);
    }
    let ran = bench.run(&["--version"]);
    assert_eq!(
        (ran.code, ran.out),
        (Some(0), format!("allowaudit {}\n", env!("CARGO_PKG_VERSION")))
    );
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let bench = tenant();
    for arguments in [
        &[][..],
        &["audit"],
        &["check", "--fail-on", "always"],
        &["check", "--format", "sarig"],
        &["check", "--now", "yesterday"],
        &["check", "contoso", "--policy", "bazeline"],
        &["check", "contoso", "--policy", "missing.toml"],
        &["check", "contoso", "--vendor", "huntres-sat"],
        &["check", "contoso", "--pack", "missing.toml"],
        &["check", "contoso", "-D", "mail-not-clear"],
        &["check", "contoso", "--shard", "1/2"],
        &["why"],
        &["pack"],
        &["pack", "show", "huntres-sat"],
        &["pack", "lint"],
        &["pack", "new", "Acme Inc"],
        &["pack", "new", "curricula"],
        &["schema", "packs"],
        &["init", "missing"],
    ] {
        let ran = bench.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.all());
        assert!(!ran.all().is_empty(), "{arguments:?}");
    }
    let ran = bench.run(&["check", "contoso", "--vendor", "huntres-sat"]);
    assert!(ran.err.contains("did you mean `huntress-sat`?"), "{}", ran.err);
    let ran = bench.run(&["check", "contoso", "-D", "mail-not-clear"]);
    assert!(ran.err.contains("did you mean `mail-not-cleared`?"), "{}", ran.err);
    let ran = bench.run(&["check", "--format", "\u{1b}[31m"]);
    assert!(!ran.err.contains('\u{1b}'), "{}", ran.err);
}

#[test]
fn exit_codes_follow_fail_on_and_2_beats_1() {
    let bench = tenant();
    let vendor = ["contoso", "--vendor", "huntress-sat"];
    let code = |more: &[&str]| check(&bench, &[&vendor, more].concat()).code;
    assert_eq!(code(&[]), Some(1));
    assert_eq!(code(&["--fail-on", "never"]), Some(0));
    assert_eq!(code(&["--format", "json"]), Some(1));
    assert_eq!(code(&["missing"]), Some(2));
    assert_eq!(code(&["missing", "--fail-on", "never"]), Some(2));
    let all_off: Vec<&str> = ["delivery", "safety", "hygiene", "dns", "evidence"]
        .iter()
        .flat_map(|group| ["-A", group])
        .collect();
    assert_eq!(code(&all_off), Some(0));
    assert_eq!(code(&[&all_off[..], &["--fail-on", "note"]].concat()), Some(0));
    bench.write("broken/allowaudit.toml", "nmae = \"x\"\n");
    bench.write("broken/Get-AcceptedDomain.json", ACCEPTED_DOMAINS);
    let ran = check(&bench, &["broken"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.out.contains("nmae") && ran.out.contains("`name`"), "{}", ran.out);
    let ran = check(&bench, &["broken", "--format", "json"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("nmae"), "{}", ran.err);
}

#[test]
fn of_the_level_options_the_last_one_counts() {
    let bench = tenant();
    let level = |options: &[&str]| {
        let arguments = [&["contoso", "--vendor", "huntress-sat", "--format", "json"], options].concat();
        let report = check(&bench, &arguments).json();
        let findings = report["tenants"][0]["findings"].as_array().unwrap().clone();
        let found = findings.iter().find(|finding| finding["check"] == "cannot-tell");
        found.map(|finding| finding["level"].as_str().unwrap().to_owned())
    };
    let some = |level: &str| Some(level.to_owned());
    assert_eq!(level(&["-D", "cannot-tell", "-W", "cannot-tell"]), some("warn"));
    assert_eq!(level(&["-W", "cannot-tell", "-D", "cannot-tell"]), some("deny"));
    assert_eq!(level(&["-A", "cannot-tell", "-D", "cannot-tell"]), some("deny"));
    assert_eq!(level(&["-D", "cannot-tell", "-A", "cannot-tell"]), None);
    assert_eq!(level(&["-A", "evidence", "-W", "cannot-tell"]), some("warn"));
    assert_eq!(level(&["-W", "cannot-tell", "-A", "evidence"]), None);
    assert_eq!(
        level(&["-D", "cannot-tell", "--allow=evidence", "-W", "evidence"]),
        some("warn")
    );
}

#[test]
fn several_reports_in_one_run() {
    let bench = tenant();
    let run = |options: &[&str]| check(&bench, &[&["contoso", "--vendor", "huntress-sat"], options].concat());
    let human = run(&[]);
    let json = run(&["--format", "json"]);
    let both = run(&["--format", "json", "-o", "a.json", "--format", "human"]);
    assert_eq!((both.code, &both.out), (human.code, &human.out));
    assert_eq!(bench.read("a.json"), json.out);
    let files = run(&["--format", "json", "-o", "b.json", "--format", "human", "-o", "b.txt"]);
    assert_eq!((files.code, files.out.as_str()), (Some(1), ""));
    assert_eq!(
        (bench.read("b.json"), bench.read("b.txt")),
        (json.out.clone(), human.out.clone())
    );
    let either = run(&["-o", "c.json", "--format", "json"]);
    assert_eq!((either.out.as_str(), bench.read("c.json")), ("", json.out.clone()));
    assert_eq!(run(&["-o", "d.txt"]).out, "");
    assert_eq!(bench.read("d.txt"), human.out);
    assert_eq!(run(&["--format", "json", "-o", "-"]).out, json.out);
    for wrong in [
        &["--format", "json", "--format", "human"][..],
        &["--format", "json", "-o", "x", "-o", "y"],
        &["-o", "x", "--format", "json", "--format", "human"],
        &["--format", "json", "-o", "x", "--format", "human", "-o", "x"],
        &["-o", "no/such/folder/x"],
    ] {
        assert_eq!(run(wrong).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn colour_only_where_it_is_wanted() {
    let bench = tenant();
    let coloured = |options: &[&str]| check(&bench, &[&["contoso"], options].concat()).out.contains('\u{1b}');
    assert!(!coloured(&["--vendor", "infima"]));
    assert!(coloured(&["--vendor", "infima", "--color", "always"]));
    assert!(!coloured(&["--vendor", "infima", "--color", "never"]));
}

#[test]
fn a_tree_of_tenants_and_single_files() {
    let bench = tenant();
    bench
        .write("contoso/allowaudit.toml", "[[vendor]]\npack = \"huntress-sat\"\n")
        .write("fabrikam/allowaudit.toml", "[[vendor]]\npack = \"infima\"\n")
        .write("fabrikam/exports/domains.json", ACCEPTED_DOMAINS)
        .write("stray.json", ADVANCED_DELIVERY);
    let names = |paths: &[&str]| -> Vec<String> {
        let ran = check(&bench, &[paths, &["--format", "json"]].concat());
        let report = ran.json();
        let tenants = report["tenants"].as_array().unwrap();
        tenants
            .iter()
            .map(|tenant| tenant["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&[]), ["contoso", "fabrikam"]);
    assert_eq!(names(&["."]), ["contoso", "fabrikam"]);
    assert_eq!(
        names(&["fabrikam", "contoso", ".", "./contoso"]),
        ["contoso", "fabrikam"]
    );
    assert_eq!(names(&["contoso/allowaudit.toml"]), ["contoso"]);
    assert_eq!(names(&["stray.json"]), ["stray"]);
    let here = bench
        .command(&["check", "--now", NOW, "--format", "json"])
        .current_dir(bench.path().join("contoso"))
        .output();
    let report: serde_json::Value = serde_json::from_slice(&here.unwrap().stdout).unwrap();
    assert_eq!(report["tenants"][0]["name"], "contoso");
}

#[test]
fn a_vendor_may_be_named_by_an_alias() {
    let bench = tenant();
    let vendors = |arguments: &[&str]| -> Vec<String> {
        let ran = check(&bench, &[&["contoso", "--format", "json"], arguments].concat());
        assert_eq!(ran.code, Some(1), "{}", ran.all());
        let report = ran.json();
        let rows = report["tenants"][0]["coverage"].as_array().unwrap();
        let mut vendors: Vec<String> = rows
            .iter()
            .map(|row| row["vendor"].as_str().unwrap().to_owned())
            .collect();
        vendors.dedup();
        vendors
    };
    assert_eq!(vendors(&["--vendor", "curricula"]), ["huntress-sat"]);
    bench.write(
        "contoso/allowaudit.toml",
        "[[vendor]]\npack = \"curricula\"\n\n[[vendor]]\npack = \"infima\"\n",
    );
    assert_eq!(vendors(&["--vendor", "huntress-sat"]), ["huntress-sat"]);
    assert_eq!(vendors(&["--vendor", "curricula"]), ["huntress-sat"]);
    assert_eq!(vendors(&["--vendor", "infimasec"]), ["infima"]);
    let ran = check(&bench, &["contoso", "--vendor", "knowbe4"]);
    assert_eq!(ran.code, Some(2));
}

#[test]
fn standard_input_is_recognised_by_its_content() {
    let bench = Bench::new();
    let arguments = [
        "check",
        "-",
        "--now",
        NOW,
        "--vendor",
        "huntress-sat",
        "--format",
        "json",
    ];
    let ran = bench.run_with_input(&arguments, ADVANCED_DELIVERY.as_bytes());
    assert_eq!(ran.code, Some(1), "{}", ran.all());
    let report = ran.json();
    assert_eq!(report["tenants"][0]["inputs"][0]["kind"], "advanced-delivery-rule");
    assert_eq!(report["tenants"][0]["path"], "-");
    let ran = bench.run_with_input(&arguments, b"");
    assert_eq!(ran.code, Some(2), "{}", ran.all());
}

#[test]
fn a_closed_pipe_is_success() {
    let bench = tenant();
    let addresses: Vec<String> = (0..4000).map(|n| format!("198.18.{}.{}", n / 250, n % 250)).collect();
    bench.write(
        "contoso/Get-HostedConnectionFilterPolicy.json",
        connection_filter(&addresses),
    );
    let mut command = bench.command(&["schema", "pack"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn a_tenant_file_is_written_once_and_reads_back() {
    let bench = tenant();
    let ran = bench.run(&["init", "contoso", "--now", NOW]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    let text = bench.read("contoso/allowaudit.toml");
    snapshot("init", &text);
    assert!(
        text.contains("pack = \"huntress-sat\"") && text.contains("`168.245.36.66`"),
        "{text}"
    );
    let report = check(&bench, &["contoso", "--format", "json"]).json();
    assert_eq!(report["tenants"][0]["problems"], serde_json::json!([]));
    assert_eq!(report["tenants"][0]["name"], "contoso");

    let again = bench.run(&["init", "contoso", "--now", NOW]);
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("exists already"), "{}", again.err);
    bench.write("contoso/allowaudit.toml", "name = \"other\"\n");
    assert_eq!(bench.run(&["init", "contoso", "--now", NOW, "--force"]).code, Some(0));
    assert_eq!(bench.read("contoso/allowaudit.toml"), text);
}

#[test]
fn the_examples_of_a_new_tenant_file_are_right() {
    let bench = tenant();
    let vendors: Vec<&str> = ["huntress-sat", "huntress-platform", "infima", "infosec-iq", "knowbe4"]
        .iter()
        .flat_map(|vendor| ["--vendor", vendor])
        .collect();
    let ran = bench.run(&[&["init", "contoso", "--now", NOW], &vendors[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    let text = bench.read("contoso/allowaudit.toml");
    let mut uncommented = String::new();
    for line in text.lines() {
        let line = line
            .strip_prefix('#')
            .filter(|rest| !rest.starts_with(' '))
            .unwrap_or(line);
        // The example of a former vendor is one of those in use here.
        let _ = writeln!(
            uncommented,
            "{}",
            line.replace("pack = \"knowbe4\"", "pack = \"infosec-iq\"")
        );
    }
    let uncommented = uncommented.replacen("[[offboarded]]\npack = \"infosec-iq\"", "", 1);
    let uncommented = uncommented.replacen("[[vendor]]\npack = \"infosec-iq\"", "[[vendor]]\npack = \"knowbe4\"", 2);
    let uncommented = uncommented.replacen("[[vendor]]\npack = \"knowbe4\"", "[[vendor]]\npack = \"infosec-iq\"", 1);
    bench.write("contoso/allowaudit.toml", &uncommented);
    bench.write("contoso/connection-filter.json", "[]");
    let report = check(&bench, &["contoso", "--format", "json"]).json();
    assert_eq!(report["tenants"][0]["problems"], serde_json::json!([]), "{uncommented}");
}

#[test]
fn an_empty_folder_gets_a_file_that_says_what_to_export() {
    let bench = Bench::new();
    let ran = bench.run(&["init", "--vendor", "infosec-iq", "--now", NOW]);
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    let text = bench.read("allowaudit.toml");
    snapshot(
        "init-empty",
        &text.replace(bench.path().file_name().unwrap().to_str().unwrap(), "[folder]"),
    );
    assert_eq!(check(&bench, &[]).code, Some(2));
}

#[test]
fn every_check_has_a_page() {
    let bench = Bench::new();
    let table = bench.run(&["explain"]);
    assert_eq!(table.code, Some(0));
    for check in CHECKS {
        assert!(table.out.contains(check.id), "{}", check.id);
        let page = bench.run(&["explain", check.id]);
        assert_eq!(page.code, Some(0), "{}", check.id);
        assert!(page.out.starts_with(&format!("# {}", check.id)), "{}", page.out);
    }
    for id in RESERVED {
        let page = bench.run(&["explain", id]);
        assert_eq!(page.code, Some(2));
        assert!(page.err.contains("of a later version"), "{}", page.err);
    }
    let wrong = bench.run(&["explain", "mail-not-cleard"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("did you mean `mail-not-cleared`?"), "{}", wrong.err);
    let group = bench.run(&["explain", "delivery"]);
    assert!(
        group.out.starts_with("delivery\n") && !group.out.contains("cannot-tell"),
        "{}",
        group.out
    );
}

#[test]
fn packs_are_listed_shown_checked_and_started() {
    let bench = Bench::new();
    let list = bench.run(&["pack", "list"]);
    assert_eq!((list.code, list.err.as_str()), (Some(0), ""));
    for id in ["huntress-sat", "infima", "infosec-iq", "knowbe4"] {
        assert!(list.out.lines().any(|line| line.starts_with(id)), "{}", list.out);
        let show = bench.run(&["pack", "show", id]);
        assert_eq!((show.code, show.err.as_str()), (Some(0), ""));
        assert!(show.out.starts_with(&format!("{id}: ")), "{}", show.out);
    }
    assert_eq!(
        bench.run(&["pack", "show", "curricula"]).out,
        bench.run(&["pack", "show", "huntress-sat"]).out
    );

    let new = bench.run(&["pack", "new", "acme", "--now", NOW]);
    assert_eq!(new.code, Some(0));
    snapshot("pack-new", &new.out);
    bench.write("packs/acme.toml", &new.out);
    for path in ["packs/acme.toml", "packs"] {
        let lint = bench.run(&["pack", "lint", path]);
        let clean = "1 pack: 0 errors, 0 warnings\n";
        assert_eq!((lint.code, lint.out.as_str(), lint.err.as_str()), (Some(0), clean, ""));
    }
    let show = bench.run(&["pack", "show", "acme", "--pack", "packs"]);
    snapshot("pack-show", &show.out);

    bench.write(
        "packs/other.toml",
        new.out
            .replace("\"acme\"", "\"Other\"")
            .replace("current\"", "curent\""),
    );
    let lint = bench.run(&["pack", "lint", "packs", "missing.toml"]);
    assert_eq!(lint.code, Some(2));
    for part in [
        "other.toml:5:",
        "other.toml:37:",
        "did you mean `current`?",
        "`missing.toml` does not exist",
    ] {
        assert!(lint.err.contains(part), "{part}: {}", lint.err);
    }
    bench.write(
        "packs/other.toml",
        new.out
            .replace("#[[advice]]", "[[advice]]")
            .replace("#id = \"m365", "id = \"m365"),
    );
    assert_eq!(bench.run(&["pack", "lint", "packs"]).code, Some(2));
}

#[test]
fn side_files_of_a_pack_lie_beside_it() {
    let bench = Bench::new();
    let pack = bench.run(&["pack", "new", "acme", "--now", NOW]).out;
    let links = "\n[[value]]\nstream = \"phishing\"\nidentity = \"link\"\nfile = \"acme-links.txt\"\nstatus = \"current\"\nsource = \"help\"\n";
    bench.write("packs/acme.toml", format!("{pack}{links}"));
    let lint = bench.run(&["pack", "lint", "packs/acme.toml"]);
    assert_eq!(lint.code, Some(2));
    assert!(lint.err.contains("acme-links.txt"), "{}", lint.err);
    bench.write("packs/acme-links.txt", "one.vendor.example\ntwo.vendor.example\n");
    let lint = bench.run(&["pack", "lint", "packs/acme.toml"]);
    assert_eq!(lint.code, Some(0), "{}", lint.err);
    let show = bench.run(&["pack", "show", "acme", "--pack", "packs"]);
    assert!(show.out.contains("two.vendor.example"), "{}", show.out);
    // A pack from somebody else must not show what else lies on the machine.
    bench.write("secret.txt", "not for others\n");
    for file in ["../secret.txt", "/etc/hosts", "..\\\\secret.txt", "c:secret.txt"] {
        bench.write(
            "packs/acme.toml",
            format!("{pack}{}", links.replace("acme-links.txt", file)),
        );
        let lint = bench.run(&["pack", "lint", "packs/acme.toml"]);
        assert_eq!(lint.code, Some(2), "{file}");
        assert!(
            lint.err.contains("a side file lies in the folder of the pack"),
            "{}",
            lint.err
        );
        assert!(!lint.all().contains("not for others"), "{}", lint.err);
    }
}

#[test]
fn facts_that_would_leave_nobody_to_fear_are_mistakes() {
    let bench = Bench::new();
    let pack = bench.run(&["pack", "new", "acme", "--now", NOW]).out;
    for everybody in ["0.0.0.0/0", "128.0.0.0/1", "0.0.0.0-255.255.255.255", "::/0"] {
        bench.write("acme.toml", pack.replace("192.0.2.7", everybody));
        let lint = bench.run(&["pack", "lint", "acme.toml"]);
        assert_eq!(lint.code, Some(2), "{everybody}");
        assert!(lint.err.contains("nobody has as many hosts"), "{}", lint.err);
    }
    bench.write("acme.toml", pack.replace("[\"smtp\"]", "[]"));
    let lint = bench.run(&["pack", "lint", "acme.toml"]);
    assert_eq!(lint.code, Some(2));
    assert!(
        lint.err.contains("`deliveries` takes at least one value"),
        "{}",
        lint.err
    );
}

#[test]
fn what_is_not_asked_is_said() {
    let bench = tenant();
    let ran = bench.run(&["check", "contoso", "--now", NOW]);
    assert!(ran.out.contains("no vendor is declared"), "{}", ran.all());
    bench.write(
        "contoso/allowaudit.toml",
        "[[vendor]]\npack = \"infima\"\nuntil = 2026-11-20\n",
    );
    let ran = bench.run(&["check", "contoso", "--now", NOW]);
    assert!(ran.out.contains("the contract of `infima` is over"), "{}", ran.all());
    assert!(!ran.out.contains("no vendor is declared"), "{}", ran.all());
}

#[test]
fn rows_about_exports_are_held_against_the_exports() {
    let bench = tenant();
    let row = |row: &str| {
        bench.write(
            "contoso/allowaudit.toml",
            format!("[[vendor]]\npack = \"infima\"\n[[export]]\n{row}\n"),
        );
        bench.run(&["check", "contoso", "--now", NOW])
    };
    for (text, says) in [
        (
            "file = \"rules.json\"\nkind = \"exchange/transport-rule\"\nempty = true",
            "this tenant has no file `rules.json`",
        ),
        (
            "file = \"Get-ExoPhishSimOverrideRule.json\"\nkind = \"exchange/transprt-rule\"",
            "`exchange/transprt-rule` is no kind of export that is read",
        ),
        (
            "file = \"Get-ExoPhishSimOverrideRule.json\"\nkind = \"exchange/advanced-delivery-rule\"\nempty = true",
            "`Get-ExoPhishSimOverrideRule.json` is said to be empty and is not",
        ),
    ] {
        let ran = row(text);
        assert_eq!(ran.code, Some(2), "{text}: {}", ran.all());
        assert!(ran.out.contains(says), "{text}: {}", ran.all());
        assert!(!ran.out.contains("gets through"), "{text}: {}", ran.all());
    }
    let ran = row("file = \"Get-ExoPhishSimOverrideRule.json\"\ntaken = 2026-11-22");
    assert_eq!(ran.code, Some(1), "{}", ran.all());
    assert!(ran.out.contains("is said to be taken after"), "{}", ran.all());
}

#[test]
fn schemas_are_json() {
    let bench = Bench::new();
    for of in ["pack", "tenant", "policy", "dns"] {
        let ran = bench.run(&["schema", of]);
        assert_eq!(ran.code, Some(0));
        let schema = ran.json();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(schema["properties"].as_object().is_some_and(|keys| !keys.is_empty()));
    }
}
