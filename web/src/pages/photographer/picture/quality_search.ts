/* The best JPEG that is small enough. */

export const QUALITY_MAX = 100;
/** Below it blocks begin to show: fewer pixels are better then. */
export const QUALITY_MIN = 70;

export type Encoded<T> = { readonly file: T; readonly bytes: number };

/**
 * The highest quality, from BEST down to WORST, at which `encode` stays within `most` bytes; where none does, with fewer pixels. Undefined
 * where not even the least size does.
 */
export async function encodeWithinLimit<T>(
  encode: (quality: number, scale: number) => Promise<Encoded<T>>,
  maxBytes: number,
  minScale: number,
): Promise<T | undefined> {
  for (let scale = 1; ; ) {
    const found = await bestQuality((quality) => encode(quality, scale), maxBytes);
    if ("file" in found) return found.file;
    if (scale <= minScale) return undefined;
    // Bytes go with the area, about; a little less, so that it ends soon.
    scale = Math.max(minScale, scale * Math.min(0.95, Math.sqrt(maxBytes / found.smallestBytes) * 0.98));
  }
}

async function bestQuality<T>(encode: (quality: number) => Promise<Encoded<T>>, maxBytes: number): Promise<{ file: T } | { smallestBytes: number }> {
  const atMax = await encode(QUALITY_MAX);
  if (atMax.bytes <= maxBytes) return atMax;
  const atMin = await encode(QUALITY_MIN);
  if (atMin.bytes > maxBytes) return { smallestBytes: atMin.bytes };
  let [best, quality, tooHigh] = [atMin, QUALITY_MIN, QUALITY_MAX];
  while (tooHigh - quality > 1) {
    const middle = Math.floor((quality + tooHigh) / 2);
    const tried = await encode(middle);
    if (tried.bytes <= maxBytes) [best, quality] = [tried, middle];
    else tooHigh = middle;
  }
  return best;
}
