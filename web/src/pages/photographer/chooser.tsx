/* Where a picture comes from: the telephone's camera, a file, or one that is dropped. */
import { useRef, useState } from "preact/hooks";

import { staying } from "../../parts/action";
import { Button } from "../../parts/button";
import { choose } from "./draft";
import { words } from "./new_words";
import { Unreadable } from "./picture/decode";
import type { Kind } from "./picture/profiles";
import { words as common } from "./words";

/** `capture` does nothing where there is no camera to hold. */
export const hasCamera = () => matchMedia("(pointer: coarse)").matches;

export type Choice = { busy: boolean; wrong: string | undefined; pick: (files: FileList | null | undefined) => Promise<void> };

/** Opens what was picked; `onChosen` once it is a picture. */
export function useChoice(kind: Kind, onChosen: () => void): Choice {
  const t = words().pictures;
  const [busy, setBusy] = useState(false);
  const [why, setWhy] = useState<"heic" | "unreadable" | "several">();
  const running = useRef(false);
  const pick = async (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (file === undefined || running.current) return;
    if (files?.length !== 1) return setWhy("several");
    const isHere = staying();
    running.current = true;
    setBusy(true);
    setWhy(undefined);
    try {
      await choose(kind, file);
      if (isHere()) onChosen();
    } catch (error) {
      setWhy(error instanceof Unreadable ? error.why : "unreadable");
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { busy, wrong: why === undefined ? undefined : t[why], pick };
}

/** Buttons for it. `other` where there is one already; without `camera` where another one is hardly wanted. */
export function Chooser({ kind, choice, other = false, camera = true }: { kind: Kind; choice: Choice; other?: boolean; camera?: boolean }) {
  const t = words().pictures;
  const image = common().image[kind];
  const taken = useRef<HTMLInputElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const picked = (event: { currentTarget: HTMLInputElement }) => {
    const input = event.currentTarget;
    void choice.pick(input.files).then(() => {
      // So that the same file can be chosen again.
      input.value = "";
    });
  };
  const fileText = other ? t.other : t.file;
  return (
    <>
      {camera && hasCamera() && (
        <>
          <input ref={taken} type="file" accept="image/*" capture="environment" hidden onChange={picked} />
          <Button look="secondary" busy={choice.busy} label={t.forImage(t.camera, image)} onClick={() => taken.current?.click()}>
            {t.camera}
          </Button>
        </>
      )}
      <input ref={file} type="file" accept="image/*,.heic,.heif" hidden onChange={picked} data-image={kind} />
      <Button id={kind} look="secondary" busy={choice.busy} label={t.forImage(fileText, image)} onClick={() => file.current?.click()}>
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
