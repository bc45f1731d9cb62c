/* The best JPEG that is small enough. */

export const BEST = 100;
/** Below it blocks begin to show: fewer pixels are better then. */
export const WORST = 70;

export type Encoded<T> = { readonly file: T; readonly bytes: number };

/**
 * The highest quality, from BEST down to WORST, at which `encode` stays within `most` bytes; where none does, with fewer pixels. Undefined
 * where not even the least size does.
 */
export async function best<T>(
  encode: (quality: number, shrunk: number) => Promise<Encoded<T>>,
  most: number,
  leastShrink: number,
): Promise<T | undefined> {
  for (let shrunk = 1; ; ) {
    const found = await bestQuality((quality) => encode(quality, shrunk), most);
    if ("file" in found) return found.file;
    if (shrunk <= leastShrink) return undefined;
    // Bytes go with the area, about; a little less, so that it ends soon.
    shrunk = Math.max(leastShrink, shrunk * Math.min(0.95, Math.sqrt(most / found.tooMany) * 0.98));
  }
}

async function bestQuality<T>(encode: (quality: number) => Promise<Encoded<T>>, most: number): Promise<{ file: T } | { tooMany: number }> {
  const first = await encode(BEST);
  if (first.bytes <= most) return first;
  const last = await encode(WORST);
  if (last.bytes > most) return { tooMany: last.bytes };
  let [fits, quality, beyond] = [last, WORST, BEST];
  while (beyond - quality > 1) {
    const middle = Math.floor((quality + beyond) / 2);
    const tried = await encode(middle);
    if (tried.bytes <= most) [fits, quality] = [tried, middle];
    else beyond = middle;
  }
  return fits;
}
