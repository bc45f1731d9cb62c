/* The picture under a fixed frame. The user can move, zoom, rotate and straighten the picture by touch, mouse, keyboard and buttons. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { Button } from "../../parts/button";
import { HeadGuides } from "./head_guides";
import { words } from "./new_words";
import { hasEnoughPixels, minWidth, maxWidth, pan, TILT_MAX, straighten, transform, rotate, zoom, type Crop } from "./picture/crop";
import type { Frame, HeadLimits, Size } from "./picture/profiles";
import { formatNumber } from "./numbers";

/** Width of the margin shown around the frame, relative to the frame's width. */
const MARGIN_RATIO = 0.08;
/** Distance of one arrow key press, relative to the frame's width. With Shift, the distance is ten times as large. */
const PAN_STEP = 0.01;
const ZOOM_STEP = 1.05;
const TILT_STEP = 0.5;

type Point = { x: number; y: number };
type CropperProps = {
  frame: Frame;
  source: Size;
  preview: ImageBitmap | HTMLCanvasElement;
  crop: Crop;
  initialCrop: Crop;
  head: HeadLimits | undefined;
  onCrop: (crop: Crop) => void;
  /** Called when Enter is pressed on the picture. */
  onAccept: () => void;
  children: ComponentChildren;
};

export function Cropper({ frame, source, preview, crop, initialCrop, head, onCrop, onAccept, children }: CropperProps) {
  const t = words().crop;
  const stage = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const { proportion } = frame;
  // The size of the stage, in units of the frame's width.
  const stageSize = { width: 1 + 2 * MARGIN_RATIO, height: proportion.height / proportion.width + 2 * MARGIN_RATIO };

  useLayoutEffect(() => {
    const element = stage.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null || width === 0) return;
    const pixelRatio = Math.min(2, devicePixelRatio);
    const size = { width: Math.round(width * pixelRatio), height: Math.round(((width * stageSize.height) / stageSize.width) * pixelRatio) };
    if (element.width !== size.width || element.height !== size.height) Object.assign(element, size);
    const context = element.getContext("2d");
    if (context === null) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#3b3b3b";
    context.fillRect(0, 0, size.width, size.height);
    context.imageSmoothingQuality = "high";
    const scale = size.width / stageSize.width / crop.width;
    context.setTransform(...transform(crop, scale, { x: size.width / 2, y: size.height / 2 }));
    context.drawImage(preview, 0, 0, source.width, source.height);
  }, [width, crop, preview]);

  const latest = useRef(crop);
  latest.current = crop;
  const change = (next: Crop) => {
    latest.current = next;
    onCrop(next);
  };
  const panBy = (across: number, down: number) => change(pan(frame, source, latest.current, across, down));
  const zoomBy = (factor: number, about?: Point) => change(zoom(frame, source, latest.current, factor, about));
  const setTilt = (degrees: number) => change(straighten(frame, source, latest.current, Math.round(degrees * 10) / 10));
  const rotateBy = (by: 1 | -1) => change(rotate(frame, source, latest.current, by));
  useGestures(stage, stageSize.width, panBy, zoomBy);

  const [widest, narrowest] = [maxWidth(frame, source, crop), minWidth(frame, source, crop)];
  const maxZoom = widest / narrowest;
  const currentZoom = Math.min(maxZoom, widest / crop.width);
  const isFullyZoomed = crop.width <= narrowest + 0.01;
  const keys: Readonly<Record<string, (step: number) => void>> = {
    ArrowLeft: (step) => panBy(-step, 0),
    ArrowRight: (step) => panBy(step, 0),
    ArrowUp: (step) => panBy(0, -step),
    ArrowDown: (step) => panBy(0, step),
    "+": () => zoomBy(ZOOM_STEP),
    "=": () => zoomBy(ZOOM_STEP),
    "-": () => zoomBy(1 / ZOOM_STEP),
    Enter: onAccept,
  };

  return (
    <>
      <div class={proportion.width > proportion.height ? "stage-place stage-place-wide" : "stage-place"}>
        <div
          class="stage"
          ref={stage}
          style={{ aspectRatio: `${stageSize.width} / ${stageSize.height}` }}
          // With the role `application`, screen readers pass the arrow keys on to the page.
          role="application"
          tabIndex={0}
          aria-label={t.stage}
          onKeyDown={(event) => {
            const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
            if (action === undefined) return;
            event.preventDefault();
            action(event.shiftKey ? 10 * PAN_STEP : PAN_STEP);
          }}
        >
          <canvas ref={canvas} class="stage-canvas" />
          <HeadGuides frame={frame} head={head} margin={MARGIN_RATIO} />
        </div>
      </div>
      <div class="crop-tools">
        {children}
        <Slider label={t.size} id="crop-size" value={Math.log(currentZoom)} min={0} max={Math.max(Math.log(maxZoom), 0.0001)} valueText={`${formatNumber(currentZoom * 100)}%`} disabled={maxZoom <= 1} onInput={(value) => zoomBy(Math.exp(value) / currentZoom)}>
          {[
            { text: "−", label: t.smaller, onPress: () => zoomBy(1 / ZOOM_STEP) },
            { text: "+", label: t.larger, onPress: () => zoomBy(ZOOM_STEP) },
          ]}
        </Slider>
        {isFullyZoomed && hasEnoughPixels(frame, crop) && maxZoom > 1 && <p class="govgr-hint crop-note">{t.maxSizeReached}</p>}
        <Slider label={t.tilt} id="crop-tilt" value={crop.tilt} min={-TILT_MAX} max={TILT_MAX} valueText={t.degrees(formatNumber(crop.tilt, 1))} displayedValue={`${formatNumber(crop.tilt, 1)}°`} onInput={setTilt}>
          {[
            { text: "↺", label: t.tiltLeft, onPress: () => setTilt(latest.current.tilt - TILT_STEP) },
            { text: "↻", label: t.tiltRight, onPress: () => setTilt(latest.current.tilt + TILT_STEP) },
          ]}
        </Slider>
        <div class="crop-row" role="group" aria-label={t.move}>
          <span class="crop-row-label" aria-hidden="true">
            {t.move}
          </span>
          <IconButton label={t.left} text="←" onPress={() => panBy(-2 * PAN_STEP, 0)} />
          <IconButton label={t.up} text="↑" onPress={() => panBy(0, -2 * PAN_STEP)} />
          <IconButton label={t.down} text="↓" onPress={() => panBy(0, 2 * PAN_STEP)} />
          <IconButton label={t.right} text="→" onPress={() => panBy(2 * PAN_STEP, 0)} />
        </div>
        <div class="crop-buttons">
          <Button variant="secondary" onClick={() => rotateBy(-1)}>
            <span aria-hidden="true">⟲</span> {t.quarterLeft}
          </Button>
          <Button variant="secondary" onClick={() => rotateBy(1)}>
            <span aria-hidden="true">⟳</span> {t.quarterRight}
          </Button>
          <Button variant="link" onClick={() => change(initialCrop)}>
            {t.reset}
          </Button>
        </div>
      </div>
    </>
  );
}

