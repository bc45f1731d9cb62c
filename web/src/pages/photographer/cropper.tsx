/* The picture under a fixed frame: moved, enlarged, turned and straightened by touch, mouse, keyboard and buttons alike. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { Button } from "../../parts/button";
import { HeadGuides } from "./head_guides";
import { words } from "./new_words";
import { hasPixels, leastWidth, mostWidth, moved, MOST_TILT, straightened, transform, turned, zoomed, type Crop } from "./picture/crop";
import type { Frame, HeadLimits, Size } from "./picture/profiles";
import { number } from "./report_words";

/** Of the frame's width: what shows of the picture around it. */
const MARGIN = 0.08;
/** Of one press of an arrow, in the frame's width. */
const STEP = 0.01;
const ZOOM_STEP = 1.05;
const TILT_STEP = 0.5;

type Point = { x: number; y: number };
type CropperProps = {
  frame: Frame;
  source: Size;
  shown: ImageBitmap | HTMLCanvasElement;
  crop: Crop;
  first: Crop;
  head: HeadLimits | undefined;
  onCrop: (crop: Crop) => void;
  children: ComponentChildren;
};

export function Cropper({ frame, source, shown, crop, first, head, onCrop, children }: CropperProps) {
  const t = words().crop;
  const stage = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const { proportion } = frame;
  // In frame widths.
  const whole = { width: 1 + 2 * MARGIN, height: proportion.height / proportion.width + 2 * MARGIN };

  useLayoutEffect(() => {
    const place = stage.current;
    if (place === null) return;
    const look = new ResizeObserver(() => setWidth(place.clientWidth));
    look.observe(place);
    setWidth(place.clientWidth);
    return () => look.disconnect();
  }, []);

  useLayoutEffect(() => {
    const drawn = canvas.current;
    if (drawn === null || width === 0) return;
    const dots = Math.min(2, devicePixelRatio);
    const size = { width: Math.round(width * dots), height: Math.round(((width * whole.height) / whole.width) * dots) };
    if (drawn.width !== size.width || drawn.height !== size.height) Object.assign(drawn, size);
    const drawing = drawn.getContext("2d");
    if (drawing === null) return;
    drawing.setTransform(1, 0, 0, 1, 0, 0);
    drawing.fillStyle = "#3b3b3b";
    drawing.fillRect(0, 0, size.width, size.height);
    drawing.imageSmoothingQuality = "high";
    const scale = size.width / whole.width / crop.width;
    drawing.setTransform(...transform(crop, scale, { x: size.width / 2, y: size.height / 2 }));
    drawing.drawImage(shown, 0, 0, source.width, source.height);
  }, [width, crop, shown]);

  const latest = useRef(crop);
  latest.current = crop;
  const change = (next: Crop) => {
    latest.current = next;
    onCrop(next);
  };
  const move = (across: number, down: number) => change(moved(frame, source, latest.current, across, down));
  const zoom = (factor: number, about?: Point) => change(zoomed(frame, source, latest.current, factor, about));
  const tilt = (degrees: number) => change(straightened(frame, source, latest.current, Math.round(degrees * 10) / 10));
  const turn = (by: 1 | -1) => change(turned(frame, source, latest.current, by));
  useGestures(stage, whole.width, move, zoom);

  const [most, least] = [mostWidth(frame, source, crop), leastWidth(frame, source, crop)];
  const mostZoom = most / least;
  const nowZoom = Math.min(mostZoom, most / crop.width);
  const atLeast = crop.width <= least + 0.01;
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => move(-STEP, 0),
    ArrowRight: () => move(STEP, 0),
    ArrowUp: () => move(0, -STEP),
    ArrowDown: () => move(0, STEP),
    "+": () => zoom(ZOOM_STEP),
    "=": () => zoom(ZOOM_STEP),
    "-": () => zoom(1 / ZOOM_STEP),
  };

  return (
    <>
      <div class={proportion.width > proportion.height ? "stage-place stage-place-wide" : "stage-place"}>
        <div
          class="stage"
          ref={stage}
          style={{ aspectRatio: `${whole.width} / ${whole.height}` }}
          // A picture that is moved about is no text: screen readers pass the keys on.
          role="application"
          tabIndex={0}
          aria-label={t.stage}
          onKeyDown={(event) => {
            const does = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
            if (does === undefined) return;
            event.preventDefault();
            does();
          }}
        >
          <canvas ref={canvas} class="stage-canvas" />
          <HeadGuides frame={frame} head={head} margin={MARGIN} />
        </div>
      </div>
      <div class="crop-tools">
        {children}
        <Slider label={t.size} id="crop-size" value={Math.log(nowZoom)} least={0} most={Math.max(Math.log(mostZoom), 0.0001)} text={`${number(nowZoom * 100)}%`} disabled={mostZoom <= 1} onInput={(value) => zoom(Math.exp(value) / nowZoom)}>
          {[
            { text: "−", label: t.smaller, does: () => zoom(1 / ZOOM_STEP) },
            { text: "+", label: t.larger, does: () => zoom(ZOOM_STEP) },
          ]}
        </Slider>
        {atLeast && hasPixels(frame, crop) && mostZoom > 1 && <p class="govgr-hint crop-note">{t.least}</p>}
        <Slider label={t.tilt} id="crop-tilt" value={crop.tilt} least={-MOST_TILT} most={MOST_TILT} text={t.degrees(number(crop.tilt, 1))} shown={`${number(crop.tilt, 1)}°`} onInput={tilt}>
          {[
            { text: "↺", label: t.tiltLeft, does: () => tilt(latest.current.tilt - TILT_STEP) },
            { text: "↻", label: t.tiltRight, does: () => tilt(latest.current.tilt + TILT_STEP) },
          ]}
        </Slider>
        <div class="crop-row" role="group" aria-label={t.move}>
          <span class="crop-row-label" aria-hidden="true">
            {t.move}
          </span>
          <Small label={t.left} text="←" does={() => move(-2 * STEP, 0)} />
          <Small label={t.up} text="↑" does={() => move(0, -2 * STEP)} />
          <Small label={t.down} text="↓" does={() => move(0, 2 * STEP)} />
          <Small label={t.right} text="→" does={() => move(2 * STEP, 0)} />
        </div>
        <div class="crop-buttons">
          <Button look="secondary" onClick={() => turn(-1)}>
            <span aria-hidden="true">⟲</span> {t.quarterLeft}
          </Button>
          <Button look="secondary" onClick={() => turn(1)}>
            <span aria-hidden="true">⟳</span> {t.quarterRight}
          </Button>
          <Button look="link" onClick={() => change(first)}>
            {t.reset}
          </Button>
        </div>
      </div>
    </>
  );
}

