import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { isUsable, type Point, type Quad } from "./quad";
import { words } from "./words";

/** Distance by which an arrow key moves a corner, relative to the photo's longer side. With Shift, the distance is ten times as large. */
const KEY_STEP = 0.004;

type CornersProps = { preview: ImageBitmap | HTMLCanvasElement; size: { readonly width: number; readonly height: number }; quad: Quad; onChange: (quad: Quad) => void };

/** Shows the photo with the four corners of the area. The user can move the corners with a pointer and with the arrow keys. */
export function Corners({ preview, size, quad, onChange }: CornersProps) {
  const t = words().clean;
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    Object.assign(element, { width: preview.width, height: preview.height });
    element.getContext("2d")?.drawImage(preview, 0, 0);
  }, [preview]);
  const latest = useRef(quad);
  latest.current = quad;
  const moveTo = (index: number, { x, y }: Point) => {
    const corner = { x: Math.max(0, Math.min(size.width, x)), y: Math.max(0, Math.min(size.height, y)) };
    const moved = latest.current.map((old, other) => (other === index ? corner : old)) as unknown as Quad;
    // Ignore positions that make the quadrilateral unusable. For example, if its sides crossed, the picture would be mirrored.
    if (!isUsable(moved)) return;
    latest.current = moved;
    onChange(moved);
  };
  const step = KEY_STEP * Math.max(size.width, size.height);
  const keys: Readonly<Record<string, Point>> = { ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 }, ArrowUp: { x: 0, y: -1 }, ArrowDown: { x: 0, y: 1 } };
  const percent = (part: number, whole: number) => `${Math.round((100 * part) / whole)}%`;
  return (
    <div class="corners" ref={stage} style={{ aspectRatio: `${size.width} / ${size.height}` }} role="group" aria-label={t.corners} aria-describedby="corners-help">
      <canvas ref={canvas} class="corners-photo" role="img" aria-label={t.before} />
      <svg class="corners-lines" viewBox={`0 0 ${size.width} ${size.height}`} preserveAspectRatio="none" aria-hidden="true">
        <polygon class="corners-shade" points={quad.map(({ x, y }) => `${x},${y}`).join(" ")} />
        <polygon class="corners-line" points={quad.map(({ x, y }) => `${x},${y}`).join(" ")} />
      </svg>
      {quad.map((corner, index) => (
        <CornerHandle
          key={index}
          label={`${t.corner[index] ?? ""}: ${percent(corner.x, size.width)}, ${percent(corner.y, size.height)}`}
          left={(100 * corner.x) / size.width}
          top={(100 * corner.y) / size.height}
          onDrag={(event) => {
            const box = stage.current?.getBoundingClientRect();
            if (box !== undefined) moveTo(index, { x: ((event.clientX - box.left) / box.width) * size.width, y: ((event.clientY - box.top) / box.height) * size.height });
          }}
          onKey={(event) => {
            const direction = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
            const old = latest.current[index as 0 | 1 | 2 | 3];
            if (direction === undefined) return;
            event.preventDefault();
            const far = event.shiftKey ? 10 * step : step;
            moveTo(index, { x: old.x + direction.x * far, y: old.y + direction.y * far });
          }}
        />
      ))}
    </div>
  );
}

type HandleProps = { label: string; left: number; top: number; onDrag: (event: PointerEvent) => void; onKey: (event: KeyboardEvent) => void };

function CornerHandle({ label, left, top, onDrag, onKey }: HandleProps) {
  const button = useRef<HTMLButtonElement>(null);
  const handlers = useRef({ onDrag });
  handlers.current = { onDrag };
  useEffect(() => {
    const element = button.current;
    if (element === null) return;
    const down = (event: PointerEvent) => {
      if (event.button === 0) element.setPointerCapture(event.pointerId);
    };
    const drag = (event: PointerEvent) => {
      if (element.hasPointerCapture(event.pointerId)) handlers.current.onDrag(event);
    };
    element.addEventListener("pointerdown", down);
    element.addEventListener("pointermove", drag);
    return () => {
      element.removeEventListener("pointerdown", down);
      element.removeEventListener("pointermove", drag);
    };
  }, []);
  return <button ref={button} type="button" class="corner" aria-label={label} style={{ left: `${left}%`, top: `${top}%` }} onKeyDown={onKey} />;
}
