//! The pixels that the positions of a value see along one axis, position by position.
//!
//! Behind values that were enlarged, neighbouring positions see parts of different size: of `upsample 2` two positions
//! see the same pixel, and a 3x3 window over them sees two or three. A [`Band`] holds the first and the last pixel
//! for each position of one period; all others follow, because after a period everything repeats, moved by a fixed
//! distance. The input goes on beyond its borders: padding counts as seen.

use std::sync::Arc;

use crate::ops::Reach;

use super::super::fraction::Fraction;
use super::taps;
use crate::tensor::gcd;

/// Longer periods are replaced by bounds.
const MAX_PERIOD: u128 = 1024;
/// Periods of a single operator up to this length are examined position by position.
const MAX_OPERATOR_PERIOD: u128 = 1 << 16;

/// The first and the last pixel that a position sees, in parts of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    first: i128,
    last: i128,
}

impl Span {
    fn join(a: Option<Span>, b: Option<Span>) -> Option<Span> {
        match (a, b) {
            (Some(a), Some(b)) => Some(Span { first: a.first.min(b.first), last: a.last.max(b.last) }),
            (one, None) | (None, one) => one,
        }
    }

    fn moved(self, distance: i128) -> Option<Span> {
        Some(Span { first: self.first.checked_add(distance)?, last: self.last.checked_add(distance)? })
    }

    fn scaled(self, factor: i128) -> Option<Span> {
        Some(Span { first: self.first.checked_mul(factor)?, last: self.last.checked_mul(factor)? })
    }
}

/// The inputs that the positions of a value see over paths with one stride. Numbers beyond 128 bits give `None`.
#[derive(Clone, Debug)]
pub(super) struct Band {
    /// The number of parts of a pixel: 1, unless a long period was replaced by bounds.
    unit: i128,
    /// The number of parts by which the spans move within a period.
    advance: i128,
    /// The spans of one period; `None` for a position that sees nothing.
    spans: Arc<[Option<Span>]>,
}

impl Band {
    /// Every position sees its own pixel.
    pub(super) fn identity() -> Band {
        Band { unit: 1, advance: 1, spans: Arc::new([Some(Span { first: 0, last: 0 })]) }
    }

    fn period(&self) -> i128 {
        self.spans.len() as i128
    }

    /// The number of pixels by which the span moves from one position to the next.
    fn rate(&self) -> Option<Fraction> {
        Fraction::new(self.advance, self.period().checked_mul(self.unit)?)
    }

    fn at(&self, position: i128) -> Option<Option<Span>> {
        let distance = position.div_euclid(self.period()).checked_mul(self.advance)?;
        match self.spans[position.rem_euclid(self.period()) as usize] {
            None => Some(None),
            Some(span) => span.moved(distance).map(Some),
        }
    }

    /// The inputs that the outputs of an operator see.
    pub(super) fn through(&self, reach: Reach) -> Option<Band> {
        let (outputs, inputs) = taps::period(reach);
        if outputs > MAX_OPERATOR_PERIOD {
            return None;
        }
        let own = self.spans.len() as u128;
        let turns = own / gcd(own, inputs);
        if turns > 1 && outputs.checked_mul(turns)? > MAX_PERIOD {
            return self.bounded()?.through(reach);
        }
        let period = i128::try_from(outputs.checked_mul(turns)?).ok()?;
        let inputs = i128::try_from(inputs.checked_mul(turns)?).ok()?;
        let spans: Option<Vec<Option<Span>>> = (0..period).map(|index| self.seen_by(reach, index)).collect();
        let band = Band {
            unit: self.unit,
            advance: (inputs / self.period()).checked_mul(self.advance)?,
            spans: spans?.into(),
        };
        if band.spans.len() as u128 > MAX_PERIOD { band.bounded() } else { Some(band) }
    }

    /// The first pixel is the least over the taps. Taps a period apart see the same, moved, so the first ones
    /// of each residue are enough; likewise for the last pixel.
    fn seen_by(&self, reach: Reach, index: i128) -> Option<Option<Span>> {
        let taps = taps::taps(reach, index)?;
        let residues = self.period() / gcd(self.period() as u128, taps.step as u128) as i128;
        let mut seen = None;
        for tap in 0..residues.min(taps.count) {
            let from_start = self.at(taps.first.checked_add(tap.checked_mul(taps.step)?)?)?;
            let from_end = (taps.count - 1 - tap).checked_mul(taps.step)?;
            let from_end = self.at(taps.first.checked_add(from_end)?)?;
            seen = Span::join(seen, Span::join(from_start, from_end));
        }
        Some(seen)
    }

