//! Gates: how much a metric may grow or shrink from one version to the next.

use crate::analysis::{Metric, Unit};
use crate::base::{did_you_mean, meant, quantity};

use super::view::{Broken, NetworkDiff};

/// A change that is too large: `params>+2%`, `macs>+10M`, `depth<-0`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    metric: Metric,
    grows: bool,
    /// The amount as a fraction.
    amount: (i128, u128),
    percent: bool,
    written: String,
}

impl Gate {
    /// Reads a gate.
    ///
    /// # Errors
    ///
    /// The mistake, and a help.
    pub fn parse(text: &str) -> Result<Gate, (String, String)> {
        let form = || "write a metric, a sign and an amount: `params>+2%`, `macs>+10M`".to_owned();
        let compact: String = text.split_whitespace().collect();
        let wrong = || (format!("`{text}` is no gate"), form());
        let at = compact.find(['>', '<']).ok_or_else(wrong)?;
        let (word, rest) = compact.split_at(at);
        let (grows, rest) = match (rest.strip_prefix(">+"), rest.strip_prefix("<-")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(wrong()),
        };
        let known: Vec<&str> =
            Metric::ALL.into_iter().filter(|metric| metric.unit() != Unit::Shape).map(Metric::name).collect();
        let metric = Metric::parse(word).filter(|metric| metric.unit() != Unit::Shape).ok_or_else(|| {
            let help = did_you_mean(word, known.iter().copied()).map(meant);
            let help = help.unwrap_or_else(|| format!("the metrics are {}", known.join(", ")));
            (format!("there is no metric `{word}` for a gate"), help)
        })?;
        let (number, percent) = match rest.strip_suffix('%') {
            Some(number) => (number, true),
            None => (rest, false),
        };
        let amount = quantity::parse(number).ok_or_else(wrong)?;
        Ok(Gate { metric, grows, amount, percent, written: text.to_owned() })
    }

    /// The change that goes beyond the gate, if it does.
    pub fn check(&self, diff: &NetworkDiff) -> Option<Broken> {
        let figure = diff.total(self.metric)?;
        let (less, more) = if self.grows { (figure.old, figure.new) } else { (figure.new, figure.old) };
        let change = more.checked_sub(less).filter(|&change| change > 0)?;
        let limit = self.amount.0.unsigned_abs();
        // change > amount, and change / old > amount / 100, without division.
        let beyond = if self.percent {
            let scaled = change.checked_mul(100)?.checked_mul(self.amount.1)?;
            limit.checked_mul(figure.old).is_some_and(|allowed| scaled > allowed)
        } else {
            change.checked_mul(self.amount.1)? > limit
        };
        beyond.then(|| Broken {
            network: diff.network.clone(),
            gate: self.written.clone(),
            metric: self.metric,
            old: figure.old,
            new: figure.new,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::view::{FigureChange, ShapesView};

    fn broken(gate: &str, old: u128, new: u128) -> bool {
        let shapes = ShapesView { inputs: Vec::new(), out: None };
        let figure = FigureChange { metric: Metric::Params, old, new, change: 0, percent: None };
        let diff = NetworkDiff {
            file: String::new(),
            network: String::new(),
            changed: true,
            old_shapes: shapes.clone(),
            new_shapes: shapes,
            totals: vec![figure],
            edits: Vec::new(),
            together: Vec::new(),
            layers: Vec::new(),
            renumbered: 0,
            receptive_only: 0,
        };
        Gate::parse(gate).unwrap().check(&diff).is_some()
    }

    #[test]
    fn amounts_and_shares_are_exact() {
        assert!(!broken("params>+2%", 1000, 1020));
        assert!(broken("params>+2%", 1000, 1021));
        assert!(broken("params > +1.5 %", 1000, 1016));
        assert!(!broken("params>+10K", 0, 10_000));
        assert!(broken("params>+10K", 0, 10_001));
        assert!(broken("params>+5%", 0, 1), "any growth from nothing is beyond every share");
        assert!(broken("params<-0", 10, 9) && !broken("params<-0", 9, 10));
        assert!(!broken("params>+0", 10, 9));
    }

    #[test]
    fn slips_are_explained() {
        assert_eq!(Gate::parse("parms>+2%").unwrap_err().1, "did you mean `params`?");
        for wrong in ["params", "params>2%", "params>+", "params>+2Q", "out>+1"] {
            assert!(Gate::parse(wrong).is_err(), "{wrong}");
        }
    }
}
