/* Chooses a picture: with the phone's camera, as a file, or by dropping a file. */
import { useRef, useState } from "preact/hooks";

import { rememberUrl } from "../../parts/action";
import { Button } from "../../parts/button";
import { choosePicture } from "./draft";
import { words } from "./new_words";
import { UnreadableFile } from "./picture/decode";
import type { Kind } from "./picture/profiles";
import { words as common } from "./words";

/** Returns whether the device is a phone or tablet, by its touch screen. Only there does an input with `capture` open the camera. */
export const hasCamera = () => matchMedia("(pointer: coarse)").matches;

export type FileChoice = { busy: boolean; error: string | undefined; pick: (files: ArrayLike<File> | null | undefined) => Promise<void> };

/** Opens a chosen file. Calls `onChosen` if it is a picture. */
export function useFileChoice(kind: Kind, onChosen: () => void): FileChoice {
  const t = words().pictures;
  const [busy, setBusy] = useState(false);
  const [errorKind, setErrorKind] = useState<UnreadableFile["reason"] | "several">();
  const running = useRef(false);
  const pick = async (files: ArrayLike<File> | null | undefined) => {
    const file = files?.[0];
    if (file === undefined || running.current) return;
    if (files?.length !== 1) return setErrorKind("several");
    const isSameUrl = rememberUrl();
    running.current = true;
    setBusy(true);
    setErrorKind(undefined);
    try {
      await choosePicture(kind, file);
      if (isSameUrl()) onChosen();
    } catch (error) {
      setErrorKind(error instanceof UnreadableFile ? error.reason : "unreadable");
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { busy, error: errorKind === undefined ? undefined : t[errorKind], pick };
}

/**
 * Buttons to choose a picture. `replaces` is true if the slot already has a picture. `camera` tells whether the phone's camera is offered.
 */
export function FileChooser({ kind, choice, replaces = false, camera = true }: { kind: Kind; choice: FileChoice; replaces?: boolean; camera?: boolean }) {
  const t = words().pictures;
  const image = common().image[kind];
  const cameraInput = useRef<HTMLInputElement>(null);
  const fileInput = useRef<HTMLInputElement>(null);
  const onPick = (event: { currentTarget: HTMLInputElement }) => {
    const input = event.currentTarget;
    void choice.pick(input.files).then(() => {
      // Allows the same file to be chosen again.
      input.value = "";
    });
  };
  const fileText = replaces ? t.other : t.file;
  return (
    <>
      {camera && hasCamera() && (
        <>
          <input ref={cameraInput} type="file" accept="image/*" capture="environment" hidden onChange={onPick} />
          <Button variant="secondary" busy={choice.busy} label={t.forImage(t.camera, image)} onClick={() => cameraInput.current?.click()}>
            {t.camera}
          </Button>
        </>
      )}
      <input ref={fileInput} type="file" accept="image/*,.heic,.heif" hidden onChange={onPick} data-image={kind} />
      <Button id={kind} variant="secondary" busy={choice.busy} label={t.forImage(fileText, image)} onClick={() => fileInput.current?.click()}>
        {fileText}
      </Button>
      {choice.busy && (
        <span class="govgr-visually-hidden" role="status">
          {t.reading}
        </span>
      )}
    </>
  );
}
