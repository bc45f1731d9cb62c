import { createReader } from "./reader";
import type { OtherFinding } from "./scan_session";
import { recognizeTexts, type Finding } from "./scanned_text";

export type PictureResult = Finding | { kind: "nothing" } | { kind: "unreadable" };
export type PictureError = OtherFinding | { kind: "nothing" } | { kind: "unreadable" };

/**
 * Longest sides, in pixels, to which the page scales a picture for reading. The small size comes first, because it is faster and often
 * easier to read.
 */
const SCANNED_SIDES = [1000, 2000];

/** Finds the code number of a QR code in a picture file. */
export async function codeInPicture(file: Blob): Promise<PictureResult> {
  const read = createReader(0);
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return { kind: "unreadable" };
  }
  try {
    for (const side of SCANNED_SIDES) {
      const finding = recognizeTexts(await read(scaledPixels(picture, picture.width, picture.height, side)), location.origin);
      if (finding !== undefined) return finding;
    }
    return { kind: "nothing" };
  } finally {
    picture.close();
  }
}

export function scaledPixels(source: CanvasImageSource, width: number, height: number, side: number): ImageData {
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("the canvas has no 2D context");
  // Draws transparent pictures on white.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
