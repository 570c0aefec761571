//! Whether one message did better than another: rates with their intervals, the difference, and one honest sentence.
//!
//! Wilson's score interval for a rate and Newcombe's hybrid of two of them for a difference (Newcombe, "Interval estimation for the
//! difference between independent proportions: comparison of eleven methods", Statistics in Medicine 17, 1998, method 10) hold for small
//! groups and for rates near nought, where the textbook's interval does not. Left out: counting, and looking again and again: who looks every
//! day and stops at the first "sure" is wrong more often than the percentage says. Invariant: nothing is called better whose interval holds
//! nought.

use serde::Serialize;

/// The 0.975 quantile of the normal distribution: 95 % lie within it on both sides.
const Z: f64 = 1.959_963_984_540_054;
/// In a group of fewer people nothing is said.
pub const LEAST_PEOPLE: u64 = 30;

/// People, and how many of them did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Group {
    /// How many.
    pub people: u64,
    /// How many of them did it.
    pub did: u64,
}

/// From where to where something lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What can be said of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Too few people to say anything.
    TooEarly,
    /// The interval holds nought.
    Equal,
    /// The rate is higher.
    More,
    /// The rate is lower.
    Less,
}

/// One group against another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Uplift {
    /// Difference of the rates: 0.021 is 2.1 points more.
    pub points: f64,
    /// Where the true difference lies.
    pub interval: Interval,
    /// How sure it is that the first group's rate is the higher one, 0.001..=0.999.
    pub sure: f64,
    /// What follows.
    pub verdict: Verdict,
    /// The same in one sentence.
    pub sentence: String,
}

impl Group {
    /// `people`, of whom `did` did it; never more than there are.
    pub fn new(people: u64, did: u64) -> Self {
        Self {
            people,
            did: did.min(people),
        }
    }

    /// The rate; `None` without people.
    pub fn rate(self) -> Option<f64> {
        (self.people > 0).then(|| self.did as f64 / self.people as f64)
    }

    /// Wilson's score interval of the rate, without correction for continuity; `None` without people.
    pub fn interval(self) -> Option<Interval> {
        let rate = self.rate()?;
        let n = self.people as f64;
        let middle = rate + Z * Z / (2.0 * n);
        let half = Z * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        // At the ends the formula comes out as nought and one but for the rounding.
        Some(Interval {
            low: if self.did == 0 {
                0.0
            } else {
                (middle - half) / scale
            },
            high: if self.did == self.people {
                1.0
            } else {
                (middle + half) / scale
            },
        })
    }
}

/// Newcombe's hybrid score interval for the rate of `ours` less the rate of `base`; `None` where one has no people.
pub fn difference(ours: Group, base: Group) -> Option<Interval> {
    let (p1, p2) = (ours.rate()?, base.rate()?);
    let (first, second) = (ours.interval()?, base.interval()?);
    let points = p1 - p2;
    Some(Interval {
        low: points - (p1 - first.low).hypot(second.high - p2),
        high: points + (first.high - p1).hypot(p2 - second.low),
    })
}

/// How sure it is that `ours` has the higher rate, by the normal approximation with one who did and one who did not added to each group, so
/// that a group in which nobody did it has a spread, too (Agresti and Caffo, The American Statistician 54, 2000). Good to about a percentage
/// point from [`LEAST_PEOPLE`] on; never told as certain: 0.001..=0.999.
pub fn sure(ours: Group, base: Group) -> f64 {
    let part = |group: Group| {
        let n = group.people as f64 + 2.0;
        let rate = (group.did as f64 + 1.0) / n;
        (rate, rate * (1.0 - rate) / n)
    };
    let ((p1, v1), (p2, v2)) = (part(ours), part(base));
    normal((p1 - p2) / (v1 + v2).sqrt()).clamp(0.001, 0.999)
}

/// `ours` against `base`, with their names; `did` is the verb in the third person, such as `converts`. `None` where one has no people.
pub fn compare((name, ours): (&str, Group), (base_name, base): (&str, Group), did: &str) -> Option<Uplift> {
    let points = ours.rate()? - base.rate()?;
    let interval = difference(ours, base)?;
    let sure = sure(ours, base);
    let fewest = ours.people.min(base.people);
    let verdict = if fewest < LEAST_PEOPLE {
        Verdict::TooEarly
    } else if interval.low > 0.0 {
        Verdict::More
    } else if interval.high < 0.0 {
        Verdict::Less
    } else {
        Verdict::Equal
    };
    let sentence = if verdict == Verdict::TooEarly {
        let who = if ours.people <= base.people {
            name
        } else {
            base_name
        };
        let people = if fewest == 1 { "person" } else { "people" };
        format!("Too early: {who} has {fewest} {people}.")
    } else if verdict != Verdict::Equal {
        let (more, low, high) = if verdict == Verdict::More {
            ("more", interval.low, interval.high)
        } else {
            ("less", -interval.high, -interval.low)
        };
        format!(
            "{name} {did} {} points {more} than {base_name}, between {} and {}.",
            in_points(points.abs()),
            in_points(low),
            in_points(high)
        )
    } else {
        format!(
            "{name} against {base_name}: the difference lies between {} and {} points. Treat them as equal.",
            in_points(interval.low),
            in_points(interval.high)
        )
    };
    Some(Uplift {
        points,
        interval,
        sure,
        verdict,
        sentence,
    })
}

