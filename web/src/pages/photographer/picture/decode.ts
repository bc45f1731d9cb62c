/* Decodes files to upright pixels according to their EXIF orientation, and encodes crops as JPEG. */
import { minScale, outputSize, transform, type Crop } from "./crop";
import { meetsFileRules } from "./file_rules";
import type { Inspection } from "./inspect";
import { inspectFile } from "./inspect_file";
import { PHOTO_BYTES_MAX, type Frame, type Size } from "./profiles";
import { encodeWithinLimit } from "./quality_search";

/** Longest side of the preview for cropping, in pixels. Moving a full-size picture would be slow. */
const PREVIEW_EDGE_MAX = 1600;

/** Number of bytes at the beginning of a file that contain the name of its format. */
const BRAND_BYTES = 12;

/** Thrown if the browser cannot read or decode the file, or can decode only a part of it. */
export class UnreadableFile extends Error {
  constructor(readonly reason: "heic" | "incomplete" | "unreadable") {
    super(reason);
  }
}

type Pixels = ImageBitmap | HTMLImageElement;

export type OpenedPicture = {
  readonly file: File;
  readonly size: Size;
  /** A smaller copy of the picture for cropping. */
  readonly preview: ImageBitmap | HTMLCanvasElement;
  readonly inspection: Inspection;
};

/** Opens a file. Throws `UnreadableFile` if the file cannot be decoded or is incomplete. */
export async function openPicture(file: File): Promise<OpenedPicture> {
  const inspection = await inspectFile(file).catch((error: unknown) => {
    // The file cannot be read any more, for example because the memory card was removed from the computer.
    throw error instanceof DOMException ? new UnreadableFile("incomplete") : error;
  });
  if (inspection.completeness === "incomplete") throw new UnreadableFile("incomplete");
  const pixels = await decode(file, inspection);
  try {
    const size = sizeOf(pixels);
    return { file, size, preview: await downscale(pixels, size), inspection };
  } finally {
    release(pixels);
  }
}

/** Returns whether the file can be uploaded unchanged if the user does not edit the crop. */
export function canSendUnchanged(frame: Frame, opened: OpenedPicture): boolean {
  return meetsFileRules(frame, opened.file.size, opened.inspection.jpeg);
}

