//! Rules that spoil answers. A rule says which requests it meets and what becomes of their answers.

mod apply;
mod rule;

pub(crate) use apply::{after, instead};
pub use rule::{Fault, FaultRule, Matcher, Plane};

use crate::request::Request;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use regex::Regex;
use std::sync::Mutex;
use uuid::Uuid;

/// The rules in force, in order: the first that meets a request spoils it.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    active: Mutex<Vec<Active>>,
}

#[derive(Debug)]
struct Active {
    rule: FaultRule,
    path: Option<Regex>,
    query: Option<Regex>,
    body: Option<Regex>,
    random: StdRng,
    met: u64,
    injected: u64,
}

/// A pattern of a rule is no regular expression.
#[derive(Debug, thiserror::Error)]
#[error("rule {number} has a pattern that is no regular expression")]
pub struct RuleError {
    number: usize,
    source: regex::Error,
}

impl Faults {
    /// Replaces all rules and their counts.
    pub(crate) fn replace(&self, rules: Vec<FaultRule>) -> Result<(), RuleError> {
        let active =
            rules.into_iter().enumerate().map(|(number, rule)| compile(number, rule)).collect::<Result<_, _>>()?;
        *crate::sync::lock(&self.active) = active;
        Ok(())
    }

    /// The rules with how often each met a request and how often it injected its fault.
    pub(crate) fn report(&self) -> Vec<(FaultRule, u64, u64)> {
        crate::sync::lock(&self.active)
            .iter()
            .map(|active| (active.rule.clone(), active.met, active.injected))
            .collect()
    }

    /// The fault for a request, if any.
    pub(crate) fn pick(&self, request: &Request, plane: Plane, tenant: Option<Uuid>, in_batch: bool) -> Option<Fault> {
        let mut rules = crate::sync::lock(&self.active);
        rules.iter_mut().find_map(|active| active.pick(request, plane, tenant, in_batch))
    }
}

fn compile(number: usize, rule: FaultRule) -> Result<Active, RuleError> {
    let regex = |pattern: &Option<String>| {
        pattern.as_deref().map(Regex::new).transpose().map_err(|source| RuleError { number, source })
    };
    let (path, query, body) = (regex(&rule.matcher.path)?, regex(&rule.matcher.query)?, regex(&rule.matcher.body)?);
    let random = StdRng::seed_from_u64(rule.matcher.seed);
    Ok(Active { rule, path, query, body, random, met: 0, injected: 0 })
}

impl Active {
    fn pick(&mut self, request: &Request, plane: Plane, tenant: Option<Uuid>, in_batch: bool) -> Option<Fault> {
        if self.rule.times.is_some_and(|times| self.injected >= times) || !self.meets(request, plane, tenant, in_batch)
        {
            return None;
        }
        self.met += 1;
        let matcher = &self.rule.matcher;
        let counted = matcher.nth.is_none_or(|nth| self.met == nth)
            && self.met > matcher.skip
            && matcher.every.is_none_or(|every| every > 0 && self.met.is_multiple_of(every));
        if !counted || !matcher.probability.is_none_or(|share| self.random.random_bool(share.clamp(0.0, 1.0))) {
            return None;
        }
        self.injected += 1;
        Some(self.rule.fault.clone())
    }

    fn meets(&self, request: &Request, plane: Plane, tenant: Option<Uuid>, in_batch: bool) -> bool {
        let matcher = &self.rule.matcher;
        (matcher.plane == Plane::Any || matcher.plane == plane)
            && matcher.in_batch.is_none_or(|wanted| wanted == in_batch)
            && matcher.tenant.is_none_or(|wanted| tenant == Some(wanted))
            && matcher.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(request.method.as_str()))
            && self.path.as_ref().is_none_or(|path| path.is_match(&request.path))
            && self.query.as_ref().is_none_or(|query| query.is_match(&request.raw_query))
            && self.body.as_ref().is_none_or(|body| body.is_match(&String::from_utf8_lossy(&request.body)))
    }
}
