//! From a tree to sets: the check of all addresses at once.
//!
//! Addresses walk the records in cohorts, each with the look-ups it has used so far, because the limits end the check
//! of some addresses and not of others. An opaque term leaves nothing certain behind it.

use super::super::{Limits, Verdict};
use super::cohort::{Ceiling, Cohort, Exit, merged, one_void_or_none};
use super::{Action, Asks, Bounds, Entry, Matches, Opaque, Published, Step, Tree, verdict_of};
use crate::allow::ip::IpSet;

/// The addresses of each result. The certain ones are disjoint, and so are all where every set is exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sets {
    /// May send.
    pub pass: Bounds,
    /// Nothing is said.
    pub neutral: Bounds,
    /// May probably not send.
    pub softfail: Bounds,
    /// May not send.
    pub fail: Bounds,
    /// The domain has no record: all addresses, or none.
    pub none: Bounds,
    /// DNS may fail for them.
    pub temperror: Bounds,
    /// Their check ends in an error.
    pub permerror: Bounds,
}

impl Sets {
    /// The addresses of a result. Nothing is undecided here: what is not known widens the other sets.
    pub fn of(&self, verdict: Verdict) -> Option<&Bounds> {
        Some(match verdict {
            Verdict::Pass => &self.pass,
            Verdict::Neutral => &self.neutral,
            Verdict::SoftFail => &self.softfail,
            Verdict::Fail => &self.fail,
            Verdict::None => &self.none,
            Verdict::TempError => &self.temperror,
            Verdict::PermError => &self.permerror,
            Verdict::Undecided => return None,
        })
    }
}

impl Tree {
    /// The addresses of each result, with the limits in force.
    pub fn sets(&self, limits: Limits) -> Sets {
        let walk = Walk::all(self, IpSet::all(), Ceiling::of(limits));
        let of = |verdict| {
            let exits = || walk.exits.iter().filter(move |exit| exit.verdict == verdict);
            Bounds {
                must: IpSet::union_all(exits().map(|exit| &exit.cohort.must)),
                may: IpSet::union_all(exits().map(|exit| &exit.cohort.may)),
            }
        };
        Sets {
            pass: of(Verdict::Pass),
            neutral: of(Verdict::Neutral),
            softfail: of(Verdict::SoftFail),
            fail: of(Verdict::Fail),
            none: of(Verdict::None),
            temperror: of(Verdict::TempError),
            permerror: of(Verdict::PermError),
        }
    }
}

/// A check of many addresses.
pub(super) struct Walk {
    ceiling: Ceiling,
    pub(super) exits: Vec<Exit>,
}

impl Walk {
    /// Checks all addresses of a set.
    pub(super) fn all(tree: &Tree, addresses: IpSet, ceiling: Ceiling) -> Self {
        let mut walk = Self {
            ceiling,
            exits: Vec::new(),
        };
        let cohort = Cohort {
            lookups: 0,
            voids: 0,
            must: addresses.clone(),
            may: addresses,
        };
        walk.tree(tree, vec![cohort]);
        walk
    }

    fn exit(&mut self, verdict: Verdict, cohort: Cohort) {
        if !cohort.may.is_empty() {
            self.exits.push(Exit { verdict, cohort });
        }
    }

    fn exit_all(&mut self, verdict: Verdict, cohorts: Vec<Cohort>) {
        for cohort in cohorts {
            self.exit(verdict, cohort);
        }
    }

    fn tree(&mut self, tree: &Tree, mut cohorts: Vec<Cohort>) {
        match &tree.published {
            Published::Nothing => return self.exit_all(Verdict::None, cohorts),
            Published::Several(_) => return self.exit_all(Verdict::PermError, cohorts),
            Published::Unanswered(_) => return self.anything(&cohorts),
            Published::Record(record) if !record.mistakes.is_empty() => {
                return self.exit_all(Verdict::PermError, cohorts);
            }
            Published::Record(_) => {}
        }
        for entry in &tree.entries {
            if entry.asks {
                cohorts = self.spend(cohorts);
            }
            cohorts = merged(self.entry(entry, cohorts));
        }
        self.exit_all(Verdict::Neutral, cohorts);
    }

    /// A term that asks DNS is begun; those over the limit end.
    fn spend(&mut self, cohorts: Vec<Cohort>) -> Vec<Cohort> {
        let mut rest = Vec::new();
        for mut cohort in cohorts {
            cohort.lookups += 1;
            if cohort.lookups > self.ceiling.lookups {
                self.exit(Verdict::PermError, cohort);
            } else {
                rest.push(cohort);
            }
        }
        rest
    }

    /// A term without answer is done: whether its addresses are still within the limit.
    fn spend_void(&mut self, cohort: &mut Cohort) -> bool {
        cohort.voids += 1;
        if cohort.voids > self.ceiling.voids {
            self.exit(Verdict::PermError, cohort.clone());
            return false;
        }
        true
    }

    /// Whatever an unknown record says, and however much it asks.
    fn anything(&mut self, cohorts: &[Cohort]) {
        for cohort in self.spread(cohorts) {
            for verdict in Verdict::ALL {
                if verdict != Verdict::Undecided {
                    self.exit(verdict, cohort.clone());
                }
            }
        }
    }

    /// Those whose questions go over the limit, sooner or later.
    fn exhaust(&mut self, cohort: &Cohort) {
        let lookups = self.ceiling.lookups.saturating_add(1);
        if lookups < u32::MAX {
            let over = Cohort {
                lookups,
                ..cohort.clone()
            };
            self.exit(Verdict::PermError, over);
        }
    }

