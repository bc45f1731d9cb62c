/* Reads QR codes with the browser's own detector, or with zxing as WebAssembly from our own origin. */
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";

type Detector = { detect: (source: ImageBitmapSource) => Promise<readonly { rawValue: string }[]> };
type DetectorClass = { new (options: { formats: string[] }): Detector; getSupportedFormats: () => Promise<string[]> };

/** Returns the texts of all QR codes in an image. */
export type Reader = (image: ImageData) => Promise<readonly string[]>;

let cachedReader: Promise<Reader> | undefined;

export function reader(): Promise<Reader> {
  cachedReader ??= createReader().catch((error: unknown) => {
    // Allows another attempt to load it.
    cachedReader = undefined;
    throw error;
  });
  return cachedReader;
}

async function createReader(): Promise<Reader> {
  return (await nativeReader()) ?? (await zxingReader());
}

async function nativeReader(): Promise<Reader | undefined> {
  const { BarcodeDetector } = globalThis as { BarcodeDetector?: DetectorClass };
  try {
    if (BarcodeDetector === undefined || !(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) return undefined;
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (image) => (await detector.detect(image)).map(({ rawValue }) => rawValue);
  } catch {
    return undefined;
  }
}

async function zxingReader(): Promise<Reader> {
  await prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
  return async (image) => (await readBarcodes(image, { formats: ["QRCode"], maxNumberOfSymbols: 4 })).map(({ text }) => text);
}
