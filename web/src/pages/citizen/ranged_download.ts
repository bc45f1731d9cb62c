/* Downloads a file in byte ranges (RFC 9110) and joins them. */

/** Thrown if the ranges do not belong to the same file. */
export class RangeMismatch extends Error {}

/** Parses a Content-Range header such as "bytes 0-4194303/9000000". */
export function parseContentRange(contentRange: string | null): { first: number; last: number; total: number } | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? "");
  if (match === null) return undefined;
  const [first, last, total] = match.slice(1).map(Number) as [number, number, number];
  return first <= last && last < total ? { first, last, total } : undefined;
}

/** Returns the file name in a Content-Disposition header such as `attachment; filename="photos.zip"`. */
export function fileNameFrom(disposition: string | null, fallback: string): string {
  const name = /filename="?([^";]+)"?/i.exec(disposition ?? "")?.[1];
  return name !== undefined && /^[\w.-]+$/.test(name) ? name : fallback;
}

export type RangeResponse = { blob: Blob; range: string | null; etag: string | null; isComplete: boolean };

/**
 * Downloads a file, which may come in byte ranges. `fetchFrom` receives the position of the first byte to fetch, and the ETag of the first
 * response.
 */
export async function fetchInRanges(fetchFrom: (from: number, etag: string | null) => Promise<RangeResponse>, onProgress: (share: number) => void): Promise<Blob> {
  const first = await fetchFrom(0, null);
  if (first.isComplete) return first.blob;
  const parts = [first.blob];
  let range = parseContentRange(first.range);
  while (range !== undefined && range.last + 1 < range.total) {
    onProgress((range.last + 1) / range.total);
    const nextByte: number = range.last + 1;
    const next = await fetchFrom(nextByte, first.etag);
    // The file changed during the download, so the service sent the new file completely.
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
