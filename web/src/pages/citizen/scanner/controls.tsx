import { useEffect, useId, useState } from "preact/hooks";

import { Button } from "../../../parts/button";
import { words } from "../words/scanner";
import type { Controls } from "./camera";

type ControlsProps = {
  controls: Controls;
  canSwitch: boolean;
  /** Returns whether the camera accepted the setting. */
  onTorch: (on: boolean) => Promise<boolean> | undefined;
  onZoom: (zoom: number) => Promise<boolean> | undefined;
  onSwitch: () => void;
};

/** Controls for the light, the zoom and the choice of the camera. Shows only those that the open camera supports. */
export function ControlsOfCamera({ controls, canSwitch, onTorch, onZoom, onSwitch }: ControlsProps) {
  const t = words();
  const id = useId();
  const [isLit, setLit] = useState(false);
  const [zoom, setZoom] = useState(controls.zoom?.value);
  useEffect(() => {
    // `controls` changes when a camera is opened, even if it is the same camera again. It also changes when the open camera reports other
    // capabilities while it delivers images. A newly opened camera has its light off.
    setLit(false);
    setZoom(controls.zoom?.value);
  }, [controls]);
  return (
    <>
      {controls.torch && (
        <Button
          variant="secondary"
          onClick={async () => {
            if ((await onTorch(!isLit)) === true) setLit(!isLit);
          }}
        >
          {isLit ? t.torchOff : t.torchOn}
        </Button>
      )}
      {canSwitch && (
        <Button variant="secondary" onClick={onSwitch}>
          {t.switchCamera}
        </Button>
      )}
      {controls.zoom !== undefined && (
        <div class="scanner-zoom">
          <label class="govgr-label" for={id}>
            {t.zoom}
          </label>
          <input
            id={id}
            type="range"
            min={controls.zoom.min}
            max={controls.zoom.max}
            step={controls.zoom.step}
            value={zoom}
            onInput={(event) => {
              const chosen = event.currentTarget.valueAsNumber;
              setZoom(chosen);
              void onZoom(chosen);
            }}
          />
        </div>
      )}
    </>
  );
}