    /// The cohorts after an unknown number of questions. Without a limit the fewest are counted.
    fn spread(&mut self, cohorts: &[Cohort]) -> Vec<Cohort> {
        let mut all = Vec::new();
        for cohort in cohorts {
            self.exhaust(&cohort.uncertain());
            let most = |now: u32, ceiling: u32| if ceiling == u32::MAX { now } else { ceiling.max(now) };
            for lookups in cohort.lookups..=most(cohort.lookups, self.ceiling.lookups) {
                for voids in cohort.voids..=most(cohort.voids, self.ceiling.voids) {
                    all.push(Cohort {
                        lookups,
                        voids,
                        ..cohort.uncertain()
                    });
                }
            }
        }
        all
    }

    /// The cohorts that go on behind a term.
    fn entry(&mut self, entry: &Entry, cohorts: Vec<Cohort>) -> Vec<Cohort> {
        let verdict = verdict_of(entry.action);
        match &entry.matches {
            Matches::Steps { v4, v6 } => {
                let mut rest = Vec::new();
                for cohort in cohorts {
                    rest.extend(self.steps(v4, verdict, &cohort.part(IpSet::v4_only)));
                    rest.extend(self.steps(v6, verdict, &cohort.part(IpSet::v6_only)));
                }
                rest
            }
            Matches::Child(child) => self.child(entry.action, child, cohorts),
            Matches::Loop(_) => {
                // Where terms without answer are met on the way round, the other limit ends it sooner.
                for cohort in &cohorts {
                    self.exhaust(cohort);
                }
                self.exit_all(Verdict::PermError, cohorts);
                Vec::new()
            }
            Matches::Hosts(_) => {
                self.exit_all(Verdict::PermError, cohorts);
                Vec::new()
            }
            Matches::Opaque(opaque) => self.opaque(entry.action, *opaque, &cohorts),
        }
    }

    /// Question by question: whoever matches leaves at once, and the questions behind are not asked for it.
    fn steps(&mut self, steps: &[Step], verdict: Verdict, cohort: &Cohort) -> Vec<Cohort> {
        // Those that met no void yet, and those that did.
        let mut states = vec![(false, cohort.clone())];
        for step in steps {
            let mut next = Vec::new();
            for (void, cohort) in states {
                match step {
                    Step::Match(set) => {
                        self.leave(verdict, void, cohort.part(|part| part.intersect(set)));
                        next.push((void, cohort.part(|part| part.minus(set))));
                    }
                    Step::Void => next.push((true, cohort)),
                    Step::Unanswered(_) => {
                        let cohort = cohort.uncertain();
                        self.exit(Verdict::TempError, cohort.clone());
                        self.leave(verdict, void, cohort.clone());
                        next.push((true, cohort.clone()));
                        next.push((void, cohort));
                    }
                }
            }
            states = next;
            states.retain(|(_, cohort)| !cohort.may.is_empty());
            // Two unanswered questions leave the same addresses in the same state twice.
            let mut seen = Vec::new();
            states.retain(|(void, cohort)| {
                let key = (*void, cohort.may.clone());
                let is_new = !cohort.must.is_empty() || !seen.contains(&key);
                seen.push(key);
                is_new
            });
        }
        let rest = states.into_iter().filter_map(|(void, mut cohort)| {
            let goes_on = !void || self.spend_void(&mut cohort);
            goes_on.then_some(cohort)
        });
        rest.collect()
    }

    fn leave(&mut self, verdict: Verdict, void: bool, mut cohort: Cohort) {
        if !void || self.spend_void(&mut cohort) {
            self.exit(verdict, cohort);
        }
    }

    fn child(&mut self, action: Action, child: &Tree, cohorts: Vec<Cohort>) -> Vec<Cohort> {
        let mut below = Self {
            ceiling: self.ceiling,
            exits: Vec::new(),
        };
        below.tree(child, cohorts);
        let mut rest = Vec::new();
        for Exit { verdict, cohort } in below.exits {
            match (verdict, action) {
                (Verdict::None, _) => self.exit(Verdict::PermError, cohort),
                (Verdict::TempError | Verdict::PermError | Verdict::Undecided, _) | (_, Action::Redirect) => {
                    self.exit(verdict, cohort);
                }
                (Verdict::Pass, Action::Directive(qualifier)) => self.exit(qualifier.verdict(), cohort),
                (Verdict::Fail | Verdict::SoftFail | Verdict::Neutral, Action::Directive(_)) => rest.push(cohort),
            }
        }
        rest
    }

    fn opaque(&mut self, action: Action, opaque: Opaque, cohorts: &[Cohort]) -> Vec<Cohort> {
        let is_record = matches!(opaque, Opaque::Macro(Asks::Record) | Opaque::Cut);
        let reached = if is_record {
            self.spread(cohorts)
        } else {
            one_void_or_none(cohorts)
        };
        let mut rest = Vec::new();
        for cohort in reached {
            if opaque != Opaque::Names {
                self.exit(Verdict::TempError, cohort.clone());
            }
            let is_void = cohort.voids > self.ceiling.voids;
            if is_void || is_record || opaque == Opaque::Macro(Asks::Hosts) {
                self.exit(Verdict::PermError, cohort.clone());
            }
            if !is_void {
                rest.push(cohort);
            }
        }
        match action {
            Action::Directive(qualifier) => {
                self.exit_all(qualifier.verdict(), rest.clone());
                rest
            }
            Action::Redirect => {
                for verdict in [Verdict::Pass, Verdict::Neutral, Verdict::SoftFail, Verdict::Fail] {
                    self.exit_all(verdict, rest.clone());
                }
                Vec::new()
            }
        }
    }
}
