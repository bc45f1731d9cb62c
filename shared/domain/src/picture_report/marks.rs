//! Points and areas of a face, which can be drawn on the picture.

use crate::{face_position::Point, picture_rule::Rule};

/// A point, measured from the picture's upper left corner, in fractions of the picture's width and height. Estimated
/// points can lie outside of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub x: f64,
    pub y: f64,
}

impl Place {
    /// Converts a point in pixels of a picture of this size.
    pub fn of(point: Point, (width, height): (u32, u32)) -> Self {
        Self { x: point.x / f64::from(width.max(1)), y: point.y / f64::from(height.max(1)) }
    }
}

/// The corners of an area in which a rule was measured. A rule can have several areas.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    pub rule: Rule,
    pub points: Vec<Place>,
}

/// The points and areas of the largest face.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    /// The eye on the left side of the picture, which is the person's right eye.
    pub left_eye: Place,
    pub right_eye: Place,
    pub chin: Place,
    /// The top of the skull, estimated from the distance between eyes and chin. Hair can be higher.
    pub crown: Place,
    pub zones: Vec<Zone>,
}