type IconButtonProps = { text: string; label: string; onPress: () => void };

function IconButton({ text, label, onPress }: IconButtonProps) {
  return (
    <button type="button" class="crop-small" aria-label={label} title={label} onClick={onPress}>
      <span aria-hidden="true">{text}</span>
    </button>
  );
}

function Slider({
  id,
  label,
  value,
  min,
  max,
  valueText,
  displayedValue = valueText,
  disabled = false,
  onInput,
  children: [less, more],
}: {
  id: string;
  label: string;
  value: number;
  min: number;
  max: number;
  valueText: string;
  displayedValue?: string;
  disabled?: boolean;
  onInput: (value: number) => void;
  children: [IconButtonProps, IconButtonProps];
}) {
  return (
    <div class="crop-row">
      <label class="crop-row-label" for={id}>
        {label} <span class="crop-value">{displayedValue}</span>
      </label>
      <IconButton {...less} />
      <input id={id} type="range" class="crop-range" min={min} max={max} step="any" value={value} disabled={disabled} aria-valuetext={valueText} onInput={(event) => onInput(event.currentTarget.valueAsNumber)} onKeyDown={(event) => stepBy(event, less, more)} />
      <IconButton {...more} />
    </div>
  );
}

/**
 * Handles arrow keys on the slider. A key press does the same as one of the slider's buttons, because the browser's own step would be too
 * large.
 */
function stepBy(event: KeyboardEvent, less: IconButtonProps, more: IconButtonProps): void {
  const button = event.key === "ArrowLeft" || event.key === "ArrowDown" ? less : event.key === "ArrowRight" || event.key === "ArrowUp" ? more : undefined;
  if (button === undefined) return;
  event.preventDefault();
  button.onPress();
}

/**
 * Handles pointers and the wheel. One pointer moves the picture, two pointers also zoom it, and the wheel zooms it. The unit of distances
 * is the frame's width, and the origin is the centre of the stage.
 */
function useGestures(stage: { current: HTMLDivElement | null }, frameWidths: number, move: (across: number, down: number) => void, zoom: (factor: number, about: Point) => void): void {
  const handlers = useRef({ move, zoom });
  handlers.current = { move, zoom };
  useEffect(() => {
    const element = stage.current;
    if (element === null) return;
    const pointers = new Map<number, Point>();
    const at = (event: PointerEvent | WheelEvent): Point => {
      const box = element.getBoundingClientRect();
      const frameWidth = box.width / frameWidths;
      return { x: (event.clientX - box.left - box.width / 2) / frameWidth, y: (event.clientY - box.top - box.height / 2) / frameWidth };
    };
    const pinch = (): { at: Point; spread: number } => {
      const [one = { x: 0, y: 0 }, other = one] = [...pointers.values()];
      return { at: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 }, spread: Math.hypot(one.x - other.x, one.y - other.y) };
    };
    const down = (event: PointerEvent) => {
      if (event.button !== 0 || pointers.size === 2) return;
      element.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, at(event));
    };
    const drag = (event: PointerEvent) => {
      if (!pointers.has(event.pointerId)) return;
      const before = pinch();
      pointers.set(event.pointerId, at(event));
      const now = pinch();
      handlers.current.move(now.at.x - before.at.x, now.at.y - before.at.y);
      if (pointers.size === 2 && before.spread > 0) handlers.current.zoom(now.spread / before.spread, now.at);
    };
    const up = (event: PointerEvent) => pointers.delete(event.pointerId);
    const wheel = (event: WheelEvent) => {
      // While the picture does not have the focus, the wheel scrolls the page.
      if (document.activeElement !== element && !event.ctrlKey) return;
      event.preventDefault();
      handlers.current.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.03 : 0.0015)), at(event));
    };
    element.addEventListener("pointerdown", down);
    element.addEventListener("pointermove", drag);
    element.addEventListener("pointerup", up);
    element.addEventListener("pointercancel", up);
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      element.removeEventListener("pointerdown", down);
      element.removeEventListener("pointermove", drag);
      element.removeEventListener("pointerup", up);
      element.removeEventListener("pointercancel", up);
      element.removeEventListener("wheel", wheel);
    };
  }, []);
}
