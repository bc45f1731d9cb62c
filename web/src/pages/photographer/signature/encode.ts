/* Encodes a signature as JPEG. */
import { PHOTO_BYTES_MAX } from "../picture/profiles";
import type { Picture } from "../picture/decode";
import type { Raster } from "./raster";

/**
 * JPEG qualities to try. Strokes on white do not look better at a higher quality. A lower quality is tried only if the file is too large.
 */
const QUALITIES = [0.92, 0.85, 0.7];

export function newCanvas(width: number, height: number): { canvas: HTMLCanvasElement; context: CanvasRenderingContext2D } {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { alpha: false });
  if (context === null) throw new Error("the canvas has no 2D context");
  return { canvas, context };
}

export function canvasOf({ width, height, data }: Raster): HTMLCanvasElement {
  const { canvas, context } = newCanvas(width, height);
  context.putImageData(new ImageData(new Uint8ClampedArray(data), width, height), 0, 0);
  return canvas;
}

export async function encodeSignature(canvas: HTMLCanvasElement): Promise<Picture> {
  for (const quality of QUALITIES) {
    const file = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (file !== null && file.size <= PHOTO_BYTES_MAX) return { file, width: canvas.width, height: canvas.height };
  }
  throw new Error("the signature cannot be encoded");
}
