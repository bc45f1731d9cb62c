/* Huffman tables of JPEG (ITU-T T.81, annex C). */

/** Maximum length, in bits, of the codes in the table `short`. The table is small, so that it stays in the processor's cache. */
const SHORT_BITS = 9;

/** Looks up Huffman codes. A table entry is the code's length times 256 plus the decoded value, or 0 if no code has these bits. */
export class HuffmanTable {
  private readonly short = new Uint16Array(1 << SHORT_BITS);
  private readonly long: Uint16Array | undefined;

  private constructor(lengths: Uint8Array, values: Uint8Array) {
    this.long = lengths.subarray(SHORT_BITS).some((count) => count > 0) ? new Uint16Array(1 << 16) : undefined;
    let [code, at] = [0, 0];
    lengths.forEach((count, index) => {
      const length = index + 1;
      for (let left = count; left > 0; left -= 1) {
        const entry = (length << 8) | (values[at] ?? 0);
        if (length <= SHORT_BITS) this.short.fill(entry, code << (SHORT_BITS - length), (code + 1) << (SHORT_BITS - length));
        else this.long?.fill(entry, code << (16 - length), (code + 1) << (16 - length));
        code += 1;
        at += 1;
      }
      code <<= 1;
    });
  }

  /** `lengths` contains the number of codes of each length. Returns undefined if no Huffman table can have these numbers of codes. */
  static from(lengths: Uint8Array, values: Uint8Array): HuffmanTable | undefined {
    let free = 1;
    for (const count of lengths) {
      free = 2 * free - count;
      if (free < 0) return undefined;
    }
    return lengths.length === 16 ? new HuffmanTable(lengths, values) : undefined;
  }

  /** Returns the table entry of the code at the beginning of `bits`, the next 16 bits of the data. */
  lookUp(bits: number): number {
    const entry = this.short[bits >> (16 - SHORT_BITS)] ?? 0;
    return entry !== 0 || this.long === undefined ? entry : (this.long[bits] ?? 0);
  }
}

/** The Huffman tables that a scan can select: four tables for the first (DC) coefficients, and four for the other (AC) coefficients. */
export type HuffmanTables = { readonly dc: (HuffmanTable | undefined)[]; readonly ac: (HuffmanTable | undefined)[] };

/** Reads the payload of a DHT segment. Returns false if the payload is invalid. */
export function defineHuffman({ dc, ac }: HuffmanTables, payload: Uint8Array): boolean {
  for (let at = 0; at < payload.length; ) {
    const classAndPlace = payload[at] ?? 0;
    const lengths = payload.subarray(at + 1, at + 17);
    const total = lengths.reduce((sum, count) => sum + count, 0);
    const values = payload.subarray(at + 17, at + 17 + total);
    const table = lengths.length === 16 && values.length === total ? HuffmanTable.from(lengths, values) : undefined;
    if (table === undefined || classAndPlace >> 4 > 1 || (classAndPlace & 15) > 3) return false;
    (classAndPlace >> 4 === 0 ? dc : ac)[classAndPlace & 15] = table;
    at += 17 + total;
  }
  return true;
}

const fromHex = (hex: string) => Uint8Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16));

/** The typical tables of ITU-T T.81, annex K.3, as DHT payloads. Decoders use them for files without tables, such as frames of Motion JPEG. */
const TYPICAL = [
  "0000010501010101010100000000000000000102030405060708090a0b",
  "0100030101010101010101010000000000000102030405060708090a0b",
  "100002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
  "1100020102040403040705040400010277000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
] as const;

export function typicalTables(): HuffmanTables {
  const tables: HuffmanTables = { dc: [], ac: [] };
  for (const payload of TYPICAL) defineHuffman(tables, fromHex(payload));
  return tables;
}
