/*
 * Reads the structure of a JPEG file (ITU-T T.81, annex B), to find out whether the file is complete, and whether it can be
 * uploaded unchanged.
 */
import { defineHuffman, typicalTables, type HuffmanTables } from "./huffman";
import { walkScan, type Component, type Frame, type Scan, type ScanResult } from "./jpeg_scan";
import type { Size } from "./profiles";

/**
 * `complete`: the file has all image data. `incomplete`: image data is missing or damaged. `unknown`: this module cannot judge this kind of
 * file, so the browser's decoder decides.
 */
export type Completeness = "complete" | "incomplete" | "unknown";

export type JpegInfo = Size & {
  readonly completeness: Completeness;
  /** EXIF orientation, or 0 if this module cannot read it. With 0, different programs may show the picture in different orientations. */
  readonly orientation: number;
  /**
   * True if the file is complete and uses only common features of JPEG, so that all decoders show the same picture. Any other picture is
   * encoded again, because the service rejects some rare features, and because different programs may show it in different colours.
   */
  readonly isPlain: boolean;
};

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DQT = 0xdb;
const DHT = 0xc4;
const DRI = 0xdd;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP14 = 0xee;

/** Limits of the service. It rejects files with more scans or more quantisation tables. */
const SCANS_MAX = 100;
const QUANTISATION_TABLES_MAX = 8;
/** Maximum number of blocks in a minimum coded unit (T.81, B.2.3). */
const UNIT_BLOCKS_MAX = 10;
/** Stands for the precision of a coefficient that no scan has contained so far. */
const NOT_SEEN = 255;

/** Returns whether a marker begins a frame header. DHT (c4), JPG (c8) and DAC (cc) are in the same range but are no frame headers. */
const isFrameMarker = (marker: number) => marker >= 0xc0 && marker <= 0xcf && marker !== DHT && marker !== 0xc8 && marker !== 0xcc;
/** Returns whether a marker begins a Huffman-coded frame, which is baseline, extended or progressive. */
const isHuffmanFrame = (marker: number) => marker >= 0xc0 && marker <= 0xc2;

/** Returns whether the file begins like a JPEG. A file that consists of only the first two bytes also counts. */
export const isJpeg = (file: Uint8Array) => file[0] === 0xff && file[1] === SOI && (file[2] ?? 0xff) === 0xff;

export function readJpeg(file: Uint8Array): JpegInfo {
  const reader = new JpegReader(file);
  reader.read();
  return reader.info();
}

class JpegReader {
  private readonly defined: HuffmanTables = { dc: [], ac: [] };
  private readonly typical: HuffmanTables = typicalTables();
  private frame: (Frame & { readonly marker: number; readonly precisionOf: ReadonlyMap<Component, Uint8Array> }) | undefined;
  private size: Size = { width: 0, height: 0 };
  private orientation: number | undefined;
  private restartInterval = 0;
  private scans = 0;
  private quantisationTables = 0;
  private hasJfif = false;
  private adobeTransform: number | undefined;
  private readonly profileParts: Uint8Array[] = [];
  /** True if image data is missing or damaged. */
  private isBroken = false;
  /** True if the file has a part that this class does not understand. Then this class cannot decide whether the file is complete. */
  private isUnknown = false;
  private hasEnd = false;
  private isPlain = true;
  private lastScan: ScanResult | undefined;

  constructor(private readonly file: Uint8Array) {}

  info(): JpegInfo {
    const completeness = this.completeness();
    const isPlain = this.isPlain && completeness === "complete" && this.hasEnd && this.hasPlainColours() && this.hasPlainProfile();
    return { ...this.size, completeness, orientation: this.orientation ?? 1, isPlain };
  }

  read(): void {
    const { file } = this;
    let at = 2;
    while (!this.isBroken && !this.hasEnd && at < file.length) {
      if (file[at] !== 0xff) {
        // This byte belongs to no segment. Decoders skip such bytes.
        this.isPlain = false;
        at = nextMarker(file, at);
        continue;
      }
      const marker = file[at + 1] ?? 0xff;
      if (marker === 0xff) {
        at += 1;
      } else if (marker === EOI) {
        this.hasEnd = true;
      } else if (marker <= 0x01 || (marker >= 0xd0 && marker <= SOI)) {
        // These markers have no length field. None of them is valid between segments, and decoders skip them.
        this.isPlain = false;
        at += 2;
      } else {
        const length = ((file[at + 2] ?? 0) << 8) | (file[at + 3] ?? 0);
        const payload = file.subarray(at + 4, at + 2 + length);
        if (length < 2 || payload.length !== length - 2) return;
        at += 2 + length;
        this.segment(marker, payload);
        if (marker === SOS) {
          const end = nextMarker(file, at);
          this.scan(payload, at, end);
          at = end;
        }
      }
    }
  }

