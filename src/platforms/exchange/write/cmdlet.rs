//! The cmdlets that change something, each with whether its reference has `-WhatIf` for Exchange Online.

use crate::platform::change::Value;

/// A cmdlet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cmdlet {
    pub(super) name: &'static str,
    /// Whether the reference describes `-WhatIf` as a simulation, without reservation.
    pub(super) what_if: bool,
}

const fn cmdlet(name: &'static str, what_if: bool) -> Cmdlet {
    Cmdlet { name, what_if }
}

pub(super) const SET_TRANSPORT_RULE: Cmdlet = cmdlet("Set-TransportRule", true);
pub(super) const NEW_TRANSPORT_RULE: Cmdlet = cmdlet("New-TransportRule", true);
pub(super) const REMOVE_TRANSPORT_RULE: Cmdlet = cmdlet("Remove-TransportRule", true);
pub(super) const ENABLE_TRANSPORT_RULE: Cmdlet = cmdlet("Enable-TransportRule", true);
pub(super) const DISABLE_TRANSPORT_RULE: Cmdlet = cmdlet("Disable-TransportRule", true);
pub(super) const SET_CONNECTION_FILTER: Cmdlet = cmdlet("Set-HostedConnectionFilterPolicy", true);
pub(super) const SET_CONTENT_FILTER: Cmdlet = cmdlet("Set-HostedContentFilterPolicy", true);
pub(super) const SET_ANTI_PHISH: Cmdlet = cmdlet("Set-AntiPhishPolicy", true);
pub(super) const SET_SAFE_LINKS: Cmdlet = cmdlet("Set-SafeLinksPolicy", true);
pub(super) const SET_INBOUND_CONNECTOR: Cmdlet = cmdlet("Set-InboundConnector", true);
pub(super) const SET_SIMULATION_RULE: Cmdlet = cmdlet("Set-ExoPhishSimOverrideRule", true);
pub(super) const NEW_SIMULATION_RULE: Cmdlet = cmdlet("New-ExoPhishSimOverrideRule", true);
pub(super) const REMOVE_SIMULATION_RULE: Cmdlet = cmdlet("Remove-ExoPhishSimOverrideRule", true);
pub(super) const NEW_SIMULATION_POLICY: Cmdlet = cmdlet("New-PhishSimOverridePolicy", true);
pub(super) const REMOVE_SIMULATION_POLICY: Cmdlet = cmdlet("Remove-PhishSimOverridePolicy", true);
/// Its reference says of `-WhatIf` only where it does not work.
pub(super) const SET_SIMULATION_POLICY: Cmdlet = cmdlet("Set-PhishSimOverridePolicy", false);
/// It has no `-WhatIf`.
pub(super) const NEW_LIST_ITEMS: Cmdlet = cmdlet("New-TenantAllowBlockListItems", false);
/// It has no `-WhatIf`.
pub(super) const REMOVE_LIST_ITEMS: Cmdlet = cmdlet("Remove-TenantAllowBlockListItems", false);
pub(super) const NEW_SPOOF_ITEMS: Cmdlet = cmdlet("New-TenantAllowBlockListSpoofItems", true);
/// Its `-WhatIf` is reserved for Microsoft.
pub(super) const REMOVE_SPOOF_ITEMS: Cmdlet = cmdlet("Remove-TenantAllowBlockListSpoofItems", false);

/// One call.
#[derive(Debug, Clone)]
pub(super) struct Command {
    /// What finds the objects for it, with the bar, and what closes that.
    pub(super) around: Option<(String, &'static str)>,
    pub(super) cmdlet: Cmdlet,
    pub(super) arguments: Vec<(&'static str, Argument)>,
}

/// What stands behind a parameter.
#[derive(Debug, Clone)]
pub(super) enum Argument {
    /// Nothing.
    Switch,
    /// A word of the language: a number, `$true`, `$null`.
    Word(String),
    /// A string.
    Text(String),
    /// Strings.
    Texts(Vec<String>),
    /// What comes into a list and what leaves it.
    Delta {
        /// What comes.
        add: Vec<String>,
        /// What leaves.
        remove: Vec<String>,
    },
}

impl Command {
    pub(super) fn new(cmdlet: Cmdlet) -> Self {
        Self {
            around: None,
            cmdlet,
            arguments: Vec::new(),
        }
    }

    pub(super) fn of(cmdlet: Cmdlet, identity: &str) -> Self {
        Self::new(cmdlet).with("Identity", Argument::Text(identity.to_owned()))
    }

    pub(super) fn with(mut self, parameter: &'static str, argument: Argument) -> Self {
        self.arguments.push((parameter, argument));
        self
    }
}

impl Argument {
    /// A value as a whole.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Nothing => Self::Word("$null".to_owned()),
            Value::Flag(on) => Self::Word(if *on { "$true" } else { "$false" }.to_owned()),
            Value::Number(number) => Self::Word(number.to_string()),
            Value::Text(text) => Self::Text(text.clone()),
            Value::Texts(texts) if texts.is_empty() => Self::Word("$null".to_owned()),
            Value::Texts(texts) => Self::Texts(texts.clone()),
        }
    }
}
