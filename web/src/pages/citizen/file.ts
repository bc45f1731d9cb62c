/* Files that come from the service, in one piece or in parts, and are saved on the person's device. */
import { answer, api, Unanswered, type Schemas } from "../../api/client";
import type { Language } from "../../words/language";
import { joined, nameOf, PartsDoNotFit } from "./parts_of_file";

export async function downloadPhotos(subject: string, language: Language, onProgress: (share: number) => void): Promise<void> {
  let name = "photos.zip";
  const zip = await joined(async (from, etag) => {
    const asked = api.GET("/v1/subjects/{subject}/association/photos.zip", {
      params: { path: { subject }, query: { language }, header: { Range: `bytes=${from}-`, ...(etag === null ? {} : { "If-Range": etag }) } },
      headers: { Accept: "application/zip, application/problem+json" },
      parseAs: "blob",
    });
    const blob = await answer(asked);
    const { headers, status } = (await asked).response;
    name = nameOf(headers.get("Content-Disposition"), name);
    return { blob, range: headers.get("Content-Range"), etag: headers.get("ETag"), whole: status === 200 };
  }, onProgress).catch((error: unknown) => {
    throw error instanceof PartsDoNotFit ? new Unanswered("broken") : error;
  });
  save(zip, name);
}

/** One image, as large as it is. */
export async function photo(subject: string, image: Schemas["Image"]["kind"]): Promise<Blob> {
  const asked = api.GET("/v1/subjects/{subject}/association/photos/{image}", {
    params: { path: { subject, image } },
    headers: { Accept: "image/jpeg, application/problem+json" },
    parseAs: "blob",
  });
  const blob = await answer(asked);
  if (!blob.type.startsWith("image/jpeg")) throw new Unanswered("broken");
  return blob;
}

export function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // Browsers begin a moment later.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
