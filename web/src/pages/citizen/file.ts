/* Downloads files from the service. */
import { responseData, api, ConnectionError, type Schemas } from "../../api/client";
import { onEnd } from "../../api/session";
import type { Language } from "../../words/language";
import { fetchInRanges, fileNameFrom, RangeMismatch } from "./ranged_download";

/** Fetches photos.zip. Returns its content and its name. */
export async function fetchZip(subject: string, language: Language, onProgress: (share: number) => void): Promise<{ zip: Blob; name: string }> {
  let name = "photos.zip";
  const zip = await fetchInRanges(async (from, etag) => {
    const call = api.GET("/v1/subjects/{subject}/association/photos.zip", {
      params: { path: { subject }, query: { language }, header: { Range: `bytes=${from}-`, ...(etag === null ? {} : { "If-Range": etag }) } },
      headers: { Accept: "application/zip, application/problem+json" },
      parseAs: "blob",
    });
    const blob = await responseData(call);
    const { headers, status } = (await call).response;
    name = fileNameFrom(headers.get("Content-Disposition"), name);
    return { blob, range: headers.get("Content-Range"), etag: headers.get("ETag"), isComplete: status === 200 };
  }, onProgress).catch((error: unknown) => {
    throw error instanceof RangeMismatch ? new ConnectionError("broken") : error;
  });
  return { zip, name };
}

/** Fetches an image at full size. */
export async function fetchPhoto(subject: string, image: Schemas["Image"]["kind"]): Promise<Blob> {
  const call = api.GET("/v1/subjects/{subject}/association/photos/{image}", {
    params: { path: { subject, image } },
    headers: { Accept: "image/jpeg, application/problem+json" },
    parseAs: "blob",
  });
  const blob = await responseData(call);
  if (!blob.type.startsWith("image/jpeg")) throw new ConnectionError("broken");
  return blob;
}

/** Object URLs of files whose download began less than a minute ago. */
const downloadUrls = new Set<string>();

function revoke(url: string): void {
  URL.revokeObjectURL(url);
  downloadUrls.delete(url);
}

onEnd.push(() => downloadUrls.forEach(revoke));

/** Downloads a file by clicking a link to the file. In some browsers this saves nothing (see `savingMethod`). */
export function downloadFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  downloadUrls.add(url);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // Browsers start the download a moment after the click, so the URL must stay valid until then.
  setTimeout(() => revoke(url), 60_000);
}
