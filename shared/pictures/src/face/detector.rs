//! Finds candidates for faces in a square of a picture, with the detector BlazeFace (short range). The detector finds faces that are at
//! least about a tenth as large as the square.

use domain::face_position::Point;
use image::RgbImage;

use super::{
    networks::{self, DETECTOR_SIDE},
    sampling::{Outside, Square},
};

/// The minimum score of a candidate. Many patterns reach it, so the score of the landmarks decides whether a candidate is a face.
const SCORE_MIN: f64 = 0.5;
/// Two boxes belong to the same face if the ratio of their intersection to their union is above this number.
const OVERLAP_MAX: f64 = 0.3;
/// Maximum number of candidates for which the second network locates landmarks. This takes about 15 ms for each candidate, and a pattern
/// can have hundreds of candidates.
const CANDIDATES_MAX: usize = 10;
/// How many numbers the detector returns for each anchor: the box's centre, width and height, and six points, of which the eyes are the
/// first two.
const NUMBERS: usize = 16;
/// The grids of anchors: the number of cells in a row, and the number of anchors in a cell.
const GRIDS: [(usize, usize); 2] = [(16, 2), (8, 6)];
/// Ratio of the side of the square for the landmarks to the longer side of the detector's box.
const LANDMARKS_SQUARE: f64 = 1.5;

/// A candidate for a face.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) score: f64,
    /// Width of the face in pixels.
    pub(super) width: f64,
    /// The square around the face in which the landmarks are located. Its upper side is parallel to the line through the eyes.
    pub(super) square: Square,
}

/// The detector's score of a box, and the box in fractions of the searched square.
#[derive(Debug, Clone, Copy)]
struct Found {
    score: f64,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    eyes: [(f64, f64); 2],
}

impl Found {
    fn intersection_over_union(&self, other: &Self) -> f64 {
        let shared = |one: f64, one_length: f64, two: f64, two_length: f64| {
            ((one + one_length / 2.0).min(two + two_length / 2.0) - (one - one_length / 2.0).max(two - two_length / 2.0)).max(0.0)
        };
        let intersection = shared(self.x, self.width, other.x, other.width) * shared(self.y, self.height, other.y, other.height);
        let union = self.width * self.height + other.width * other.height - intersection;
        if union > 0.0 { intersection / union } else { 0.0 }
    }
}

/// Returns the candidates with the best scores, the widest first.
pub(super) fn detect(picture: &RgbImage, searched: Square) -> Vec<Candidate> {
    let pixels = searched.read(picture, DETECTOR_SIDE, Outside::Black).into_iter().map(|level| level / 127.5 - 1.0).collect();
    let Some([boxes, scores]) = networks::detector(pixels) else { return Vec::new() };
    let mut candidates: Vec<_> = merge(decode(&boxes, &scores)).into_iter().map(|found| candidate(&found, searched)).collect();
    candidates.sort_by(|one, other| other.score.total_cmp(&one.score));
    candidates.truncate(CANDIDATES_MAX);
    candidates.sort_by(|one, other| other.width.total_cmp(&one.width));
    candidates
}

fn decode(boxes: &[f32], scores: &[f32]) -> Vec<Found> {
    let anchors = GRIDS.into_iter().flat_map(|(cells, anchors)| {
        let middle = move |cell: usize| (cell as f64 + 0.5) / cells as f64;
        (0..cells * cells * anchors).map(move |at| (middle(at / anchors % cells), middle(at / anchors / cells)))
    });
    let found = anchors.zip(boxes.chunks_exact(NUMBERS)).zip(scores).filter_map(|(((x, y), numbers), &logit)| {
        let score = 1.0 / (1.0 + (-f64::from(logit)).exp());
        let number = |at: usize| f64::from(numbers[at]) / DETECTOR_SIDE as f64;
        (score >= SCORE_MIN).then(|| Found {
            score,
            x: x + number(0),
            y: y + number(1),
            width: number(2),
            height: number(3),
            eyes: [(x + number(4), y + number(5)), (x + number(6), y + number(7))],
        })
    });
    found.collect()
}

/// Merges overlapping boxes into their mean, weighted by their scores.
fn merge(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by(|one, other| other.score.total_cmp(&one.score));
    let mut merged = Vec::new();
    while let Some(best) = found.first().copied() {
        let (same, others): (Vec<Found>, Vec<Found>) =
            found.iter().skip(1).copied().partition(|other| best.intersection_over_union(other) > OVERLAP_MAX);
        let total = best.score + same.iter().map(|one| one.score).sum::<f64>();
        let mean = |value: fn(&Found) -> f64| std::iter::once(&best).chain(&same).map(|one| one.score * value(one)).sum::<f64>() / total;
        merged.push(Found {
            score: best.score,
            x: mean(|one| one.x),
            y: mean(|one| one.y),
            width: mean(|one| one.width),
            height: mean(|one| one.height),
            eyes: [(mean(|one| one.eyes[0].0), mean(|one| one.eyes[0].1)), (mean(|one| one.eyes[1].0), mean(|one| one.eyes[1].1))],
        });
        found = others;
    }
    merged
}

fn candidate(found: &Found, searched: Square) -> Candidate {
    let [left, right]: [Point; 2] = found.eyes.map(|(x, y)| searched.at(x, y));
    let square = Square {
        centre: searched.at(found.x, found.y),
        side: (found.width.max(found.height) * searched.side * LANDMARKS_SQUARE).max(1.0),
        degrees: (right.y - left.y).atan2(right.x - left.x).to_degrees(),
    };
    Candidate { score: found.score, width: found.width * searched.side, square }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(score: f64, x: f64, width: f64) -> Found {
        Found { score, x, y: 0.5, width, height: width, eyes: [(x - 0.1, 0.4), (x + 0.1, 0.4)] }
    }

    #[test]
    fn overlapping_boxes_are_merged_and_separate_ones_are_not() {
        let merged = merge(vec![found(0.5, 0.30, 0.2), found(0.9, 0.32, 0.2), found(0.8, 0.7, 0.2)]);
        assert_eq!(merged.len(), 2);
        assert!((merged[0].x - (0.5 * 0.30 + 0.9 * 0.32) / 1.4).abs() < 1e-9, "{merged:?}");
        assert!((merged[1].x - 0.7).abs() < 1e-9, "{merged:?}");
    }

    #[test]
    fn the_square_for_landmarks_is_turned_to_the_eyes() {
        let searched = Square { centre: Point { x: 100.0, y: 100.0 }, side: 200.0, degrees: 90.0 };
        let candidate = candidate(&found(0.9, 0.5, 0.2), searched);
        assert!((candidate.width - 40.0).abs() < 1e-9 && (candidate.square.side - 60.0).abs() < 1e-9);
        assert!((candidate.square.degrees - 90.0).abs() < 1e-9 && candidate.square.centre.distance(searched.centre) < 1e-9);
    }
}
