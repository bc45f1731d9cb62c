/*
 * Reads QR codes with the browser's own detector. If the detector fails or finds nothing, uses zxing as WebAssembly from our own origin.
 * The browser's detector is fast, but on some devices it supports no QR codes, always fails, or never finds anything.
 */
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";

type Detector = { detect: (source: ImageBitmapSource) => Promise<readonly { rawValue: string }[]> };
export type DetectorClass = { new (options: { formats: string[] }): Detector; getSupportedFormats: () => Promise<readonly string[]> };

/** Returns the texts of all QR codes in an image. */
export type Reader = (image: ImageData) => Promise<readonly string[]>;
export type Readers = { native: DetectorClass | undefined; loadZxing: () => Promise<Reader> };

/** Maximum time for one call of the browser's detector, in milliseconds. */
const NATIVE_TIMEOUT_MS = 2_000;
/**
 * If zxing could not be loaded, the reader tries to load it again after `IMAGES_BEFORE_RETRY` consecutive images in which the browser's
 * detector found nothing.
 */
const IMAGES_BEFORE_RETRY = 40;

/**
 * Creates a reader. `patience` is the number of consecutive images in which the browser's detector may find nothing before zxing also reads
 * the images. This gives the camera time to see the code before zxing is downloaded.
 */
export function createReader(patience: number, { native, loadZxing }: Readers = browserReaders()): Reader {
  let nativeReader: Promise<Reader | undefined> | undefined;
  let isNativeReliable = true;
  let emptyInARow = 0;

  async function readNatively(image: ImageData): Promise<readonly string[]> {
    if (!isNativeReliable) return [];
    try {
      const read = await (nativeReader ??= openNative(native));
      if (read !== undefined) return await withTimeout(read(image));
    } catch {
      // The browser's detector failed. It is not used again, and zxing reads this image and all later ones.
    }
    isNativeReliable = false;
    return [];
  }

  return async (image) => {
    const texts = await readNatively(image);
    if (texts.length > 0) {
      emptyInARow = 0;
      return texts;
    }
    emptyInARow += 1;
    if (isNativeReliable && emptyInARow <= patience) return [];
    let read: Reader;
    try {
      read = await loadZxing();
    } catch (error) {
      if (!isNativeReliable) throw error;
      emptyInARow = patience - IMAGES_BEFORE_RETRY;
      return [];
    }
    const found = await read(image);
    if (found.length > 0) isNativeReliable = false;
    return found;
  };
}

function browserReaders(): Readers {
  return { native: (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector, loadZxing };
}

async function openNative(native: DetectorClass | undefined): Promise<Reader | undefined> {
  if (native === undefined || !(await withTimeout(native.getSupportedFormats())).includes("qr_code")) return undefined;
  const detector = new native({ formats: ["qr_code"] });
  // Some detectors locate a code that they cannot decode, and return an empty text for it.
  return async (image) => (await detector.detect(image)).map(({ rawValue }) => rawValue).filter((text) => text !== "");
}

let zxing: Promise<Reader> | undefined;

function loadZxing(): Promise<Reader> {
  zxing ??= prepareZxing().catch((error: unknown) => {
    // Allows another attempt to load zxing.
    zxing = undefined;
    throw error;
  });
  return zxing;
}

async function prepareZxing(): Promise<Reader> {
  await prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
  return async (image) => (await readBarcodes(image, { formats: ["QRCode"], maxNumberOfSymbols: 4 })).map(({ text }) => text);
}

async function withTimeout<T>(result: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the browser's detector does not respond")), NATIVE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([result, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
