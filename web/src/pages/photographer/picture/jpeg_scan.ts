/*
 * Walks through the Huffman codes of a JPEG scan and counts its blocks, without decoding them to pixels (ITU-T T.81, annexes F and G).
 * Browsers paint missing blocks gray, so only counting shows whether the image data is complete.
 */
import type { HuffmanTable, HuffmanTables } from "./huffman";

export type Component = {
  readonly id: number;
  readonly across: number;
  readonly down: number;
  /**
   * Bit masks of a progressive picture: two numbers for each block, with one bit for each of the block's 64 coefficients. A bit is 1 if the
   * scans so far have made the coefficient nonzero. Later scans refine such coefficients.
   */
  readonly nonzero: Int32Array | undefined;
};

export type Frame = {
  readonly isProgressive: boolean;
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
};

export type Scan = {
  readonly parts: readonly { readonly component: Component; readonly dc: number; readonly ac: number }[];
  /** The range of coefficients that the scan contains, from `first` to `last`, inclusive. */
  readonly first: number;
  readonly last: number;
  /** True if the scan adds one bit to coefficients of earlier scans. */
  readonly refines: boolean;
  readonly restartInterval: number;
};

/**
 * `broken`: blocks are missing, or a code is invalid. In all other cases, the scan has all blocks. `complete`: nothing follows the blocks
 * except unused bits of the last byte. `padded`: meaningless bytes follow the blocks. `extra`: other data follows the blocks.
 */
export type ScanResult = "complete" | "padded" | "extra" | "broken";

/** Reads the scan in `bytes` from `start` to the next marker at `end`. */
export function walkScan(frame: Frame, scan: Scan, tables: HuffmanTables, bytes: Uint8Array, start: number, end: number): ScanResult {
  const reader = new BlockReader(bytes.subarray(start, end), scan, frame.isProgressive);
  const parts = scan.parts.map(({ component, dc, ac }) => ({ component, dc: tables.dc[dc], ac: tables.ac[ac] }));
  const [maxAcross, maxDown] = [Math.max(...frame.components.map(({ across }) => across)), Math.max(...frame.components.map(({ down }) => down))];
  const units = { width: Math.ceil(frame.width / (8 * maxAcross)), height: Math.ceil(frame.height / (8 * maxDown)) };
  const [only] = parts;
  let unit = 0;
  if (only !== undefined && parts.length === 1) {
    // A scan of a single component contains only blocks inside the picture. It omits the blocks beyond the edge that fill up the last
    // minimum coded unit.
    const stride = units.width * only.component.across;
    const width = Math.ceil((frame.width * only.component.across) / (8 * maxAcross));
    const height = Math.ceil((frame.height * only.component.down) / (8 * maxDown));
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        if (!reader.restart(unit++) || !reader.block(only.dc, only.ac, only.component.nonzero, row * stride + column)) return "broken";
      }
    }
    return reader.end();
  }
  for (const count = units.width * units.height; unit < count; ) {
    if (!reader.restart(unit++)) return "broken";
    for (const { component, dc, ac } of parts) {
      // In a progressive picture, a scan of several components contains only first (DC) coefficients, which need no mask.
      for (let left = component.across * component.down; left > 0; left -= 1) if (!reader.block(dc, ac, undefined, 0)) return "broken";
    }
  }
  return reader.end();
}

