import { useEffect, useRef, useState } from "preact/hooks";

import { Button } from "../../../parts/button";
import { Dialog } from "../../../parts/dialog";
import { words as parts } from "../../../parts/words";
import { words } from "../words/code";
import { pixels, whatIsIn } from "./picture";
import { reader } from "./reader";

export type Scan = { onCode: (code: string) => void; onPicture: () => void; onClose: () => void };

type Stage = "starting" | "looking" | "foreign" | "refused" | "absent" | "busy" | "broken";

const OVER: ReadonlySet<Stage> = new Set<Stage>(["refused", "absent", "busy", "broken"]);
const BETWEEN_LOOKS = 120;
const SIDE = 900;

/** The camera's picture, looked at until a code number is in it. However the dialog goes, the camera is off. */
export function Scanner({ onCode, onPicture, onClose }: Scan) {
  const t = words().scanner;
  const video = useRef<HTMLVideoElement>(null);
  const [stage, setStage] = useState<Stage>("starting");
  const found = useRef(onCode);
  found.current = onCode;
  useEffect(() => {
    const screen = video.current;
    if (screen === null) return;
    return look(screen, setStage, (code) => found.current(code));
  }, []);
  return (
    <Dialog title={t.title} onClose={onClose}>
      <video ref={video} class="scanner" hidden={OVER.has(stage)} muted playsInline aria-label={t.view} />
      <p class="govgr-body" role="status">
        {t[stage]}
      </p>
      <div class="govgr-button-group">
        <Button look="secondary" onClick={onClose}>
          {parts().close}
        </Button>
        <Button look="secondary" onClick={onPicture}>
          {words().picture}
        </Button>
      </div>
    </Dialog>
  );
}

/** Opens the camera and looks until told to stop, by the function that it answers. */
function look(screen: HTMLVideoElement, say: (stage: Stage) => void, onCode: (code: string) => void): () => void {
  const leaving = new AbortController();
  const { signal } = leaving;
  const begin = async () => {
    let stream: MediaStream;
    try {
      stream = await open();
      // A camera must never stay on, also where somebody left while it was opening.
      const off = () => stream.getTracks().forEach((track) => track.stop());
      signal.addEventListener("abort", off);
      if (signal.aborted) return off();
      screen.srcObject = stream;
      await screen.play();
    } catch (error) {
      if (!signal.aborted) say(why(error));
      return;
    }
    try {
      const code = await firstCode(screen, signal, say);
      leaving.abort();
      if (code !== undefined) onCode(code);
    } catch {
      if (!isOver(signal)) say("broken");
      leaving.abort();
    }
  };
  void begin();
  return () => leaving.abort();
}

async function firstCode(screen: HTMLVideoElement, signal: AbortSignal, say: (stage: Stage) => void): Promise<string | undefined> {
  const read = await reader();
  if (!isOver(signal)) say("looking");
  while (!isOver(signal)) {
    if (screen.videoWidth > 0) {
      const seen = whatIsIn(await read(pixels(screen, screen.videoWidth, screen.videoHeight, SIDE)));
      if (isOver(signal)) return undefined;
      if (seen?.kind === "code") return seen.code;
      if (seen?.kind === "foreign") say("foreign");
    }
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
  }
  return undefined;
}

/** Asked anew after each wait. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

function open(): Promise<MediaStream> {
  // Without a secure connection browsers have no mediaDevices at all.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) return Promise.reject(new DOMException("", "NotFoundError"));
  return devices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 960 } } });
}

function why(error: unknown): Stage {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "absent" : "busy";
}
