import { scanned } from "../code_number";
import { reader } from "./reader";

export type Found = { kind: "code"; code: string } | { kind: "foreign" } | { kind: "notFound" } | { kind: "unreadable" };

/** Sides at which a picture is looked at: small first, which is quick and often sharper. */
const SIDES = [1000, 2000];

/** The code number of the QR code in a picture file. */
export async function codeInPicture(file: Blob): Promise<Found> {
  const read = await reader();
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return { kind: "unreadable" };
  }
  try {
    let texts: readonly string[] = [];
    for (const side of SIDES) {
      texts = await read(pixels(picture, picture.width, picture.height, side));
      if (texts.length > 0) break;
    }
    return whatIsIn(texts) ?? { kind: "notFound" };
  } finally {
    picture.close();
  }
}

/** A code number among the texts seen, or that there is none of ours. */
export function whatIsIn(texts: readonly string[]): Extract<Found, { kind: "code" | "foreign" }> | undefined {
  for (const text of texts) {
    const code = scanned(text, location.origin);
    if (code !== undefined) return { kind: "code", code };
  }
  return texts.length > 0 ? { kind: "foreign" } : undefined;
}

export function pixels(source: CanvasImageSource, width: number, height: number, side: number): ImageData {
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  if (drawing === null) throw new Error("no canvas");
  // Transparent pictures lie on white.
  drawing.fillStyle = "#fff";
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.drawImage(source, 0, 0, canvas.width, canvas.height);
  return drawing.getImageData(0, 0, canvas.width, canvas.height);
}