class BlockReader {
  private at = 0;
  /** The next `buffered` bits are at the low end of the buffer. The last `padded` of these bits are padding after the end of the data. */
  private buffer = 0;
  private buffered = 0;
  private padded = 0;
  /** Number of following blocks that the last "end of band" code covers. */
  private blocksToSkip = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly scan: Scan,
    private readonly isProgressive: boolean,
  ) {}

  /** Fills the buffer to at least 25 bits. Stops at a marker. Beyond the end of the data, fills up with ones, as decoders do. */
  private fill(): void {
    while (this.buffered <= 24) {
      let byte = this.bytes[this.at];
      if (byte === undefined || (byte === 0xff && this.bytes[this.at + 1] !== 0)) {
        byte = 0xff;
        this.padded += 8;
      } else {
        this.at += byte === 0xff ? 2 : 1;
      }
      this.buffer = (this.buffer << 8) | byte;
      this.buffered += 8;
    }
  }

  /** Reads a Huffman code. Returns the decoded value, or -1 if the table has no such code. */
  private code(table: HuffmanTable): number {
    if (this.buffered < 16) this.fill();
    const entry = table.lookUp((this.buffer >>> (this.buffered - 16)) & 0xffff);
    this.buffered -= entry >> 8;
    return entry === 0 ? -1 : entry & 0xff;
  }

  /** Consumes the next bits, at most 16, and returns them as a number. */
  private take(count: number): number {
    if (this.buffered < count) this.fill();
    this.buffered -= count;
    return (this.buffer >>> this.buffered) & ((1 << count) - 1);
  }

  private get isPastEnd(): boolean {
    return this.padded > this.buffered;
  }

  /**
   * If the scan has a restart marker before this unit, reads it. Returns false if the marker is missing, or if 8 or more unread bits
   * precede it. Fewer bits are the padding of the last byte.
   */
  restart(unit: number): boolean {
    const { restartInterval } = this.scan;
    if (restartInterval === 0 || unit === 0 || unit % restartInterval !== 0) return true;
    this.fill();
    while (this.bytes[this.at] === 0xff && this.bytes[this.at + 1] === 0xff) this.at += 1;
    const expected = 0xd0 + ((unit / restartInterval - 1) % 8);
    if (this.buffered - this.padded >= 8 || this.bytes[this.at] !== 0xff || this.bytes[this.at + 1] !== expected) return false;
    this.at += 2;
    this.buffer = this.buffered = this.padded = this.blocksToSkip = 0;
    return true;
  }

  /**
   * Reads one block. `nonzero` has a mask for each block of the component, whose bits say which coefficients are not zero. `index` is the
   * position of this block in `nonzero`. Returns false if the data is broken.
   */
  block(dc: HuffmanTable | undefined, ac: HuffmanTable | undefined, nonzero: Int32Array | undefined, index: number): boolean {
    const { first, refines } = this.scan;
    if (first === 0) {
      if (refines) {
        this.take(1);
      } else {
        const bits = dc === undefined ? -1 : this.code(dc);
        if (bits < 0 || bits > 16) return false;
        this.take(bits);
      }
      if (this.isProgressive) return !this.isPastEnd;
    }
    if (ac === undefined) return false;
    const isValid = refines && nonzero !== undefined ? this.refine(ac, nonzero, 2 * index) : this.coefficients(ac, nonzero, 2 * index);
    return isValid && !this.isPastEnd;
  }

  /**
   * Reads a block's coefficients for the first time. Each code contains a number of zero coefficients and the number of bits of the
   * coefficient after them.
   */
  private coefficients(table: HuffmanTable, nonzero: Int32Array | undefined, mask: number): boolean {
    if (this.blocksToSkip > 0) {
      this.blocksToSkip -= 1;
      return true;
    }
    const { first, last } = this.scan;
    for (let at = Math.max(first, 1); at <= last; at += 1) {
      const value = this.code(table);
      if (value < 0) return false;
      const [zeros, bits] = [value >> 4, value & 15];
      if (bits === 0) {
        if (zeros === 15) {
          at += 15;
          continue;
        }
        // The code ends the block. In progressive scans, it can end several blocks at once. In other scans, decoders end only the current
        // block, whatever the value of `zeros`.
        if (!this.isProgressive) return true;
        this.blocksToSkip = (1 << zeros) + this.take(zeros) - 1;
        return true;
      }
      at += zeros;
      if (at > last) return false;
      this.take(bits);
      if (nonzero !== undefined) setBit(nonzero, mask, at);
    }
    return true;
  }

  /**
   * Reads a refinement of a block: one more bit of each coefficient that is not zero, and the coefficients that become nonzero in this
   * scan.
   */
  private refine(table: HuffmanTable, nonzero: Int32Array, mask: number): boolean {
    const { first, last } = this.scan;
    let at = first;
    while (at <= last && this.blocksToSkip === 0) {
      const value = this.code(table);
      if (value < 0) return false;
      const bits = value & 15;
      let zeros = value >> 4;
      if (bits === 0 && zeros < 15) {
        this.blocksToSkip = (1 << zeros) + this.take(zeros);
        break;
      }
      if (bits > 1) return false;
      this.take(bits);
      for (; at <= last; at += 1) {
        if (hasBit(nonzero, mask, at)) this.take(1);
        else if (zeros === 0) break;
        else zeros -= 1;
      }
      if (bits === 1) {
        if (at > last) return false;
        setBit(nonzero, mask, at);
      }
      at += 1;
    }
    if (this.blocksToSkip > 0) {
      this.blocksToSkip -= 1;
      for (; at <= last; at += 1) if (hasBit(nonzero, mask, at)) this.take(1);
    }
    return true;
  }

  /** Judges the data after the last block. */
  end(): ScanResult {
    this.fill();
    // A single byte ff at the end is the first half of a marker.
    const rest = this.bytes.subarray(this.at);
    const unread = this.buffered - this.padded;
    if (unread < 8 && (rest.length === 0 || (rest.length === 1 && rest[0] === 0xff))) return "complete";
    const wholeBytes = unread - (unread % 8);
    const buffered = wholeBytes === 0 ? 0 : (this.buffer >>> this.padded) & (wholeBytes >= 32 ? -1 : (1 << wholeBytes) - 1);
    // Some cameras pad a scan with zeros, or with a last restart marker.
    return buffered === 0 && rest.every((byte) => byte === 0 || byte === 0xff || (byte >= 0xd0 && byte <= 0xd7)) ? "padded" : "extra";
  }
}

function setBit(masks: Int32Array, mask: number, at: number): void {
  const index = mask + (at >> 5);
  masks[index] = (masks[index] ?? 0) | (1 << (at & 31));
}

function hasBit(masks: Int32Array, mask: number, at: number): boolean {
  return (((masks[mask + (at >> 5)] ?? 0) >> (at & 31)) & 1) === 1;
}
