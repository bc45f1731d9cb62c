//! Locates the 478 points of MediaPipe's face mesh.

use domain::face_position::Point;
use image::RgbImage;

use super::{
    detector::Candidate,
    networks::{self, LANDMARKS_SIDE},
    sampling::{Outside, Square},
};

// Indices of landmarks. "Left" and "right" are sides of the picture.
pub(super) const LEFT_EYE_CORNERS: (usize, usize) = (33, 133);
pub(super) const RIGHT_EYE_CORNERS: (usize, usize) = (362, 263);
pub(super) const CHIN: usize = 152;
/// The middle of the face's upper edge, at the hairline.
const FOREHEAD: usize = 10;
/// The oval around the face, clockwise from the forehead.
const OVAL: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132,
    93, 234, 127, 162, 21, 54, 103, 67, 109,
];

/// The minimum score of a face. Of 168 pictures without a face, two have a candidate with at least this score (docs/pictures.md).
const SCORE_MIN: f64 = 0.5;
/// Height of the skull above the eyes, relative to the distance between eyes and chin. The height including hair was 1.06 on average in the
/// pictures that we measured.
const CROWN: f64 = 1.0;

/// The landmarks of a face: their coordinates in pixels of the picture, to the right, down, and away from the camera.
#[derive(Debug, Clone)]
pub(super) struct Landmarks(Vec<[f64; 3]>);

impl Landmarks {
    /// Returns the landmarks of a candidate, or `None` if it is not a face.
    pub(super) fn find(picture: &RgbImage, candidate: &Candidate) -> Option<Self> {
        Self::within(picture, candidate.square)
    }

    /// Locates the landmarks again, in a square that is calculated from the current landmarks. The new landmarks are more exact if the
    /// first square was a poor fit.
    pub(super) fn refined(self, picture: &RgbImage) -> Self {
        // For a portrait, this square has the same size and vertical position as the detector's square.
        let centre = self.eyes().offset(0.0, self.eyes_to_chin() * 0.2, self.eye_angle());
        let square = Square { centre, side: self.eyes_to_chin() * 2.5, degrees: self.eye_angle() };
        Self::within(picture, square).unwrap_or(self)
    }

    fn within(picture: &RgbImage, square: Square) -> Option<Self> {
        let pixels = square.read(picture, LANDMARKS_SIDE, Outside::NearestPixel).into_iter().map(|level| level / 255.0).collect();
        let [numbers, score] = networks::landmarks(pixels)?;
        let score = 1.0 / (1.0 + (-f64::from(*score.first()?)).exp());
        let side = LANDMARKS_SIDE as f64;
        let points = numbers.chunks_exact(3).map(|point| {
            let at = square.at(f64::from(point[0]) / side, f64::from(point[1]) / side);
            [at.x, at.y, f64::from(point[2]) / side * square.side]
        });
        (score >= SCORE_MIN).then(|| Self(points.collect()))
    }

    #[cfg(test)]
    pub(super) const fn from_points(points: Vec<[f64; 3]>) -> Self {
        Self(points)
    }

    pub(super) fn coordinates(&self, number: usize) -> [f64; 3] {
        self.0.get(number).copied().unwrap_or_default()
    }

    pub(super) fn point(&self, number: usize) -> Point {
        let [x, y, _] = self.coordinates(number);
        Point { x, y }
    }

    pub(super) fn distance(&self, one: usize, other: usize) -> f64 {
        self.point(one).distance(self.point(other))
    }

    fn between(&self, (one, other): (usize, usize)) -> Point {
        self.point(one).middle(self.point(other))
    }

    pub(super) fn left_eye(&self) -> Point {
        self.between(LEFT_EYE_CORNERS)
    }

    pub(super) fn right_eye(&self) -> Point {
        self.between(RIGHT_EYE_CORNERS)
    }

    /// Returns the point halfway between the eyes.
    pub(super) fn eyes(&self) -> Point {
        self.left_eye().middle(self.right_eye())
    }

    pub(super) fn eye_distance(&self) -> f64 {
        self.left_eye().distance(self.right_eye())
    }

    pub(super) fn chin(&self) -> Point {
        self.point(CHIN)
    }

    pub(super) fn eyes_to_chin(&self) -> f64 {
        self.eyes().distance(self.chin())
    }

    pub(super) fn forehead(&self) -> Point {
        self.point(FOREHEAD)
    }

    /// Returns the top of the skull.
    pub(super) fn crown(&self) -> Point {
        let (eyes, chin) = (self.eyes(), self.chin());
        Point { x: eyes.x + (eyes.x - chin.x) * CROWN, y: eyes.y + (eyes.y - chin.y) * CROWN }
    }

    /// Returns the angle of the line through the eyes, in degrees. Positive if the line is turned clockwise.
    pub(super) fn eye_angle(&self) -> f64 {
        let (left, right) = (self.left_eye(), self.right_eye());
        (right.y - left.y).atan2(right.x - left.x).to_degrees()
    }

    /// Returns the outer corners of the eyes, points on the cheeks, the corners of the mouth, and the chin.
    pub(super) fn features(&self) -> [Point; 7] {
        [LEFT_EYE_CORNERS.0, RIGHT_EYE_CORNERS.1, 50, 280, 61, 291, CHIN].map(|number| self.point(number))
    }

    fn oval(&self) -> Vec<Point> {
        OVAL.map(|number| self.point(number)).to_vec()
    }

    /// Returns the smallest box around the face: left, top, right and bottom.
    pub(super) fn bounds(&self) -> (f64, f64, f64, f64) {
        self.oval().into_iter().fold((f64::MAX, f64::MAX, f64::MIN, f64::MIN), |(left, top, right, bottom), point| {
            (left.min(point.x), top.min(point.y), right.max(point.x), bottom.max(point.y))
        })
    }
}
