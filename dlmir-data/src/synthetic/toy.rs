//! Toy sets: points in the plane, two coordinates in about -1.5 to 1.5, for a first network whose
//! decision boundary can be drawn.
//!
//! Each takes the number of points, the standard deviation of the Gaussian noise on both coordinates,
//! and a seed; each returns points and classes. Classes alternate, so they are as equal as `n` allows.
//!
//! | set | classes | what it shows |
//! |---|---|---|
//! | [`blobs`] | 3 | three clouds: a linear classifier is enough |
//! | [`xor`] | 2 | four quadrants: the smallest problem that a linear classifier cannot solve |
//! | [`circles`] | 2 | a ring around a ring: solved by one good feature, the radius |
//! | [`two_moons`] | 2 | interleaved half-circles: needs a bent boundary |
//! | [`spiral`] | 2 | two arms, one and a half turns: needs depth, width and patience |
//!
//! The same seed gives the same places, whatever the noise:
//!
//! ```
//! use dlmir_data::synthetic::toy::circles;
//!
//! let ((places, classes), (noisy, _)) = (circles(1000, 0.0, 1), circles(1000, 0.1, 1));
//! let [x, y] = places[0];
//! assert!((x.hypot(y) - 0.5).abs() < 1e-6 && classes[0] == 0);
//!
//! let added = places.iter().zip(&noisy).flat_map(|(a, b)| [b[0] - a[0], b[1] - a[1]]);
//! let variance = added.map(|x| x * x).sum::<f32>() / 2000.0;
//! assert!((variance.sqrt() - 0.1).abs() < 0.01);
//! ```

use std::f32::consts::{PI, TAU};

use crate::rng::{Rng, stream};

/// Points and their classes.
pub type ToySet = (Vec<[f32; 2]>, Vec<usize>);

/// Three Gaussian clouds on a circle of radius 1. `noise` is the clouds' standard deviation.
pub fn blobs(n: usize, noise: f32, seed: u64) -> ToySet {
    make(n, 3, noise, seed, 0, |class, _| {
        let angle = TAU * class as f32 / 3.0 + PI / 2.0;
        [angle.cos(), angle.sin()]
    })
}

/// Points in the square [-1, 1] x [-1, 1], of class 1 where the coordinates' signs differ. The class
/// is decided before the noise is added.
pub fn xor(n: usize, noise: f32, seed: u64) -> ToySet {
    make(n, 2, noise, seed, 1, |class, rng| {
        let (x, y) = (rng.uniform(), rng.uniform());
        let side = if rng.chance(0.5) { 1.0 } else { -1.0 };
        [side * x, if class == 1 { -side * y } else { side * y }]
    })
}

/// Two circles around the origin, radius 0.5 (class 0) and 1 (class 1).
pub fn circles(n: usize, noise: f32, seed: u64) -> ToySet {
    make(n, 2, noise, seed, 2, |class, rng| {
        let angle = TAU * rng.uniform();
        let radius = if class == 0 { 0.5 } else { 1.0 };
        [radius * angle.cos(), radius * angle.sin()]
    })
}

/// Two half-circles of radius 1, each with one end inside the other.
pub fn two_moons(n: usize, noise: f32, seed: u64) -> ToySet {
    make(n, 2, noise, seed, 3, |class, rng| {
        let angle = PI * rng.uniform();
        let (x, y) = (angle.cos() - 0.5, angle.sin() - 0.25);
        if class == 0 { [x, y] } else { [-x, -y] }
    })
}

/// Two arms that wind one and a half times around the origin, half a turn apart.
pub fn spiral(n: usize, noise: f32, seed: u64) -> ToySet {
    make(n, 2, noise, seed, 4, |class, rng| {
        // The square root spreads the points evenly along the arm, whose length grows with its radius.
        let radius = 0.1 + 0.9 * rng.uniform().sqrt();
        let angle = 1.5 * TAU * radius + PI * class as f32;
        [radius * angle.cos(), radius * angle.sin()]
    })
}

fn make(
    n: usize,
    classes: usize,
    noise: f32,
    seed: u64,
    set: u64,
    place: impl Fn(usize, &mut Rng) -> [f32; 2],
) -> ToySet {
    let point = |i: usize| {
        let mut rng = Rng::at(seed, set, i as u64, stream::TOY);
        let [x, y] = place(i % classes, &mut rng);
        [x + noise * rng.normal(), y + noise * rng.normal()]
    };
    ((0..n).map(point).collect(), (0..n).map(|i| i % classes).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Maker = fn(usize, f32, u64) -> ToySet;

    const SETS: [(Maker, usize); 5] =
        [(blobs, 3), (xor, 2), (circles, 2), (two_moons, 2), (spiral, 2)];

    #[test]
    fn sizes_classes_and_range_are_as_told() {
        for (set, classes) in SETS {
            let (points, labels) = set(300, 0.0, 1);
            assert_eq!((points.len(), labels.len()), (300, 300));
            for class in 0..classes {
                assert_eq!(labels.iter().filter(|&&l| l == class).count(), 300 / classes);
            }
            assert!(points.iter().flatten().all(|x| x.abs() <= 1.5));
        }
    }

    #[test]
    fn a_point_depends_on_its_number_and_the_seed_only() {
        for (set, _) in SETS {
            assert_eq!(set(10, 0.1, 1).0[..], set(20, 0.1, 1).0[..10]);
            assert_ne!(set(10, 0.1, 1).0, set(10, 0.1, 2).0);
        }
    }

    /// Without noise each set is told apart perfectly by its own rule.
    #[test]
    fn classes_are_where_they_should_be() {
        let (points, labels) = xor(200, 0.0, 3);
        assert!(points.iter().zip(&labels).all(|(p, &l)| (p[0] * p[1] < 0.0) == (l == 1)));
        let (points, labels) = circles(200, 0.0, 3);
        assert!(points.iter().zip(&labels).all(|(p, &l)| (p[0].hypot(p[1]) > 0.75) == (l == 1)));
        let (points, labels) = two_moons(200, 0.0, 3);
        let on_arc = |p: &[f32; 2], s: f32| ((s * p[0] + 0.5).hypot(s * p[1] + 0.25) - 1.0).abs();
        for (p, &l) in points.iter().zip(&labels) {
            assert!(on_arc(p, if l == 0 { 1.0 } else { -1.0 }) < 1e-5);
        }
    }

    /// The nearest neighbour decides rightly on a spiral: the arms do not touch.
    #[test]
    fn spiral_arms_are_apart() {
        let (points, labels) = spiral(400, 0.01, 5);
        for (i, p) in points.iter().enumerate() {
            let distance = |j: &usize| (points[*j][0] - p[0]).hypot(points[*j][1] - p[1]);
            let others = (0..points.len()).filter(|&j| j != i && p[0].hypot(p[1]) > 0.3);
            if let Some(near) = others.min_by(|a, b| distance(a).total_cmp(&distance(b))) {
                assert_eq!(labels[near], labels[i]);
            }
        }
    }
}
