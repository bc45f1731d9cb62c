/* From a file to pixels, upright whatever its EXIF says, and from pixels to a JPEG. */
import { leastShrink, outputSize, transform, type Crop } from "./crop";
import { isReady, readHeader } from "./jpeg";
import { MAX_BYTES, type Frame, type Size } from "./profiles";
import { best } from "./search";

/** What is shown while cropping: large pictures are not moved about as a whole. */
const SHOWN_EDGE = 1600;

/** Before the frame header there may be a thumbnail, a colour profile, notes of the camera's maker. */
const HEADER_WITHIN = 1_000_000;

/** Why a file cannot be used. */
export class Unreadable extends Error {
  constructor(readonly why: "heic" | "unreadable") {
    super(why);
  }
}

type Pixels = ImageBitmap | HTMLImageElement;

export type Opened = {
  readonly file: File;
  readonly size: Size;
  /** A smaller copy to show while cropping. */
  readonly shown: ImageBitmap | HTMLCanvasElement;
  readonly header: ReturnType<typeof readHeader>;
};

export async function open(file: File): Promise<Opened> {
  const start = new Uint8Array(await file.slice(0, HEADER_WITHIN).arrayBuffer());
  const header = readHeader(start);
  const pixels = await decode(file, start);
  try {
    const size = sizeOf(pixels);
    return { file, size, shown: await smaller(pixels, size), header };
  } finally {
    release(pixels);
  }
}

/** Whether the file may go as it is, if nothing is changed. */
export function isReadyAsItIs(frame: Frame, opened: Opened): boolean {
  return isReady(frame, opened.file.size, opened.header);
}

async function decode(file: File, bytes: Uint8Array): Promise<Pixels> {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    // Some browsers know formats here (HEIC in Safari) that they do not know there.
  }
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image;
  } catch {
    throw new Unreadable(isHeic(file, bytes) ? "heic" : "unreadable");
  } finally {
    URL.revokeObjectURL(url);
  }
}

export function isHeic(file: { readonly name: string; readonly type: string }, bytes: Uint8Array): boolean {
  const brand = String.fromCharCode(...bytes.subarray(4, 12));
  return /^ftyp(hei|hev|mif1|msf1)/.test(brand) || /hei[cf]/.test(file.type) || /\.hei[cf]$/i.test(file.name);
}

function sizeOf(pixels: Pixels): Size {
  return pixels instanceof HTMLImageElement ? { width: pixels.naturalWidth, height: pixels.naturalHeight } : { width: pixels.width, height: pixels.height };
}

async function smaller(pixels: Pixels, { width, height }: Size): Promise<ImageBitmap | HTMLCanvasElement> {
  const scale = Math.min(1, SHOWN_EDGE / Math.max(width, height));
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

/** The part that was chosen, at its own resolution, as the best JPEG of at most MAX_BYTES. */
export async function cut(frame: Frame, file: File, crop: Crop): Promise<Picture> {
  const pixels = await decode(file, new Uint8Array());
  try {
    const drawn = new Map<number, Canvas>();
    const made = await best(
      async (quality, shrunk) => {
        let canvas = drawn.get(shrunk);
        if (canvas === undefined) {
          drawn.clear();
          canvas = draw(pixels, frame, crop, shrunk);
          drawn.set(shrunk, canvas);
        }
        const blob = await jpegOf(canvas, quality / 100);
        return { file: { file: blob, width: canvas.width, height: canvas.height }, bytes: blob.size };
      },
      MAX_BYTES,
      leastShrink(frame, crop),
    );
    if (made === undefined) throw new Unreadable("unreadable");
    return made;
  } finally {
    release(pixels);
  }
}

type Canvas = OffscreenCanvas | HTMLCanvasElement;

/** Some telephones hold no canvas as large as their own camera's pictures, and draw nothing without a word: then half of it is enough. */
function draw(pixels: Pixels, frame: Frame, crop: Crop, shrunk: number): Canvas {
  const size = outputSize(frame, crop, shrunk);
  const canvas = typeof OffscreenCanvas === "undefined" ? Object.assign(document.createElement("canvas"), size) : new OffscreenCanvas(size.width, size.height);
  const drawing = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  if (drawing === null || !works(drawing, size)) {
    if (shrunk / 2 < leastShrink(frame, crop)) throw new Unreadable("unreadable");
    return draw(pixels, frame, crop, shrunk / 2);
  }
  drawing.imageSmoothingEnabled = true;
  drawing.imageSmoothingQuality = "high";
  // What is transparent is paper.
  drawing.fillStyle = "#fff";
  drawing.fillRect(0, 0, size.width, size.height);
  drawing.setTransform(...transform(crop, size.width / crop.width, { x: size.width / 2, y: size.height / 2 }));
  drawing.drawImage(pixels, 0, 0);
  return canvas;
}

function works(drawing: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D, { width, height }: Size): boolean {
  try {
    drawing.fillStyle = "#fff";
    drawing.fillRect(width - 1, height - 1, 1, 1);
    return drawing.getImageData(width - 1, height - 1, 1, 1).data[0] === 255;
  } catch {
    return false;
  }
}

async function jpegOf(canvas: Canvas, quality: number): Promise<Blob> {
  if ("convertToBlob" in canvas) return canvas.convertToBlob({ type: "image/jpeg", quality });
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob === null ? reject(new Unreadable("unreadable")) : resolve(blob)), "image/jpeg", quality);
  });
}