  private segment(marker: number, payload: Uint8Array): void {
    if (isFrameMarker(marker)) return this.readFrame(marker, payload);
    switch (marker) {
      case DHT:
        if (!defineHuffman(this.defined, payload)) this.isBroken = true;
        break;
      case DQT:
        this.readQuantisation(payload);
        break;
      case DRI:
        this.restartInterval = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
        break;
      case APP0:
        if (beginsWith(payload, "JFIF\0")) this.hasJfif = true;
        break;
      case APP1:
        // If a file has two EXIF segments, some programs use the first and others the last. Any orientation other than 1 prevails, so that
        // the picture is encoded again.
        if (beginsWith(payload, "Exif\0\0") && (this.orientation ?? 1) === 1) this.orientation = readExifOrientation(payload.subarray(6)) ?? this.orientation;
        break;
      case APP2:
        if (beginsWith(payload, "ICC_PROFILE\0")) {
          this.profileParts.push(payload.subarray(12));
          if (this.scans > 0) this.isPlain = false;
        }
        break;
      case APP14:
        if (beginsWith(payload, "Adobe") && payload.length >= 12) {
          if (this.adobeTransform !== undefined || this.frame !== undefined) this.isPlain = false;
          this.adobeTransform = payload[11];
        }
        break;
    }
  }

  private readQuantisation(payload: Uint8Array): void {
    for (let at = 0; at < payload.length; ) {
      const isWide = (payload[at] ?? 0) >> 4 > 0;
      at += isWide ? 129 : 65;
      this.quantisationTables += 1;
      if (isWide || at > payload.length || this.scans > 0 || this.quantisationTables > QUANTISATION_TABLES_MAX) this.isPlain = false;
    }
  }

  private readFrame(marker: number, payload: Uint8Array): void {
    const [precision = 0, h1 = 0, h0 = 0, w1 = 0, w0 = 0, count = 0] = payload;
    if (this.frame !== undefined || payload.length !== 6 + 3 * count || count === 0 || count > 4) return this.giveUp();
    const size = { width: (w1 << 8) | w0, height: (h1 << 8) | h0 };
    this.size = size;
    const factors = Array.from({ length: count }, (_, index) => ({ id: payload[6 + 3 * index] ?? 0, across: (payload[7 + 3 * index] ?? 0) >> 4, down: (payload[7 + 3 * index] ?? 0) & 15 }));
    const possible = factors.every(({ across, down }) => across >= 1 && across <= 4 && down >= 1 && down <= 4);
    // A height of 0 means that the file states the height after the first scan. Browsers do not support this.
    if (size.width === 0 || size.height === 0 || !possible) return this.giveUp();
    const isProgressive = marker === 0xc2;
    const units = { width: Math.ceil(size.width / (8 * Math.max(...factors.map(({ across }) => across)))), height: Math.ceil(size.height / (8 * Math.max(...factors.map(({ down }) => down)))) };
    const blocks = ({ across, down }: { across: number; down: number }) => units.width * across * units.height * down;
    const components = factors.map((component) => ({ ...component, nonzero: isProgressive ? new Int32Array(2 * blocks(component)) : undefined }));
    this.frame = { marker, isProgressive, ...size, components, precisionOf: new Map(components.map((component) => [component, new Uint8Array(64).fill(NOT_SEEN)])) };
    if (!isHuffmanFrame(marker) || precision !== 8) this.isUnknown = true;
    if (!isHuffmanFrame(marker) || precision !== 8 || !hasPlainSampling(components)) this.isPlain = false;
  }

  private giveUp(): void {
    this.isUnknown = true;
    this.isPlain = false;
  }

