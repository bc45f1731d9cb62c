/* Makes the small copy of a picture in which the service searches for the face. */

/** Maximum side in pixels and maximum size in bytes of a copy that the service accepts. */
export const COPY_EDGE_MAX = 640;
export const COPY_BYTES_MAX = 98_304;

/** JPEG qualities to try. A low quality does not make it harder to find a face. */
const QUALITIES = [0.85, 0.7, 0.55, 0.4, 0.25] as const;

/** Encodes a copy. `edge` is the length of its longer side, in pixels. */
type Encode = (edge: number, quality: number) => Promise<Blob | undefined>;

/**
 * Returns a JPEG of the picture within the service's limits, upright and without any metadata. Returns undefined if the browser cannot make
 * one.
 */
export async function smallCopy(picture: ImageBitmap | HTMLCanvasElement): Promise<Blob | undefined> {
  return smallestLoss(Math.min(COPY_EDGE_MAX, Math.max(picture.width, picture.height)), async (edge, quality) => {
    const scale = edge / Math.max(picture.width, picture.height);
    const size = { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)) };
    const canvas = Object.assign(document.createElement("canvas"), size);
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null) return undefined;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, size.width, size.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, size.width, size.height);
    return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ?? undefined), "image/jpeg", quality));
  });
}

/** Lowers the quality, and then the size, until the copy has at most COPY_BYTES_MAX bytes. */
export async function smallestLoss(edge: number, encode: Encode): Promise<Blob | undefined> {
  for (const quality of QUALITIES) {
    const blob = await encode(edge, quality);
    if (blob === undefined || blob.size <= COPY_BYTES_MAX) return blob;
  }
  return edge < 2 ? undefined : smallestLoss(Math.floor(edge / 2), encode);
}
