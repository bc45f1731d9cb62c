/* Reads a JPEG header, to decide whether the file can be uploaded unchanged. */
import { PHOTO_BYTES_MAX, PHOTO_PIXELS_MAX, hasProportion, isLargeEnough, type Frame, type Size } from "./profiles";

export type Header = Size & { readonly orientation: number };

/** Returns undefined if the file is not a JPEG or has an unusual structure. Such a file is encoded again, which is always correct. */
export function readHeader(file: Uint8Array): Header | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  let orientation = 1;
  let at = 2;
  while (at + 4 <= file.length) {
    if (file[at] !== 0xff) return undefined;
    const marker = file[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (length < 2 || at + 2 + length > file.length) return undefined;
    // A frame header. DHT (c4), JPG (c8) and DAC (cc) are in the same range but are no frame headers.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return length < 8 ? undefined : { width: view.getUint16(at + 7), height: view.getUint16(at + 5), orientation };
    }
    if (marker === 0xe1) orientation = readExifOrientation(file.subarray(at + 4, at + 2 + length)) ?? orientation;
    // Image data before any frame header: not a valid JPEG.
    if (marker === 0xda) return undefined;
    at += 2 + length;
  }
  return undefined;
}

/** Reads the orientation from an APP1 segment with EXIF. Returns undefined if the segment has no EXIF or no orientation. */
function readExifOrientation(segment: Uint8Array): number | undefined {
  if (String.fromCharCode(...segment.subarray(0, 6)) !== "Exif\0\0") return undefined;
  const tiff = segment.subarray(6);
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  try {
    const little = view.getUint16(0) === 0x4949;
    const directory = view.getUint32(4, little);
    const entries = view.getUint16(directory, little);
    for (let entry = 0; entry < entries; entry += 1) {
      const at = directory + 2 + entry * 12;
      if (view.getUint16(at, little) === 0x0112) return view.getUint16(at + 8, little);
    }
  } catch {
    // The EXIF data are truncated. Other software may read another orientation from them, so the file must not be uploaded unchanged.
    return 0;
  }
  return undefined;
}

/** Returns whether the file follows every rule for files, so that it can be uploaded unchanged. */
export function meetsFileRules(frame: Frame, bytes: number, header: Header | undefined): boolean {
  return (
    header?.orientation === 1 && bytes <= PHOTO_BYTES_MAX && header.width * header.height <= PHOTO_PIXELS_MAX && isLargeEnough(frame, header) && hasProportion(frame, header)
  );
}
