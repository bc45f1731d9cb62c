/* Asks the service where the face is in a picture. */
import { api, responseData } from "../../api/client";
import type { FaceLocation } from "./api_types";
import { smallCopy } from "./picture/small_copy";

/** The type of the API call. The generated types assume a JSON body, but this body is a picture. */
type Locate = (path: "/v1/photographer/face", request: { body: Blob; bodySerializer: (body: Blob) => Blob; headers: Readonly<Record<string, string>> }) => Promise<{ data?: FaceLocation; error?: unknown; response: Response }>;

/**
 * Sends a small copy of the picture. Returns undefined if no face was found, and also after any failure, because the photographer can
 * always place the frame by hand.
 */
export async function locateFace(preview: ImageBitmap | HTMLCanvasElement): Promise<FaceLocation | undefined> {
  try {
    const copy = await smallCopy(preview);
    if (copy === undefined) return undefined;
    const locate = api.POST as unknown as Locate;
    const location = await responseData(locate("/v1/photographer/face", { body: copy, bodySerializer: (body) => body, headers: { "Content-Type": "image/jpeg" } }));
    return location.crops.length === 0 ? undefined : location;
  } catch {
    return undefined;
  }
}
