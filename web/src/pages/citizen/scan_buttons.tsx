import type { ComponentType } from "preact";
import { useRef, useState } from "preact/hooks";

import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Notice } from "../../parts/notice";
import type { Scan } from "./scanner/scanner";
import { words } from "./words/code";

type Trouble = "notFound" | "foreign" | "unreadable" | "broken";

/** The ways to a code number other than typing. What reads QR codes is large, and loaded when somebody wants it. */
export function ScanButtons({ onCode }: { onCode: (code: string) => void }) {
  const t = words();
  const file = useRef<HTMLInputElement>(null);
  const [Camera, setCamera] = useState<ComponentType<Scan>>();
  const [trouble, setTrouble] = useState<Trouble>();
  const open = useAction(async () => {
    setTrouble(undefined);
    try {
      const { Scanner } = await import("./scanner/scanner");
      setCamera(() => Scanner);
    } catch {
      setTrouble("broken");
    }
  });
  const read = useAction(async (picture: File) => {
    setTrouble(undefined);
    try {
      const { codeInPicture } = await import("./scanner/picture");
      const found = await codeInPicture(picture);
      if (found.kind === "code") onCode(found.code);
      else setTrouble(found.kind);
    } catch {
      setTrouble("broken");
    }
  });
  const choose = () => file.current?.click();
  return (
    <>
      <div class="govgr-button-group">
        <Button look="secondary" busy={open.busy} onClick={() => open.run()}>
          {t.camera}
        </Button>
        <Button look="secondary" busy={read.busy} onClick={choose}>
          {t.picture}
        </Button>
      </div>
      <input
        ref={file}
        type="file"
        accept="image/*"
        hidden
        tabIndex={-1}
        aria-label={t.picture}
        onChange={(event) => {
          const input = event.currentTarget;
          const picture = input.files?.[0];
          setCamera(undefined);
          if (picture !== undefined) void read.run(picture);
          // The same file may be chosen again.
          input.value = "";
        }}
      />
      <div role="alert">
        {trouble !== undefined && (
          <Notice kind="warning">
            <p>{t.scanner[trouble]}</p>
          </Notice>
        )}
      </div>
      {Camera !== undefined && (
        <Camera
          onCode={(code) => {
            setCamera(undefined);
            onCode(code);
          }}
          onPicture={choose}
          onClose={() => setCamera(undefined)}
        />
      )}
    </>
  );
}
