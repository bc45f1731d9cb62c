import { useEffect, useRef, useState } from "preact/hooks";

import { Button } from "../../../parts/button";
import { Dialog } from "../../../parts/dialog";
import { words as parts } from "../../../parts/words";
import { currentClient, isInsideApp } from "../browser";
import { OpenElsewhere } from "../open_elsewhere";
import { words } from "../words/scanner";
import type { Controls } from "./camera";
import { ControlsOfCamera } from "./controls";
import { findingText } from "./finding_text";
import { scaledPixels } from "./picture";
import { createReader } from "./reader";
import { ScanSession, type Listener, type ScanState } from "./scan_session";

export type ScannerProps = { onCode: (code: string) => void; onPicture: () => void; onType: () => void; onClose: () => void };

const SCANNED_SIDE_MAX = 900;
/** Number of consecutive images in which the browser's detector may find nothing before zxing is loaded. They cover about one second. */
const READER_PATIENCE = 8;

/**
 * Scans a code number with the camera. The camera is switched off when the dialog is closed, no matter how. The dialog always offers the
 * two other ways to enter a code: choosing a picture file, and typing.
 */
export function Scanner({ onCode, onPicture, onType, onClose }: ScannerProps) {
  const t = words();
  const video = useRef<HTMLVideoElement>(null);
  const session = useRef<ScanSession | undefined>(undefined);
  const [state, setState] = useState<ScanState>({ kind: "opening", isSlow: false });
  const [controls, setControls] = useState<Controls>({ torch: false });
  const [cameras, setCameras] = useState(0);
  const latestOnCode = useRef(onCode);
  latestOnCode.current = onCode;
  useEffect(() => {
    if (video.current === null) return;
    const started = startSession(video.current, {
      onState: setState,
      onControls: (newControls, count) => {
        setControls(newControls);
        setCameras(count);
      },
      onCode: (code) => latestOnCode.current(code),
    });
    session.current = started;
    return () => started.end();
  }, []);
  const needsOtherBrowser = state.kind === "failed" && (state.problem === "unavailable" || (state.problem === "refused" && isInsideApp(currentClient())));
  return (
    <Dialog title={t.title} onClose={onClose}>
      <video
        ref={video}
        class="scanner"
        hidden={state.kind === "failed" || state.kind === "paused"}
        muted
        playsInline
        aria-label={t.view}
        onPause={() => session.current?.resume()}
        onClick={() => {
          if (state.kind === "tap") session.current?.tap();
        }}
      />
      <p class="govgr-body" role="status" data-scan={state.kind === "failed" ? state.problem : state.kind}>
        {needsOtherBrowser ? t.problems.unavailable : stateText(state)}
      </p>
      {needsOtherBrowser && <OpenElsewhere />}
      <div class="govgr-button-group">
        {state.kind === "tap" && <Button onClick={() => session.current?.tap()}>{t.start}</Button>}
        {state.kind === "failed" && state.problem !== "unavailable" && <Button onClick={() => session.current?.retry()}>{parts().retry}</Button>}
        <ControlsOfCamera
          controls={controls}
          canSwitch={cameras > 1}
          onTorch={(on) => session.current?.setTorch(on)}
          onZoom={(zoom) => session.current?.setZoom(zoom)}
          onSwitch={() => session.current?.switchCamera()}
        />
      </div>
      <div class="govgr-button-group">
        <Button variant="secondary" onClick={onType}>
          {t.type}
        </Button>
        <Button variant="secondary" onClick={onPicture}>
          {t.picture}
        </Button>
        <Button variant="secondary" onClick={onClose}>
          {parts().close}
        </Button>
      </div>
    </Dialog>
  );
}

function stateText(state: ScanState): string {
  const t = words();
  switch (state.kind) {
    case "opening":
      return state.isSlow ? t.slow : t.opening;
    case "tap":
      return t.tap;
    case "looking":
      return state.found === undefined ? t.looking : findingText(state.found);
    case "paused":
      return t.paused;
    case "failed":
      return t.problems[state.problem];
  }
}

function startSession(screen: HTMLVideoElement, listener: Listener): ScanSession {
  const environment = {
    // Browsers provide mediaDevices only on secure connections. Apps that show web pages often do not provide it at all.
    devices: navigator.mediaDevices as MediaDevices | undefined,
    screen,
    capture: () => (screen.videoWidth > 0 ? scaledPixels(screen, screen.videoWidth, screen.videoHeight, SCANNED_SIDE_MAX) : undefined),
    read: createReader(READER_PATIENCE),
    origin: location.origin,
    isHidden: () => document.visibilityState === "hidden",
    onVisibilityChange: (notify: () => void) => {
      document.addEventListener("visibilitychange", notify);
      addEventListener("pageshow", notify);
      return () => {
        document.removeEventListener("visibilitychange", notify);
        removeEventListener("pageshow", notify);
      };
    },
  };
  return new ScanSession(environment, listener);
}
