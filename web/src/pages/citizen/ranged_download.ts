/* A file that comes in parts (Range, RFC 9110), joined. */

/** Parts that are not of one file. */
export class RangeMismatch extends Error {}

/** Of "bytes 0-4194303/9000000": where the part begins, where it ends, and how long the whole is. */
export function parseContentRange(contentRange: string | null): { first: number; last: number; total: number } | undefined {
  const found = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? "");
  if (found === null) return undefined;
  const [first, last, total] = found.slice(1).map(Number) as [number, number, number];
  return first <= last && last < total ? { first, last, total } : undefined;
}

/** Of `attachment; filename="photos.zip"`. */
export function fileNameFrom(disposition: string | null, fallback: string): string {
  const name = /filename="?([^";]+)"?/i.exec(disposition ?? "")?.[1];
  return name !== undefined && /^[\w.-]+$/.test(name) ? name : fallback;
}

export type RangeResponse = { blob: Blob; range: string | null; etag: string | null; isComplete: boolean };

/** Joins a file that may come in parts: `ask` gets the first byte wanted and the first part's ETag. */
export async function fetchInRanges(fetchFrom: (from: number, etag: string | null) => Promise<RangeResponse>, onProgress: (share: number) => void): Promise<Blob> {
  const first = await fetchFrom(0, null);
  if (first.isComplete) return first.blob;
  const parts = [first.blob];
  let range = parseContentRange(first.range);
  while (range !== undefined && range.last + 1 < range.total) {
    onProgress((range.last + 1) / range.total);
    const nextByte: number = range.last + 1;
    const next = await fetchFrom(nextByte, first.etag);
    // The file changed meanwhile, and came whole.
    if (next.isComplete) return next.blob;
    const total: number = range.total;
    range = parseContentRange(next.range);
    if (range === undefined || range.first !== nextByte || range.total !== total) throw new RangeMismatch();
    parts.push(next.blob);
  }
  if (range === undefined) throw new RangeMismatch();
  const file = new Blob(parts, { type: "application/zip" });
  if (file.size !== range.total) throw new RangeMismatch();
  return file;
}
