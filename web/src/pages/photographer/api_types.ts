/* Types of the API's requests and responses about the position of the face in a picture, and about issuing a code without a face. */
import type { Schemas } from "../../api/client";
import type { Profile } from "./picture/profiles";

/** A position in fractions of the picture's width and height, from its upper left corner. */
export type Point = { readonly x: number; readonly y: number };
export type Side = "above" | "below" | "left" | "right";

/**
 * The best position of the crop frame for a profile, such as `identity_card`. Width and height are fractions of the picture's width and
 * height. The crop step rotates the picture clockwise by `rotation` degrees. `outside` lists the sides on which the frame extends beyond
 * the picture. The sides are named as seen when the head is upright.
 */
export type FaceCrop = { readonly profile: Profile; readonly centre: Point; readonly width: number; readonly height: number; readonly rotation: number; readonly outside: readonly Side[] };

export type Face = { readonly left_eye: Point; readonly right_eye: Point; readonly chin: Point; readonly crown: Point; readonly roll: number };

/** The response of `locate_face`. `face` is absent, and `crops` is empty, if no face was found. */
export type FaceLocation = { readonly face?: Face; readonly crops: readonly FaceCrop[] };

/** Points and zones that the picture check has measured. `left_eye` is the eye on the left side of the picture. */
export type Marks = { readonly left_eye: Point; readonly right_eye: Point; readonly chin: Point; readonly crown: Point; readonly zones: readonly { readonly rule: string; readonly points: readonly Point[] }[] };

export type Finding = Omit<Schemas["PictureFinding"], "severity"> & { readonly severity: "error" | "warning" | "hint" };
export type ImageReport = Omit<Schemas["ImageReport"], "findings"> & { readonly findings: readonly Finding[]; readonly marks?: Marks };
export type PictureReport = Omit<Schemas["PictureReport"], "images"> & { readonly images: readonly ImageReport[]; readonly may_issue_without_face?: boolean };

export const WITHOUT_FACE_REASONS = ["face_not_recognised", "face_covered_for_medical_reasons", "religious_head_covering", "other"] as const;
export type WithoutFaceReason = (typeof WITHOUT_FACE_REASONS)[number];
export type WithoutFace = { readonly reason: WithoutFaceReason; readonly text?: string };
export const WITHOUT_FACE_TEXT_MAX = 200;
