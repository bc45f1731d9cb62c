import type { ComponentType } from "preact";
import { useRef, useState } from "preact/hooks";

import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Notice } from "../../parts/notice";
import type { ScannerProps } from "./scanner/scanner";
import { words } from "./words/code";

type ScanError = "notFound" | "foreign" | "unreadable" | "broken";

/** Buttons that read the code number from a QR code. The QR reader is large, so it is loaded on first use. */
export function ScanButtons({ onCode }: { onCode: (code: string) => void }) {
  const t = words();
  const file = useRef<HTMLInputElement>(null);
  const [Camera, setCamera] = useState<ComponentType<ScannerProps>>();
  const [error, setError] = useState<ScanError>();
  const open = useAction(async () => {
    setError(undefined);
    try {
      const { Scanner } = await import("./scanner/scanner");
      setCamera(() => Scanner);
    } catch {
      setError("broken");
    }
  });
  const read = useAction(async (picture: File) => {
    setError(undefined);
    try {
      const { codeInPicture } = await import("./scanner/picture");
      const found = await codeInPicture(picture);
      if (found.kind === "code") onCode(found.code);
      else setError(found.kind);
    } catch {
      setError("broken");
    }
  });
  const choose = () => file.current?.click();
  return (
    <>
      <div class="govgr-button-group">
        <Button variant="secondary" busy={open.busy} onClick={() => open.run()}>
          {t.camera}
        </Button>
        <Button variant="secondary" busy={read.busy} onClick={choose}>
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
          // Allows the same file to be chosen again.
          input.value = "";
        }}
      />
      <div role="alert">
        {error !== undefined && (
          <Notice kind="warning">
            <p>{t.scanner[error]}</p>
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
