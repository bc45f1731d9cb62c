/* Makes the small copy of a picture in which the service looks for the face. */

/** The service accepts no larger copy. */
export const COPY_EDGE_MAX = 640;
export const COPY_BYTES_MAX = 98_304;

/** JPEG qualities to try. A face is found as well at a low one. */
const QUALITIES = [0.85, 0.7, 0.55, 0.4, 0.25] as const;

/** Encodes a copy of this longer edge at this quality. */
type Encode = (edge: number, quality: number) => Promise<Blob | undefined>;

/**
 * Returns a JPEG of the picture within the service's limits, upright as the picture is shown, without any metadata. Returns undefined if the
 * browser cannot make one.
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

/** Lowers the quality, and then the size, until the copy has few enough bytes. */
export async function smallestLoss(edge: number, encode: Encode): Promise<Blob | undefined> {
  for (const quality of QUALITIES) {
    const blob = await encode(edge, quality);
    if (blob === undefined || blob.size <= COPY_BYTES_MAX) return blob;
  }
  return edge < 2 ? undefined : smallestLoss(Math.floor(edge / 2), encode);
}