/// A share as percentage points: `2.1`, below one `0.42`, with a true minus.
pub fn in_points(share: f64) -> String {
    let points = share * 100.0;
    let text = if points.abs() < 0.995 {
        format!("{:.2}", points.abs())
    } else {
        format!("{:.1}", points.abs())
    };
    // What rounds to nought has no sign.
    if points < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        format!("−{text}")
    } else {
        text
    }
}

/// The distribution function of the normal distribution, by the rational approximation 26.2.17 of Abramowitz and Stegun (error below 7.5e-8).
fn normal(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let sum = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ]
    .iter()
    .rev()
    .fold(0.0, |sum, factor| (sum + factor) * t);
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let tail = density * sum;
    if z >= 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(interval: Option<Interval>, low: f64, high: f64) {
        let found = interval.expect("there are people");
        assert!(
            (found.low - low).abs() < 5.1e-5 && (found.high - high).abs() < 5.1e-5,
            "{found:?} is not {low} to {high}"
        );
    }

    /// Newcombe, "Two-sided confidence intervals for the single proportion: comparison of seven methods", Statistics in Medicine 17, 1998,
    /// table I, method 3.
    #[test]
    fn wilson_as_published() {
        near(Group::new(263, 81).interval(), 0.2553, 0.3662);
        near(Group::new(148, 15).interval(), 0.0624, 0.1605);
        near(Group::new(20, 0).interval(), 0.0, 0.1611);
        near(Group::new(29, 1).interval(), 0.0061, 0.1718);
        assert_eq!(Group::default().interval(), None);
        assert_eq!(Group::new(5, 9).rate(), Some(1.0));
    }

    /// Newcombe, the paper named at the head, table II, method 10.
    #[test]
    fn newcombe_as_published() {
        for ((x1, n1), (x2, n2), low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((6, 7), (2, 7), 0.0582, 0.8062),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((0, 10), (0, 10), -0.2775, 0.2775),
            ((10, 10), (0, 20), 0.6791, 1.0),
            ((10, 10), (0, 10), 0.6075, 1.0),
        ] {
            near(difference(Group::new(n1, x1), Group::new(n2, x2)), low, high);
        }
    }

    #[test]
    fn the_normal_distribution() {
        for (z, share) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.0, 0.158_655_3), (Z, 0.975)] {
            assert!((normal(z) - share).abs() < 1e-7, "{z}");
        }
        let group = Group::new(1000, 50);
        assert!((sure(group, group) - 0.5).abs() < 1e-6);
        assert!(sure(Group::new(1000, 80), group) > 0.99);
        assert!((sure(Group::new(100_000, 90_000), group) - 0.999).abs() < f64::EPSILON);
    }

    #[test]
    fn the_sentence_is_honest() {
        let say = |ours, base| {
            compare(("B", ours), ("A", base), "converts")
                .expect("there are people")
                .sentence
        };
        assert_eq!(
            say(Group::new(4000, 240), Group::new(4000, 160)),
            "B converts 2.0 points more than A, between 1.0 and 3.0."
        );
        assert_eq!(
            say(Group::new(4000, 160), Group::new(4000, 240)),
            "B converts 2.0 points less than A, between 1.0 and 3.0."
        );
        assert!(
            say(Group::new(4000, 165), Group::new(4000, 160)).ends_with("Treat them as equal."),
            "an interval that holds nought says nothing"
        );
        assert_eq!(
            say(Group::new(12, 12), Group::new(4000, 160)),
            "Too early: B has 12 people."
        );
        assert_eq!(
            say(Group::new(4000, 1), Group::new(1, 1)),
            "Too early: A has 1 person."
        );
        assert_eq!(
            compare(("B", Group::default()), ("A", Group::new(9, 1)), "converts"),
            None
        );
        assert_eq!(
            (in_points(-0.0012), in_points(0.021), in_points(-0.00001)),
            ("−0.12".to_owned(), "2.1".to_owned(), "0.00".to_owned())
        );
    }
}
