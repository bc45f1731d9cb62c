//! Position of a face in a picture, and the crop that gives the head the size and position that a file profile requires.

use crate::{
    photo::{FileProfile, ImageKind},
    picture_rule::Limit,
};

/// Distance in pixels by which a crop may extend beyond the picture without being reported. The distance allows for rounding errors.
const TOLERANCE: f64 = 0.5;

/// A point, measured in pixels from the upper left corner of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

impl Point {
    pub fn middle(self, other: Self) -> Self {
        Self { x: f64::midpoint(self.x, other.x), y: f64::midpoint(self.y, other.y) }
    }

    pub fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// Returns the point that is `right` to the right of this one and `down` below it, along axes that are turned clockwise by `degrees`.
    pub fn offset(self, right: f64, down: f64, degrees: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Self { x: self.x + right * cos - down * sin, y: self.y + right * sin + down * cos }
    }

    /// Returns how far this point is to the right of `origin` and below it, along axes that are turned clockwise by `degrees`. The inverse
    /// of [`Point::offset`].
    pub fn distances_from(self, origin: Self, degrees: f64) -> (f64, f64) {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let (x, y) = (self.x - origin.x, self.y - origin.y);
        (x * cos + y * sin, y * cos - x * sin)
    }
}

/// The position of a face. Lengths and points are in pixels of the unrotated picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FacePosition {
    /// Width and height of the picture.
    pub picture: (u32, u32),
    /// The box around the face, from the forehead to the chin, with its sides parallel to those of the picture.
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    /// The middle of the eye that is on the left if the head is upright. It is the person's right eye.
    pub left_eye: Point,
    pub right_eye: Point,
    pub chin: Point,
    /// The top of the skull, estimated from the distance between eyes and chin. Hair can be higher.
    pub crown: Point,
    /// Angle of the line through the eyes in degrees, above -180 and up to 180. Clockwise angles are positive. The angle is near 90, 180 or
    /// -90 if the picture lies on its side or is upside down.
    pub roll: f64,
}

/// A side of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Above,
    Below,
    Left,
    Right,
}

impl Side {
    const CLOCKWISE: [Self; 4] = [Self::Above, Self::Right, Self::Below, Self::Left];
}

/// The part of a picture to use as a face photo: a rectangle that is turned around its own centre. Lengths and points are in pixels of the
/// unrotated picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Crop {
    pub centre: Point,
    pub width: f64,
    pub height: f64,
    /// Angle in degrees by which the picture must be turned so that the eyes are level. Clockwise angles are positive.
    pub rotation: f64,
    /// The sides on which the crop extends beyond the picture, as seen after the rotation.
    pub outside: Vec<Side>,
}

impl FacePosition {
    /// Returns a crop with level eyes. In the crop, the head's height, the height of the eyes and the middle of the face are each in the
    /// middle of the range that the profile allows.
    pub fn crop(&self, profile: FileProfile) -> Crop {
        let limits = profile.face_limits();
        let (proportion_width, proportion_height) = profile.frame(ImageKind::Face).proportion;
        let eyes = self.left_eye.middle(self.right_eye);
        let (_, head) = self.chin.distances_from(self.crown, self.roll);
        let height = head.max(1.0) / middle(limits.head_height);
        let width = height * f64::from(proportion_width) / f64::from(proportion_height);
        let right = (0.5 - middle(limits.face_centre)) * width;
        let down = (0.5 - middle(limits.eye_line)) * height;
        let centre = eyes.offset(right, down, self.roll);
        Crop { centre, width, height, rotation: -self.roll, outside: self.sides_outside(centre, width, height) }
    }

    /// Returns the sides on which a corner of the crop lies outside of the picture, as seen after the rotation.
    fn sides_outside(&self, centre: Point, width: f64, height: f64) -> Vec<Side> {
        let (picture_width, picture_height) = (f64::from(self.picture.0), f64::from(self.picture.1));
        let corners = [(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)].map(|(x, y)| centre.offset(x * width, y * height, self.roll));
        let beyond = |side: Side| {
            corners.iter().any(|corner| match side {
                Side::Above => corner.y < -TOLERANCE,
                Side::Right => corner.x > picture_width + TOLERANCE,
                Side::Below => corner.y > picture_height + TOLERANCE,
                Side::Left => corner.x < -TOLERANCE,
            })
        };
        let quarter_turns = (-self.roll / 90.0).round().rem_euclid(4.0) as usize;
        let turned = |at: usize| Side::CLOCKWISE[(at + quarter_turns) % 4];
        let found: Vec<Side> = (0..4).filter(|&at| beyond(Side::CLOCKWISE[at])).map(turned).collect();
        [Side::Above, Side::Below, Side::Left, Side::Right].into_iter().filter(|side| found.contains(side)).collect()
    }
}