async function decode(file: File, inspection: Inspection): Promise<Pixels> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    if (!mayUseImageElement(inspection)) throw new UnreadableFile("unreadable");
  }
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  } catch {
    const start = new Uint8Array(await file.slice(0, BRAND_BYTES).arrayBuffer());
    throw new UnreadableFile(isHeic(file, start) ? "heic" : "unreadable");
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * Returns whether an image element may decode a file that `createImageBitmap` rejects. An image element also shows incomplete pictures. So
 * it is used only for complete JPEGs, and for formats that some browsers decode in no other way (Safari: HEIC).
 */
function mayUseImageElement({ format, completeness }: Inspection): boolean {
  return format === "jpeg" ? completeness === "complete" : format === "boxes" || format === "unknown";
}

/** Returns upright pixels of the file, or of a part of it, scaled so that the longer side has at most `maxEdge` pixels. */
export async function readPixels({ file, inspection }: OpenedPicture, maxEdge: number, part?: Size & { readonly x: number; readonly y: number }): Promise<ImageData> {
  const pixels = await decode(file, inspection);
  try {
    const { x, y, width, height } = part ?? { x: 0, y: 0, ...sizeOf(pixels) };
    const scale = Math.min(1, maxEdge / Math.max(width, height));
    const canvas = Object.assign(document.createElement("canvas"), { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) });
    const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    if (context === null) throw new UnreadableFile("unreadable");
    context.imageSmoothingQuality = "high";
    // Draws transparent pictures on white.
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(pixels, x, y, width, height, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  } finally {
    release(pixels);
  }
}

export function isHeic(file: { readonly name: string; readonly type: string }, bytes: Uint8Array): boolean {
  const brand = String.fromCharCode(...bytes.subarray(4, 12));
  return /^ftyp(hei|hev|mif1|msf1)/.test(brand) || /hei[cf]/.test(file.type) || /\.hei[cf]$/i.test(file.name);
}

function sizeOf(pixels: Pixels): Size {
  return pixels instanceof HTMLImageElement ? { width: pixels.naturalWidth, height: pixels.naturalHeight } : { width: pixels.width, height: pixels.height };
}

async function downscale(pixels: Pixels, { width, height }: Size): Promise<ImageBitmap | HTMLCanvasElement> {
  const scale = Math.min(1, PREVIEW_EDGE_MAX / Math.max(width, height));
  const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  try {
    return await createImageBitmap(pixels, { resizeWidth: size.width, resizeHeight: size.height, resizeQuality: "high" });
  } catch {
    const canvas = Object.assign(document.createElement("canvas"), size);
    canvas.getContext("2d")?.drawImage(pixels, 0, 0, size.width, size.height);
    return canvas;
  }
}

export function release(pixels: Pixels | HTMLCanvasElement): void {
  if ("close" in pixels) pixels.close();
}

export type Picture = Size & { readonly file: Blob };

/** Crops the picture at its own resolution. Returns a JPEG in sRGB with the highest quality that fits into PHOTO_BYTES_MAX. */
export async function cropToJpeg(frame: Frame, { file, inspection }: OpenedPicture, crop: Crop): Promise<Picture> {
  const pixels = await decode(file, inspection);
  try {
    const canvases = new Map<number, Canvas>();
    const jpeg = await encodeWithinLimit(
      async (quality, scale) => {
        let canvas = canvases.get(scale);
        if (canvas === undefined) {
          canvases.clear();
          canvas = draw(pixels, frame, crop, scale);
          canvases.set(scale, canvas);
        }
        const blob = await encodeJpeg(canvas, quality / 100);
        return { file: { file: blob, width: canvas.width, height: canvas.height }, bytes: blob.size };
      },
      PHOTO_BYTES_MAX,
      minScale(frame, crop),
    );
    if (jpeg === undefined) throw new UnreadableFile("unreadable");
    return jpeg;
  } finally {
    release(pixels);
  }
}

type Canvas = OffscreenCanvas | HTMLCanvasElement;

/**
 * Draws the crop. On some phones, the largest possible canvas is smaller than the pictures of the phone's own camera. The browser then
 * draws nothing and reports no error. In that case the function tries half the size.
 */
function draw(pixels: Pixels, frame: Frame, crop: Crop, scale: number): Canvas {
  const size = outputSize(frame, crop, scale);
  const canvas = typeof OffscreenCanvas === "undefined" ? Object.assign(document.createElement("canvas"), size) : new OffscreenCanvas(size.width, size.height);
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  if (context === null || !isCanvasUsable(context, size)) {
    if (scale / 2 < minScale(frame, crop)) throw new UnreadableFile("unreadable");
    return draw(pixels, frame, crop, scale / 2);
  }
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  // Draws transparent pictures on white.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, size.width, size.height);
  context.setTransform(...transform(crop, size.width / crop.width, { x: size.width / 2, y: size.height / 2 }));
  context.drawImage(pixels, 0, 0);
  return canvas;
}

function isCanvasUsable(context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D, { width, height }: Size): boolean {
  try {
    context.fillStyle = "#fff";
    context.fillRect(width - 1, height - 1, 1, 1);
    return context.getImageData(width - 1, height - 1, 1, 1).data[0] === 255;
  } catch {
    return false;
  }
}

async function encodeJpeg(canvas: Canvas, quality: number): Promise<Blob> {
  if ("convertToBlob" in canvas) return canvas.convertToBlob({ type: "image/jpeg", quality });
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new UnreadableFile("unreadable")) : resolve(blob)), "image/jpeg", quality);
  });
}
