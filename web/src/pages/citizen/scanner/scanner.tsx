import { useEffect, useRef, useState } from "preact/hooks";

import { Button } from "../../../parts/button";
import { Dialog } from "../../../parts/dialog";
import { words as parts } from "../../../parts/words";
import { words } from "../words/code";
import { scaledPixels, findCode } from "./picture";
import { reader } from "./reader";

export type ScannerProps = { onCode: (code: string) => void; onPicture: () => void; onClose: () => void };

type Stage = "starting" | "looking" | "foreign" | "refused" | "absent" | "busy" | "broken";

const FINAL_STAGES: ReadonlySet<Stage> = new Set<Stage>(["refused", "absent", "busy", "broken"]);
const SCAN_INTERVAL_MS = 120;
const SCANNED_SIDE_MAX = 900;

/** Scans the camera's picture until it contains a code number. The camera is switched off however the dialog is closed. */
export function Scanner({ onCode, onPicture, onClose }: ScannerProps) {
  const t = words().scanner;
  const video = useRef<HTMLVideoElement>(null);
  const [stage, setStage] = useState<Stage>("starting");
  const latestOnCode = useRef(onCode);
  latestOnCode.current = onCode;
  useEffect(() => {
    const screen = video.current;
    if (screen === null) return;
    return startScanning(screen, setStage, (code) => latestOnCode.current(code));
  }, []);
  return (
    <Dialog title={t.title} onClose={onClose}>
      <video ref={video} class="scanner" hidden={FINAL_STAGES.has(stage)} muted playsInline aria-label={t.view} />
      <p class="govgr-body" role="status">
        {t[stage]}
      </p>
      <div class="govgr-button-group">
        <Button variant="secondary" onClick={onClose}>
          {parts().close}
        </Button>
        <Button variant="secondary" onClick={onPicture}>
          {words().picture}
        </Button>
      </div>
    </Dialog>
  );
}

/** Opens the camera and starts scanning. Returns the function that stops both. */
function startScanning(screen: HTMLVideoElement, onStage: (stage: Stage) => void, onCode: (code: string) => void): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  const scan = async () => {
    let stream: MediaStream;
    try {
      stream = await openCamera();
      // The user may close the dialog while the camera is still opening. Then it must be switched off as well.
      const stopCamera = () => stream.getTracks().forEach((track) => track.stop());
      signal.addEventListener("abort", stopCamera);
      if (signal.aborted) return stopCamera();
      screen.srcObject = stream;
      await screen.play();
    } catch (error) {
      if (!signal.aborted) onStage(stageOfError(error));
      return;
    }
    try {
      const code = await findFirstCode(screen, signal, onStage);
      controller.abort();
      if (code !== undefined) onCode(code);
    } catch {
      if (!isAborted(signal)) onStage("broken");
      controller.abort();
    }
  };
  void scan();
  return () => controller.abort();
}

async function findFirstCode(screen: HTMLVideoElement, signal: AbortSignal, onStage: (stage: Stage) => void): Promise<string | undefined> {
  const read = await reader();
  if (!isAborted(signal)) onStage("looking");
  while (!isAborted(signal)) {
    if (screen.videoWidth > 0) {
      const result = findCode(await read(scaledPixels(screen, screen.videoWidth, screen.videoHeight, SCANNED_SIDE_MAX)));
      if (isAborted(signal)) return undefined;
      if (result?.kind === "code") return result.code;
      if (result?.kind === "foreign") onStage("foreign");
    }
    await new Promise((resolve) => setTimeout(resolve, SCAN_INTERVAL_MS));
  }
  return undefined;
}

/** A function, because TypeScript would otherwise assume that `aborted` cannot change across an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function openCamera(): Promise<MediaStream> {
  // Browsers provide mediaDevices only on secure connections.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) return Promise.reject(new DOMException("", "NotFoundError"));
  return devices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 960 } } });
}

function stageOfError(error: unknown): Stage {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "absent" : "busy";
}
