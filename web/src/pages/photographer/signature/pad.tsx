import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import type { Language } from "../../../words/language";
import { newCanvas } from "./encode";
import { extend, finish, frameAround, PointerChoice, scaleFor, segments, type Sample, type Stroke } from "./strokes_drawn";
import { PAD_WORDS } from "./words";

export type InkName = "blue" | "black";
/** Dark blue and black ink, as CSS colours. */
export const INKS: Readonly<Record<InkName, string>> = { blue: "#14237a", black: "#141414" };

/** Width of the finished picture, in pixels. The height is a third of the width. */
const PICTURE_WIDTH = 1800;

type PadProps = { strokes: readonly Stroke[]; onStrokes: (strokes: readonly Stroke[]) => void; ink: InkName; language: Language };

/** The drawing area. When its size changes, the drawing stays. */
export function Pad({ strokes, onStrokes, ink, language }: PadProps) {
  const t = PAD_WORDS[language];
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const latest = useRef({ strokes, onStrokes, ink, scale: 1 });
  latest.current = { ...latest.current, strokes, onStrokes, ink };

  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const measure = () => {
      const next = { width: element.clientWidth, height: element.clientHeight };
      // Only a change of the area's size changes the scale, so that the drawing does not move under the pen.
      latest.current.scale = scaleFor(latest.current.strokes, next);
      setSize(next);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null || size.width === 0) return;
    const pixelRatio = Math.min(3, devicePixelRatio);
    const pixels = { width: Math.round(size.width * pixelRatio), height: Math.round(size.height * pixelRatio) };
    if (element.width !== pixels.width || element.height !== pixels.height) Object.assign(element, pixels);
    const context = element.getContext("2d");
    if (context === null) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, pixels.width, pixels.height);
    const scale = latest.current.scale * pixelRatio;
    context.setTransform(scale, 0, 0, scale, pixels.width / 2, pixels.height / 2);
    for (const stroke of strokes) drawStroke(context, stroke, ink);
  }, [strokes, ink, size]);

  useEffect(() => {
    const element = canvas.current;
    return element === null ? undefined : listen(element, () => latest.current);
  }, []);

  return (
    <>
      <canvas ref={canvas} class="pad" role="img" aria-label={`${t.pad}: ${strokes.length === 0 ? t.empty : t.strokes(strokes.length)}`} />
      <div class="pad-line" aria-hidden="true" />
    </>
  );
}

function drawStroke(context: CanvasRenderingContext2D, stroke: Stroke, ink: InkName): void {
  context.strokeStyle = INKS[ink];
  context.lineCap = "round";
  for (const { x0, y0, x1, y1, width } of segments(stroke)) {
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  }
}

type PadState = { readonly strokes: readonly Stroke[]; readonly onStrokes: (strokes: readonly Stroke[]) => void; readonly scale: number };

/** Turns pointer events into strokes. Returns the function that removes the listeners. */
function listen(element: HTMLCanvasElement, state: () => PadState): () => void {
  const choice = new PointerChoice();
  let last: Sample | undefined;
  const sampleOf = (event: PointerEvent): Sample => {
    const box = element.getBoundingClientRect();
    const { scale } = state();
    return {
      x: (event.clientX - box.left - box.width / 2) / scale,
      y: (event.clientY - box.top - box.height / 2) / scale,
      // Only the pressure of a pen is used. Touch screens and mice report a constant pressure or none.
      pressure: event.pointerType === "pen" && event.pressure > 0 ? event.pressure : undefined,
      time: event.timeStamp,
    };
  };
  const replaceLast = (change: (stroke: Stroke) => Stroke) => {
    const { strokes, onStrokes } = state();
    const current = strokes.at(-1);
    if (current !== undefined) onStrokes([...strokes.slice(0, -1), change(current)]);
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const { starts, removesCurrent } = choice.down({ id: event.pointerId, type: event.pointerType });
    if (!starts) return;
    element.setPointerCapture(event.pointerId);
    const { strokes, onStrokes } = state();
    last = sampleOf(event);
    onStrokes([...(removesCurrent ? strokes.slice(0, -1) : strokes), extend([], last, undefined)]);
  };
  const move = (event: PointerEvent) => {
    if (!choice.draws(event.pointerId)) return;
    // Browsers combine several positions of the pointer into one event per frame. Older browsers report only the last of these positions.
    const all = "getCoalescedEvents" in event ? event.getCoalescedEvents() : [];
    replaceLast((stroke) =>
      (all.length === 0 ? [event] : all).reduce((longer, one) => {
        const sample = sampleOf(one);
        const extended = extend(longer, sample, last);
        last = sample;
        return extended;
      }, stroke),
    );
  };
  const up = (event: PointerEvent) => {
    if (!choice.up(event.pointerId)) return;
    const end = sampleOf(event);
    replaceLast((stroke) => finish(stroke, end));
  };
  const cancel = (event: PointerEvent) => {
    if (!choice.up(event.pointerId)) return;
    // The system cancels a touch that it recognises as a palm or as a system gesture. Such a touch leaves no stroke.
    if (event.pointerType === "touch") state().onStrokes(state().strokes.slice(0, -1));
  };
  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: cancel } as const;
  for (const [name, listener] of Object.entries(listeners)) element.addEventListener(name as keyof typeof listeners, listener);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) element.removeEventListener(name as keyof typeof listeners, listener);
  };
}

/** Draws the whole signature on white. The proportion is 3:1. */
export function pictureOf(strokes: readonly Stroke[], ink: InkName): HTMLCanvasElement {
  const frame = frameAround(strokes);
  const { canvas, context } = newCanvas(PICTURE_WIDTH, PICTURE_WIDTH / 3);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  const scale = canvas.width / frame.width;
  context.setTransform(scale, 0, 0, scale, -frame.left * scale, -frame.top * scale);
  for (const stroke of strokes) drawStroke(context, stroke, ink);
  return canvas;
}
