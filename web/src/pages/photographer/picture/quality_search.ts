/* Finds the best JPEG within a size limit. */

export const QUALITY_MAX = 100;
/** Lowest JPEG quality to try. Below it, JPEG blocks become visible, and a smaller picture of higher quality looks better. */
export const QUALITY_MIN = 70;

export type Encoded<T> = { readonly file: T; readonly bytes: number };

/**
 * Returns the picture with the highest quality, from QUALITY_MAX down to QUALITY_MIN, for which the output of `encode` fits into
 * `maxBytes`. If no quality fits, scales the picture down. Returns undefined if the picture does not fit even at `minScale`.
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
    // The file size is roughly proportional to the area. The factor 0.98 makes it likely that the next attempt fits.
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
