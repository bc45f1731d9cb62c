/*
 * Checks whether PNG, WebP, GIF, BMP, HEIC and AVIF files are complete. Reads only the structure of the files and does not decode image
 * data.
 */
import type { Completeness } from "./jpeg";

const text = (file: Uint8Array, at: number, length: number) => String.fromCharCode(...file.subarray(at, at + length));
const view = (file: Uint8Array) => new DataView(file.buffer, file.byteOffset, file.byteLength);

/** Minimum length of a picture file. Every shorter file is incomplete. */
const FILE_BYTES_MIN = 16;
/** Maximum length of `ftyp`, the first box of HEIC and AVIF files. This box is a short list of names. */
const FTYP_BYTES_MAX = 4096;

export type Format = "png" | "webp" | "gif" | "bmp" | "boxes" | "unknown";

/** Returns the format and whether the file is complete. The format `boxes` stands for HEIC and AVIF. */
export function inspectContainer(file: Uint8Array): { format: Format; completeness: Completeness } {
  // An interrupted copy often leaves a file of the right length that begins with zeros.
  if (file.length < FILE_BYTES_MIN || file.subarray(0, FILE_BYTES_MIN).every((byte) => byte === 0)) return { format: "unknown", completeness: "incomplete" };
  const format = formatOf(file);
  try {
    return { format, completeness: format === "unknown" ? "unknown" : CHECKS[format](file) ? "complete" : "incomplete" };
  } catch (error) {
    // The file's structure refers to bytes beyond the end of the file.
    if (error instanceof RangeError) return { format, completeness: "incomplete" };
    throw error;
  }
}

function formatOf(file: Uint8Array): Format {
  if (text(file, 0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (text(file, 0, 4) === "RIFF" && text(file, 8, 4) === "WEBP") return "webp";
  if (/^GIF8[79]a$/.test(text(file, 0, 6))) return "gif";
  if (text(file, 0, 2) === "BM" && view(file).getUint32(6, true) === 0) return "bmp";
  return text(file, 4, 4) === "ftyp" && view(file).getUint32(0) <= FTYP_BYTES_MAX ? "boxes" : "unknown";
}

const CHECKS: Readonly<Record<Exclude<Format, "unknown">, (file: Uint8Array) => boolean>> = { png: isCompletePng, webp: isCompleteRiff, gif: isCompleteGif, bmp: isCompleteBmp, boxes: isCompleteBoxes };

/** A PNG file is a series of chunks, each with a checksum. The last chunk is IEND. */
function isCompletePng(file: Uint8Array): boolean {
  const data = view(file);
  for (let at = 8; ; ) {
    const length = data.getUint32(at);
    const type = text(file, at + 4, 4);
    const checksum = data.getUint32(at + 8 + length);
    if (checksum !== crc32(file.subarray(at + 4, at + 8 + length))) return false;
    if (type === "IEND") return true;
    at += 12 + length;
  }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ (CRC_TABLE[(value ^ byte) & 0xff] ?? 0);
  return (value ^ 0xffffffff) >>> 0;
}

/** A RIFF file is a series of chunks of even length. The header of the file contains their total length. */
function isCompleteRiff(file: Uint8Array): boolean {
  const data = view(file);
  const end = 8 + data.getUint32(4, true);
  let [at, hasImage] = [12, false];
  // Some encoders omit the last padding byte.
  while (at + 8 <= end && at + 8 <= file.length) {
    const type = text(file, at, 4);
    if (!/^[\x20-\x7e]{4}$/.test(type)) return false;
    if (type === "VP8 " || type === "VP8L" || type === "ANMF") hasImage = true;
    const length = data.getUint32(at + 4, true);
    if (at + 8 + length > file.length) return false;
    at += 8 + length + (length % 2);
  }
  return hasImage && at >= end - 1 && file.length >= end - 1;
}

/** A GIF file is a series of blocks, which consist of sub-blocks. The last block is the trailer. */
function isCompleteGif(file: Uint8Array): boolean {
  const data = view(file);
  const skipTable = (flags: number) => ((flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1));
  const skipSubBlocks = (from: number) => {
    let at = from;
    while (data.getUint8(at) !== 0) at += data.getUint8(at) + 1;
    return at + 1;
  };
  for (let at = 13 + skipTable(data.getUint8(10)); ; ) {
    const introducer = data.getUint8(at);
    if (introducer === 0x3b) return true;
    if (introducer === 0x21) at = skipSubBlocks(at + 2);
    else if (introducer === 0x2c) at = skipSubBlocks(at + 11 + skipTable(data.getUint8(at + 9)));
    else return false;
  }
}

function isCompleteBmp(file: Uint8Array): boolean {
  const data = view(file);
  const pixels = data.getUint32(10, true);
  const [headerSize, width, height, bits, compression] = [data.getUint32(14, true), data.getInt32(18, true), Math.abs(data.getInt32(22, true)), data.getUint16(28, true), data.getUint32(30, true)];
  if (headerSize < 40 || (compression !== 0 && compression !== 3)) return file.length >= data.getUint32(2, true);
  return file.length >= pixels + Math.ceil((width * bits) / 32) * 4 * height;
}

/** A HEIC or AVIF file is a series of boxes that fill the file. The box `mdat` contains the image data. */
function isCompleteBoxes(file: Uint8Array): boolean {
  const data = view(file);
  let [at, hasData] = [0, false];
  while (at < file.length) {
    const type = text(file, at + 4, 4);
    if (!/^[\x20-\x7e\xa9]{4}$/.test(type)) return false;
    let length = data.getUint32(at);
    if (length === 1) length = Number(data.getBigUint64(at + 8));
    // A length of 0 means that the box continues to the end of the file.
    if (length === 0) length = file.length - at;
    if (length < 8 || at + length > file.length) return false;
    if (type === "mdat") hasData = true;
    at += length;
  }
  return hasData;
}
