/* Decodes files to upright pixels, whatever their EXIF orientation, and encodes crops as JPEG. */
import { minScale, outputSize, transform, type Crop } from "./crop";
import { meetsFileRules, readHeader } from "./jpeg";
import { PHOTO_BYTES_MAX, type Frame, type Size } from "./profiles";
import { encodeWithinLimit } from "./quality_search";

/** Longest side of the preview for cropping, in pixels. Moving a full-size picture would be slow. */
const PREVIEW_EDGE_MAX = 1600;

/** How many bytes to read for the JPEG header. A thumbnail, a colour profile and maker notes may precede the frame header. */
const HEADER_BYTES_MAX = 1_000_000;

/** The file cannot be decoded. */
export class UnreadableFile extends Error {
  constructor(readonly reason: "heic" | "unreadable") {
    super(reason);
  }
}

type Pixels = ImageBitmap | HTMLImageElement;

export type OpenedPicture = {
  readonly file: File;
  readonly size: Size;
  /** A smaller copy for cropping. */
  readonly preview: ImageBitmap | HTMLCanvasElement;
  readonly header: ReturnType<typeof readHeader>;
};

export async function openPicture(file: File): Promise<OpenedPicture> {
  const start = new Uint8Array(await file.slice(0, HEADER_BYTES_MAX).arrayBuffer());
  const header = readHeader(start);
  const pixels = await decode(file, start);
  try {
    const size = sizeOf(pixels);
    return { file, size, preview: await downscale(pixels, size), header };
  } finally {
    release(pixels);
  }
}

/** Returns whether the file can be uploaded unchanged if the user does not edit the crop. */
export function canSendUnchanged(frame: Frame, opened: OpenedPicture): boolean {
  return meetsFileRules(frame, opened.file.size, opened.header);
}

async function decode(file: File, bytes: Uint8Array): Promise<Pixels> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    // Some browsers decode more formats through an image element (Safari: HEIC).
  }
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  } catch {
    throw new UnreadableFile(isHeic(file, bytes) ? "heic" : "unreadable");
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Returns upright pixels of the file, or of a part of it, scaled so that the longer side has at most `maxEdge` pixels. */
export async function readPixels(file: File, maxEdge: number, part?: Size & { readonly x: number; readonly y: number }): Promise<ImageData> {
  const pixels = await decode(file, new Uint8Array());
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

/** Crops the picture at its own resolution. Returns the JPEG of the highest quality within PHOTO_BYTES_MAX. */
export async function cropToJpeg(frame: Frame, file: File, crop: Crop): Promise<Picture> {
  const pixels = await decode(file, new Uint8Array());
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
 * Draws the crop. Some telephones have no canvas as large as their own camera's pictures and silently draw nothing. Then half the size is
 * tried.
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
