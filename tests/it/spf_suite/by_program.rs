//! The suite asked of the program itself, as JSON, with a server that fails where the suite wants silence.
//!
//! Senders of the suite have octets that are no UTF-8, and only some systems hand those on.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::process::Command;

use serde_json::Value;

use super::loopback::zone;
use super::scenarios;
use super::suite::Case;
use crate::dns_server::{Fault, Server};

/// What the program says of a case, as an error if it is wrong.
fn asked_of_the_program(case: &Case, server: &Server) -> Result<(), String> {
    let subject = case.subject();
    let octets = |octets: &[u8]| OsString::from_vec(octets.to_vec());
    let (ip, address) = (case.ip.to_string(), server.address.to_string());
    let output = Command::new(env!("CARGO_BIN_EXE_allowaudit"))
        .args(["spf", "--format", "json", "--ip", &ip, "--dns-server", &address])
        .args([OsStr::new("--helo"), &octets(&case.helo)])
        .args([OsStr::new("--sender"), &octets(&case.sender)])
        .args([OsStr::new("--"), &octets(&subject.domain)])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    let found: Value = serde_json::from_slice(&output.stdout).map_err(|_| error.into_owned())?;
    case.compare(found["result"].as_str().unwrap(), found["explanation"].as_str())
}

#[test]
fn the_program_gives_the_same_answers() {
    let Some(scenarios) = scenarios() else {
        return println!("spf-suite: skipped by the program");
    };
    let mut right = 0;
    for scenario in &scenarios {
        let server = Server::start(zone(&scenario.zone, &Fault::Code(2)));
        for case in &scenario.cases {
            let answer = asked_of_the_program(case, &server);
            assert_eq!(answer, Ok(()), "{}, {}", scenario.name, case.name);
            right += 1;
        }
    }
    assert_eq!(right, 203);
    println!("spf-suite: {right} right by the program");
}
