import { codeFromScan } from "../code_number";
import { reader } from "./reader";

export type ScanResult = { kind: "code"; code: string } | { kind: "foreign" } | { kind: "notFound" } | { kind: "unreadable" };

/**
 * Longest sides, in pixels, to which a picture is scaled for reading. The small size comes first, because it is faster and often easier to
 * read.
 */
const SCANNED_SIDES = [1000, 2000];

/** Finds the code number in a picture file with a QR code. */
export async function codeInPicture(file: Blob): Promise<ScanResult> {
  const read = await reader();
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return { kind: "unreadable" };
  }
  try {
    let texts: readonly string[] = [];
    for (const side of SCANNED_SIDES) {
      texts = await read(scaledPixels(picture, picture.width, picture.height, side));
      if (texts.length > 0) break;
    }
    return findCode(texts) ?? { kind: "notFound" };
  } finally {
    picture.close();
  }
}

/** Returns the first code number among the texts, `foreign` if there are only other texts, and undefined if there are none. */
export function findCode(texts: readonly string[]): Extract<ScanResult, { kind: "code" | "foreign" }> | undefined {
  for (const text of texts) {
    const code = codeFromScan(text, location.origin);
    if (code !== undefined) return { kind: "code", code };
  }
  return texts.length > 0 ? { kind: "foreign" } : undefined;
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