type SmallButton = { text: string; label: string; does: () => void };

function Small({ text, label, does }: SmallButton) {
  return (
    <button type="button" class="crop-small" aria-label={label} title={label} onClick={does}>
      <span aria-hidden="true">{text}</span>
    </button>
  );
}

function Slider({
  id,
  label,
  value,
  least,
  most,
  text,
  shown = text,
  disabled = false,
  onInput,
  children: [less, more],
}: {
  id: string;
  label: string;
  value: number;
  least: number;
  most: number;
  text: string;
  shown?: string;
  disabled?: boolean;
  onInput: (value: number) => void;
  children: [SmallButton, SmallButton];
}) {
  return (
    <div class="crop-row">
      <label class="crop-row-label" for={id}>
        {label} <span class="crop-value">{shown}</span>
      </label>
      <Small {...less} />
      <input id={id} type="range" class="crop-range" min={least} max={most} step="any" value={value} disabled={disabled} aria-valuetext={text} onInput={(event) => onInput(event.currentTarget.valueAsNumber)} onKeyDown={(event) => stepBy(event, less, more)} />
      <Small {...more} />
    </div>
  );
}

/** A range without steps moves too far by arrow: by as much as its buttons instead. */
function stepBy(event: KeyboardEvent, less: SmallButton, more: SmallButton): void {
  const does = event.key === "ArrowLeft" || event.key === "ArrowDown" ? less : event.key === "ArrowRight" || event.key === "ArrowUp" ? more : undefined;
  if (does === undefined) return;
  event.preventDefault();
  does.does();
}

/** One pointer moves, two enlarge as well, the wheel enlarges; measures are in frame widths from the middle. */
function useGestures(stage: { current: HTMLDivElement | null }, widths: number, move: (across: number, down: number) => void, zoom: (factor: number, about: Point) => void): void {
  const does = useRef({ move, zoom });
  does.current = { move, zoom };
  useEffect(() => {
    const place = stage.current;
    if (place === null) return;
    const pointers = new Map<number, Point>();
    const at = (event: PointerEvent | WheelEvent): Point => {
      const box = place.getBoundingClientRect();
      const one = box.width / widths;
      return { x: (event.clientX - box.left - box.width / 2) / one, y: (event.clientY - box.top - box.height / 2) / one };
    };
    const middle = (): { at: Point; spread: number } => {
      const [one = { x: 0, y: 0 }, other = one] = [...pointers.values()];
      return { at: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 }, spread: Math.hypot(one.x - other.x, one.y - other.y) };
    };
    const down = (event: PointerEvent) => {
      if (event.button !== 0 || pointers.size === 2) return;
      place.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, at(event));
    };
    const drag = (event: PointerEvent) => {
      if (!pointers.has(event.pointerId)) return;
      const before = middle();
      pointers.set(event.pointerId, at(event));
      const now = middle();
      does.current.move(now.at.x - before.at.x, now.at.y - before.at.y);
      if (pointers.size === 2 && before.spread > 0) does.current.zoom(now.spread / before.spread, now.at);
    };
    const up = (event: PointerEvent) => pointers.delete(event.pointerId);
    const wheel = (event: WheelEvent) => {
      // Only what is in hand: elsewhere the wheel scrolls the page past the picture.
      if (document.activeElement !== place && !event.ctrlKey) return;
      event.preventDefault();
      does.current.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.03 : 0.0015)), at(event));
    };
    place.addEventListener("pointerdown", down);
    place.addEventListener("pointermove", drag);
    place.addEventListener("pointerup", up);
    place.addEventListener("pointercancel", up);
    place.addEventListener("wheel", wheel, { passive: false });
    return () => {
      place.removeEventListener("pointerdown", down);
      place.removeEventListener("pointermove", drag);
      place.removeEventListener("pointerup", up);
      place.removeEventListener("pointercancel", up);
      place.removeEventListener("wheel", wheel);
    };
  }, []);
}
