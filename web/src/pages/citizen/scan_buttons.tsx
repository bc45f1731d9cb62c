import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Notice } from "../../parts/notice";
import { findingText } from "./scanner/finding_text";
import type { PictureError } from "./scanner/picture";
import type { ScannerProps } from "./scanner/scanner";
import { words as codeWords } from "./words/code";
import { words } from "./words/scanner";

type ScanError = PictureError | { kind: "reader" };

/** Buttons that read the code number from a QR code. The QR reader is large, so it is loaded on first use. */
export function ScanButtons({ onCode }: { onCode: (code: string) => void }) {
  const t = words();
  const file = useRef<HTMLInputElement>(null);
  const [Camera, setCamera] = useState<ComponentType<ScannerProps>>();
  const [error, setError] = useState<ScanError>();
  const [typingRequests, setTypingRequests] = useState(0);
  useEffect(() => {
    // Runs after the scanner's dialog is closed, because closing the dialog moves the focus to the button that opened it.
    if (typingRequests > 0) document.getElementById("code")?.focus();
  }, [typingRequests]);
  const open = useAction(async () => {
    setError(undefined);
    try {
      const { Scanner } = await import("./scanner/scanner");
      setCamera(() => Scanner);
    } catch {
      setError({ kind: "reader" });
    }
  });
  const read = useAction(async (picture: File) => {
    setError(undefined);
    try {
      const { codeInPicture } = await import("./scanner/picture");
      const found = await codeInPicture(picture);
      if (found.kind === "code") onCode(found.code);
      else setError(found);
    } catch {
      setError({ kind: "reader" });
    }
  });
  const choose = () => file.current?.click();
  return (
    <>
      <div class="govgr-button-group">
        <Button variant="secondary" busy={open.busy} onClick={() => open.run()}>
          {codeWords().camera}
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
            <p>{errorText(error)}</p>
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
          onType={() => {
            setCamera(undefined);
            setTypingRequests((count) => count + 1);
          }}
          onClose={() => setCamera(undefined)}
        />
      )}
    </>
  );
}

function errorText(error: ScanError): string {
  const t = words();
  switch (error.kind) {
    case "reader":
      return t.problems.reader;
    case "nothing":
      return t.nothing;
    case "unreadable":
      return t.unreadable;
    default:
      return findingText(error);
  }
}