  private scan(header: Uint8Array, start: number, end: number): void {
    this.scans += 1;
    if (this.scans > SCANS_MAX) this.isPlain = false;
    const { frame } = this;
    if (frame === undefined || this.isUnknown) return this.giveUp();
    const count = header[0] ?? 0;
    const [first = 0, last = 0, approximation = 0] = header.subarray(1 + 2 * count);
    const parts = Array.from({ length: count }, (_, index) => {
      const component = frame.components.find(({ id }) => id === header[1 + 2 * index]);
      const places = header[2 + 2 * index] ?? 0;
      return component === undefined ? undefined : { component, dc: (places >> 4) & 3, ac: places & 3 };
    }).filter((part) => part !== undefined);
    const band = frame.isProgressive ? { first, last, refines: approximation >> 4 > 0 } : { first: 0, last: 63, refines: false };
    const unitBlocks = parts.reduce((sum, { component }) => sum + component.across * component.down, 0);
    const isPossible =
      count > 0 && parts.length === count && new Set(parts.map(({ component }) => component)).size === count && header.length === 4 + 2 * count && band.last < 64 && band.first <= band.last &&
      (count === 1 || (unitBlocks <= UNIT_BLOCKS_MAX && band.first === 0)) && (!frame.isProgressive || (band.first === 0) === (band.last === 0));
    if (!isPossible) return this.giveUp();
    // The service accepts only the usual structures: one scan with all components, or progressive scans of which the first has all
    // components.
    if (band.first === 0 && !band.refines && (count !== frame.components.length || (!frame.isProgressive && this.scans > 1))) this.isPlain = false;
    const tables: HuffmanTables = { dc: [0, 1, 2, 3].map((place) => this.defined.dc[place] ?? this.typical.dc[place]), ac: [0, 1, 2, 3].map((place) => this.defined.ac[place] ?? this.typical.ac[place]) };
    const needsDc = band.first === 0 && !band.refines;
    if (parts.some(({ dc, ac }) => (needsDc && this.defined.dc[dc] === undefined) || (band.last > 0 && this.defined.ac[ac] === undefined))) this.isPlain = false;
    const scan: Scan = { parts, ...band, restartInterval: this.restartInterval };
    this.lastScan = walkScan(frame, scan, tables, this.file, start, end);
    if (this.lastScan === "broken") this.isBroken = true;
    if (this.lastScan === "extra") this.isPlain = false;
    for (const { component } of parts) frame.precisionOf.get(component)?.fill(frame.isProgressive ? approximation & 15 : 0, band.first, band.last + 1);
  }

  private completeness(): Completeness {
    if (this.isBroken || this.scans === 0) return "incomplete";
    if (this.isUnknown) return this.hasEnd ? "unknown" : "incomplete";
    const precisions = [...(this.frame?.precisionOf.values() ?? [])];
    if (precisions.some(([first]) => first === NOT_SEEN)) return "incomplete";
    if (this.hasEnd) return "complete";
    // Without an end marker, scans may be missing. If every coefficient has its last refinement, no scan is missing.
    return this.lastScan === "complete" && precisions.every((precision) => precision.every((bits) => bits === 0)) ? "complete" : "incomplete";
  }

  /**
   * Returns whether the markers define the colours unambiguously. Returns false for CMYK, because different programs show different colours
   * for the same CMYK file. Such a picture is encoded again.
   */
  private hasPlainColours(): boolean {
    const ids = this.frame?.components.map(({ id }) => id) ?? [];
    if (new Set(ids).size !== ids.length) return false;
    if (ids.length === 1) return true;
    if (ids.length !== 3) return false;
    if (this.adobeTransform !== undefined) return this.adobeTransform === 1 || (this.adobeTransform === 0 && !this.hasJfif);
    return this.hasJfif || ids.every((id, index) => id === index + 1);
  }

  /**
   * Returns whether the file has no colour profile, or a complete one: all its parts are in order, and its colour space fits the number of
   * components.
   */
  private hasPlainProfile(): boolean {
    const parts = this.profileParts;
    const [first] = parts;
    if (first === undefined) return true;
    const isInOrder = parts.every((part, index) => part[0] === index + 1 && part[1] === parts.length);
    const space = String.fromCharCode(...first.subarray(2 + 16, 2 + 20));
    return isInOrder && space === (this.frame?.components.length === 1 ? "GRAY" : "RGB ");
  }
}

/** Returns whether cameras and programs usually use this sampling: colours at full, half or a quarter of the resolution. */
function hasPlainSampling(components: readonly Component[]): boolean {
  const [first, ...others] = components;
  const factors = `${first?.across ?? 0}x${first?.down ?? 0}`;
  if (others.length === 0) return factors === "1x1";
  return ["1x1", "2x1", "1x2", "2x2", "4x1"].includes(factors) && others.every(({ across, down }) => across === 1 && down === 1);
}

/** Returns the position of the next marker. Skips stuffing (00), fill bytes (ff) and restart markers. */
function nextMarker(file: Uint8Array, from: number): number {
  for (let at = file.indexOf(0xff, from); at >= 0; at = file.indexOf(0xff, at + 1)) {
    const next = file[at + 1] ?? 0;
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
  }
  return file.length;
}

function beginsWith(payload: Uint8Array, text: string): boolean {
  return payload.length >= text.length && Array.from(text).every((letter, index) => payload[index] === letter.charCodeAt(0));
}

/** Reads the orientation from EXIF data. Returns undefined if the EXIF data has no orientation, and 0 if the EXIF data is cut off. */
function readExifOrientation(tiff: Uint8Array): number | undefined {
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
    // Other software may read another orientation from EXIF data that is cut off, so the file must not be uploaded unchanged.
    return 0;
  }
  return undefined;
}
