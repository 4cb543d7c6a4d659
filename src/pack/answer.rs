//! What is given for a parameter: by a tenant, or by the pack as a default.

use super::model::{Given, Parameter, Parsed};
use super::values::{self, How};
use super::words::ParameterType;
use crate::form::{Log, bad};
use crate::source::Spanned;
use crate::spelling::Match;

/// Reads what is given for a parameter. What does not fit it is noted.
pub fn parse(parameter: &Parameter, given: &Given, log: &mut Log) -> Vec<(Spanned<String>, Parsed)> {
    let id = &parameter.id.value;
    let is_flag = parameter.kind.value == ParameterType::Flag;
    let texts = match given {
        Given::Flag(flag) => {
            if !is_flag {
                let message = format!("`{id}` takes {}, not true or false", parameter.kind.value.as_str());
                log.push(bad(flag.span, message, "true or false").also(parameter.kind.span, "its type"));
            }
            return Vec::new();
        }
        Given::Texts(texts) => texts,
    };
    if is_flag {
        if let Some(first) = texts.first() {
            let message = format!("`{id}` takes true or false");
            log.push(bad(first.span, message, "a string").also(parameter.kind.span, "its type"));
        }
        return Vec::new();
    }
    let most = if parameter.kind.value == ParameterType::Text {
        Some(1)
    } else {
        parameter.max_items.map(|most| most.value)
    };
    if let Some(most) = most
        && let Some(extra) = texts.get(most as usize)
    {
        log.bad(extra.span, format!("`{id}` takes at most {most}"), "one too many");
    }
    let how = How {
        header: parameter.header.clone(),
        matching: Some(parameter.matching),
        at: parameter.at,
    };
    texts
        .iter()
        .filter_map(|text| Some((text.clone(), one(parameter, text, &how, log)?)))
        .collect()
}

fn one(parameter: &Parameter, text: &Spanned<String>, how: &How, log: &mut Log) -> Option<Parsed> {
    let id = &parameter.id.value;
    if let Some(most) = parameter.max_len
        && text.value.chars().count() > most.value as usize
    {
        let message = format!("the answer to `{id}` is longer than {} characters", most.value);
        log.push(bad(text.span, message, "too long").also(most.span, "the most the vendor allows"));
        return None;
    }
    let is_address = text.value.contains('@');
    let fits = match parameter.kind.value {
        ParameterType::Domains => !is_address,
        ParameterType::Addresses => is_address,
        _ => true,
    };
    if !fits {
        let message = format!("`{id}` takes {}", parameter.kind.value.as_str());
        log.push(bad(text.span, message, "something else").also(parameter.kind.span, "its type"));
        return None;
    }
    let Some(identity) = parameter.identity else {
        return Some(Parsed::Text);
    };
    if parameter.matching == Match::Present {
        return values::header(text, how, log).map(Parsed::Header);
    }
    let mut own = Log::new(Vec::new(), log.complete);
    let parsed = values::parse(identity.value, text, how, &mut own);
    for mut problem in own.problems {
        if parameter.secret {
            problem.message = format!("the answer to `{id}` cannot be read");
            problem.help = None;
        }
        log.push(problem);
    }
    parsed
}
