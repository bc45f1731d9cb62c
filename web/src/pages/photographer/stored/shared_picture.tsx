/* A picture that came from the device: shared from the gallery, or opened with the installed application. */
import { signal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";

import { onEnd } from "../../../api/session";
import { Button } from "../../../parts/button";
import { Checkbox } from "../../../parts/form";
import { Notice } from "../../../parts/notice";
import { forgetSharedPicture, readSharedPictureKey, SHARED_LIFETIME_MS } from "../../../stored/shared_picture_key";
import { deviceTime } from "../../../words/clock";
import { useFileChoice } from "../chooser";
import { pictures } from "../draft";
import { openPicture, release } from "../picture/decode";
import type { Kind } from "../picture/profiles";
import { useSteps } from "../step";
import { discardDraft } from "./draft_storage";
import { isAboutCustomer, recordOf } from "./draft_record";
import { words } from "./words";

type SharedRecord = { readonly at: number; readonly type: string; readonly nonce: Uint8Array<ArrayBuffer>; readonly sealed: ArrayBuffer };
type LaunchQueue = { readonly setConsumer: (consumer: (launch: { readonly files?: readonly { readonly getFile: () => Promise<File> }[] }) => void) => void };

const sharedPicture = signal<File | undefined>(undefined);
onEnd.push(() => (sharedPicture.value = undefined));

/** Receives a file that the user opened with the installed application. The file is only in memory. */
(globalThis as { launchQueue?: LaunchQueue }).launchQueue?.setConsumer(({ files }) => {
  void files?.[0]?.getFile().then((file) => (sharedPicture.value = file)).catch((error: unknown) => console.warn(error));
});

async function isReadable(file: File): Promise<boolean> {
  try {
    release((await openPicture(file)).preview);
    return true;
  } catch {
    return false;
  }
}

/** Decrypts the picture that the service worker has stored, and removes the picture from the storage. */
export async function takeSharedPicture(): Promise<File | undefined> {
  const key = readSharedPictureKey();
  if (key === undefined) return undefined;
  try {
    const record = await readRecord();
    if (record === undefined || Math.abs(deviceTime() - record.at) >= SHARED_LIFETIME_MS) return undefined;
    const bytes = Uint8Array.from(atob(key.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
    const imported = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["decrypt"]);
    const picture = await crypto.subtle.decrypt({ name: "AES-GCM", iv: record.nonce }, imported, record.sealed);
    return new File([picture], "shared", { type: record.type, lastModified: record.at });
  } catch (error) {
    console.warn("the shared picture does not open", error);
    return undefined;
  } finally {
    forgetSharedPicture();
  }
}

function readRecord(): Promise<SharedRecord | undefined> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("shared-picture", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("pictures");
    opening.onerror = () => reject(opening.error ?? new Error("the database failed"));
    opening.onsuccess = () => {
      const database = opening.result;
      const request = database.transaction("pictures", "readonly").objectStore("pictures").get("picture") as IDBRequest<SharedRecord | undefined>;
      request.onerror = () => reject(request.error ?? new Error("the database failed"));
      request.onsuccess = () => {
        database.close();
        resolve(request.result);
      };
    };
  });
}

/**
 * Asks the user whether the picture is a face photo or a signature. If there is a draft, also asks whether the picture is of the same
 * customer as the draft or of a new customer.
 */
export function SharedPictureNote() {
  const t = words().shared;
  const { query } = useLocation();
  const [isGone, setGone] = useState(false);
  useEffect(() => {
    if (query.from !== "share") return;
    void takeSharedPicture().then((file) => {
      if (file !== undefined) sharedPicture.value = file;
      else if (sharedPicture.peek() === undefined) setGone(true);
    });
  }, [query.from]);
  const file = sharedPicture.value;
  if (file !== undefined) return <Choice key={file.lastModified} file={file} />;
  const text = query.from === "share_failed" ? t.failed : isGone && Object.keys(pictures.value).length === 0 ? t.gone : undefined;
  return text === undefined ? null : (
    <Notice kind="warning" live>
      <p>{text}</p>
    </Notice>
  );
}

function Choice({ file }: { file: File }) {
  const t = words().shared;
  const { go } = useSteps();
  const hasDraft = isAboutCustomer(recordOf().record);
  const [isNewCustomer, setNewCustomer] = useState(true);
  const done = (kind: Kind) => {
    sharedPicture.value = undefined;
    go(kind);
  };
  const face = useFileChoice("face", () => done("face"));
  const signature = useFileChoice("signature", () => done("signature"));
  const error = face.error ?? signature.error;
  const use = async (choice: typeof face) => {
    // Keep the draft if the new picture cannot be opened.
    if (hasDraft && isNewCustomer && (await isReadable(file))) discardDraft();
    const files = new DataTransfer();
    files.items.add(file);
    await choice.pick(files.files);
  };
  return (
    <Notice title={t.title} live>
      <p>{t.text}</p>
      {error !== undefined && (
        <p class="govgr-error-message" role="alert">
          {error}
        </p>
      )}
      {hasDraft && <Checkbox id="new-customer" label={t.newCustomer} checked={isNewCustomer} onChange={setNewCustomer} />}
      <div class="govgr-button-group">
        <Button busy={face.busy} onClick={() => use(face)}>
          {t.face}
        </Button>
        <Button variant="secondary" busy={signature.busy} onClick={() => use(signature)}>
          {t.signature}
        </Button>
        <Button variant="link" onClick={() => (sharedPicture.value = undefined)}>
          {t.discard}
        </Button>
      </div>
    </Notice>
  );
}