/// Returns the middle of a range. If one end of the range is open, returns the other end.
fn middle(limit: Limit) -> f64 {
    let least = limit.least.or(limit.most).unwrap_or_default();
    let most = limit.most.unwrap_or(least);
    f64::midpoint(least, most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A picture of 4000 x 6000 pixels with a head that is 1000 pixels high and whose eyes are at (2000, 2500). The upright head is turned
    /// around the eyes by `roll` degrees.
    fn position(roll: f64) -> FacePosition {
        let eyes = Point { x: 2000.0, y: 2500.0 };
        let at = |right: f64, down: f64| eyes.offset(right, down, roll);
        FacePosition {
            picture: (4000, 6000),
            left: 1500.0,
            top: 2200.0,
            width: 700.0,
            height: 900.0,
            left_eye: at(-150.0, 0.0),
            right_eye: at(150.0, 0.0),
            chin: at(0.0, 500.0),
            crown: at(0.0, -500.0),
            roll,
        }
    }

    #[test]
    fn an_upright_head_is_cropped_around_its_eyes() {
        let crop = position(0.0).crop(FileProfile::Standard);
        assert!((crop.height - 1000.0 / 0.55).abs() < 1e-6 && (crop.width - crop.height * 2.0 / 3.0).abs() < 1e-6, "{crop:?}");
        assert!((crop.centre.x - 2000.0).abs() < 1e-6 && (crop.centre.y - (2500.0 + 0.075 * crop.height)).abs() < 1e-6, "{crop:?}");
        assert_eq!((crop.rotation, crop.outside), (0.0, vec![]));
    }

    #[test]
    fn the_sides_on_which_the_picture_is_too_small_are_reported_as_seen_after_the_rotation() {
        let close_to_the_upper_edge = |roll| {
            let mut face = position(roll);
            for point in [&mut face.left_eye, &mut face.right_eye, &mut face.chin, &mut face.crown] {
                point.y -= 2200.0;
            }
            face.crop(FileProfile::Standard).outside
        };
        assert_eq!(close_to_the_upper_edge(0.0), [Side::Above]);
        assert_eq!(close_to_the_upper_edge(10.0), [Side::Above]);
        // If the head is turned clockwise by a quarter turn, the upper edge of the picture is on the left of the head.
        assert_eq!(close_to_the_upper_edge(90.0), [Side::Left]);
        assert_eq!(close_to_the_upper_edge(180.0), [Side::Below]);
        assert_eq!(close_to_the_upper_edge(-90.0), [Side::Right]);
        let tight = FacePosition { picture: (2100, 3000), ..position(0.0) };
        assert_eq!(tight.crop(FileProfile::Standard).outside, [Side::Below, Side::Right]);
    }

    proptest! {
        #[test]
        fn head_eyes_and_centre_of_the_crop_meet_the_profiles_limits(
            (x, y) in (-500.0_f64..5000.0, -500.0_f64..5000.0),
            eyes_to_chin in 20.0_f64..2000.0,
            crown in 0.8_f64..1.3,
            eye_distance in 0.3_f64..0.8,
            roll in -180.0_f64..180.0,
            card: bool,
        ) {
            let profile = if card { FileProfile::IdentityCard } else { FileProfile::Standard };
            let eyes = Point { x, y };
            let at = |right: f64, down: f64| eyes.offset(right * eyes_to_chin, down * eyes_to_chin, roll);
            let face = FacePosition {
                left_eye: at(-eye_distance / 2.0, 0.0),
                right_eye: at(eye_distance / 2.0, 0.0),
                chin: at(0.02, 1.0),
                crown: at(-0.02, -crown),
                roll,
                ..position(0.0)
            };
            let crop = face.crop(profile);
            let corner = crop.centre.offset(-crop.width / 2.0, -crop.height / 2.0, -crop.rotation);
            let within = |point: Point| {
                let (right, down) = point.distances_from(corner, -crop.rotation);
                (right / crop.width, down / crop.height)
            };
            let (left_eye, right_eye, chin, crown) = (within(face.left_eye), within(face.right_eye), within(face.chin), within(face.crown));
            let limits = profile.face_limits();
            prop_assert!((left_eye.1 - right_eye.1).abs() < 1e-6, "the eyes are level");
            prop_assert!(left_eye.0 < right_eye.0);
            prop_assert!(limits.eye_line.allows(left_eye.1));
            prop_assert!(limits.head_height.allows(chin.1 - crown.1));
            prop_assert!(limits.face_centre.allows((left_eye.0 + right_eye.0) / 2.0));
            let (width, height) = profile.frame(ImageKind::Face).proportion;
            prop_assert!((crop.width / crop.height - f64::from(width) / f64::from(height)).abs() < 1e-9);
        }
    }
}