    /// A period of one position whose span holds that of each position: never too small.
    fn bounded(&self) -> Option<Band> {
        let period = self.period();
        let mut hull = None;
        for (position, span) in (0i128..).zip(self.spans.iter()) {
            let Some(span) = span else { continue };
            let own = span.scaled(period)?.moved(position.checked_mul(self.advance)?.checked_neg()?)?;
            hull = Span::join(hull, Some(own));
        }
        Some(Band { unit: self.unit.checked_mul(period)?, advance: self.advance, spans: Arc::new([hull]) })
    }

    fn in_parts_of(&self, unit: i128) -> Option<Band> {
        let factor = unit / self.unit;
        if factor == 1 {
            return Some(self.clone());
        }
        let spans: Option<Vec<Option<Span>>> = self
            .spans
            .iter()
            .map(|span| match span {
                None => Some(None),
                Some(span) => span.scaled(factor).map(Some),
            })
            .collect();
        Some(Band { unit, advance: self.advance.checked_mul(factor)?, spans: spans?.into() })
    }

    /// Both together; they move at one rate.
    fn join(&self, other: &Band) -> Option<Band> {
        let (bands, period) = with_short_period(&[self.clone(), other.clone()])?;
        let [a, b] = &bands[..] else { return None };
        let spans: Option<Vec<Option<Span>>> =
            (0..period).map(|position| Some(Span::join(a.at(position)?, b.at(position)?))).collect();
        let advance = a.advance.checked_mul(period / a.period())?;
        Some(Band { unit: a.unit, advance, spans: spans?.into() })
    }
}

/// The bands in parts of one size, and a period of all of them that is not longer than [`MAX_PERIOD`].
fn with_short_period(bands: &[Band]) -> Option<(Vec<Band>, i128)> {
    let common = |bands: &[Band], of: fn(&Band) -> i128| {
        bands.iter().try_fold(1i128, |common, band| {
            let shared = gcd(common.unsigned_abs(), of(band).unsigned_abs()) as i128;
            common.checked_mul(of(band) / shared)
        })
    };
    let mut bands = bands.to_vec();
    if common(&bands, Band::period)? as u128 > MAX_PERIOD {
        bands = bands.iter().map(Band::bounded).collect::<Option<_>>()?;
    }
    let (period, unit) = (common(&bands, Band::period)?, common(&bands, |band| band.unit)?);
    let bands: Option<Vec<Band>> = bands.iter().map(|band| band.in_parts_of(unit)).collect();
    Some((bands?, period))
}

/// The inputs that the positions of a value see over all paths: a band for each rate.
pub(super) type Bands = Vec<Band>;

/// Paths of more rates than this are not told apart.
const MAX_RATES: usize = 8;

/// Paths that meet.
pub(super) fn join(a: &[Band], b: &[Band]) -> Option<Bands> {
    let mut joined = a.to_vec();
    for band in b {
        let rate = band.rate()?;
        match joined.iter().position(|one| one.rate() == Some(rate)) {
            Some(index) => joined[index] = joined[index].join(band)?,
            None => joined.push(band.clone()),
        }
    }
    (joined.len() <= MAX_RATES).then_some(joined)
}

/// The least and the greatest number of pixels from the first to the last that one of the positions sees.
///
/// For bands of one rate the positions of one period are examined, as far as the value has them. For bands of several
/// rates, those of the first and of the last period: along positions a period apart the extent is convex, so that
/// nowhere between it exceeds both ends.
pub(super) fn sizes(bands: &[Band], positions: u64) -> Option<(u128, u128)> {
    let (bands, period) = with_short_period(bands)?;
    let positions = i128::from(positions.max(1));
    let head = period.min(positions);
    let tail = if bands.len() > 1 { (positions - period).max(head)..positions } else { 0..0 };
    let (mut least, mut greatest) = (u128::MAX, 0);
    for position in (0..head).chain(tail) {
        let mut seen = None;
        for band in &bands {
            seen = Span::join(seen, band.at(position)?);
        }
        let size = match seen {
            None => 0,
            Some(span) => u128::try_from(span.last.checked_sub(span.first)? / bands[0].unit + 1).ok()?,
        };
        (least, greatest) = (least.min(size), greatest.max(size));
    }
    Some((least, greatest))
}
