/* A file that comes in parts (Range, RFC 9110), joined. */

/** Parts that are not of one file. */
export class PartsDoNotFit extends Error {}

/** Of "bytes 0-4194303/9000000": where the part begins, where it ends, and how long the whole is. */
export function partOf(contentRange: string | null): { first: number; last: number; total: number } | undefined {
  const found = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? "");
  if (found === null) return undefined;
  const [first, last, total] = found.slice(1).map(Number) as [number, number, number];
  return first <= last && last < total ? { first, last, total } : undefined;
}

/** Of `attachment; filename="photos.zip"`. */
export function nameOf(disposition: string | null, otherwise: string): string {
  const name = /filename="?([^";]+)"?/i.exec(disposition ?? "")?.[1];
  return name !== undefined && /^[\w.-]+$/.test(name) ? name : otherwise;
}

export type Part = { blob: Blob; range: string | null; etag: string | null; whole: boolean };

/** Joins a file that may come in parts: `ask` gets the first byte wanted and the first part's ETag. */
export async function joined(ask: (from: number, etag: string | null) => Promise<Part>, onProgress: (share: number) => void): Promise<Blob> {
  const first = await ask(0, null);
  if (first.whole) return first.blob;
  const parts = [first.blob];
  let part = partOf(first.range);
  while (part !== undefined && part.last + 1 < part.total) {
    onProgress((part.last + 1) / part.total);
    const wanted: number = part.last + 1;
    const next = await ask(wanted, first.etag);
    // The file changed meanwhile, and came whole.
    if (next.whole) return next.blob;
    const total: number = part.total;
    part = partOf(next.range);
    if (part === undefined || part.first !== wanted || part.total !== total) throw new PartsDoNotFit();
    parts.push(next.blob);
  }
  if (part === undefined) throw new PartsDoNotFit();
  const whole = new Blob(parts, { type: "application/zip" });
  if (whole.size !== part.total) throw new PartsDoNotFit();
  return whole;
}
