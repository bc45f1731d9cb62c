import { words } from "./new_words";
import { guides } from "./picture/guides";
import type { Frame, HeadLimits } from "./picture/profiles";

/** Draws the frame and the outline of the head's correct position. Coordinates are in hundredths of the frame's width. */
export function HeadGuides({ frame, head, margin }: { frame: Frame; head: HeadLimits | undefined; margin: number }) {
  const t = words().crop;
  const [width, height, edge] = [100, (100 * frame.proportion.height) / frame.proportion.width, 100 * margin];
  const outer = `M${-edge} ${-edge}h${width + 2 * edge}v${height + 2 * edge}h${-width - 2 * edge}z`;
  const guide = head === undefined ? undefined : guides(head);
  return (
    <svg class="stage-guides" viewBox={`${-edge} ${-edge} ${width + 2 * edge} ${height + 2 * edge}`} aria-hidden="true">
      <path class="guide-outside" fill-rule="evenodd" d={`${outer}M0 0v${height}h${width}v${-height}z`} />
      {guide !== undefined && (
        <>
          <Band {...guide.eyes} height={height} text={t.eyes} />
          <Band {...guide.chin} height={height} text={t.chin} />
          <Outline cx={width / 2} cy={guide.head.middle * height} rx={guide.head.halfWidth * height} ry={(guide.head.height / 2) * height} />
          <path class="guide-line" d={`M50 ${guide.head.top * height - 4}v8`} />
        </>
      )}
      <rect class="guide-frame" x="0" y="0" width={width} height={height} />
    </svg>
  );
}

/** Draws a light line on a dark one, so that it is visible on any picture. */
function Outline(ellipse: { cx: number; cy: number; rx: number; ry: number }) {
  return (
    <>
      <ellipse class="guide-shade" {...ellipse} />
      <ellipse class="guide-line" {...ellipse} />
    </>
  );
}

function Band({ min, max, height, text }: { min: number; max: number; height: number; text: string }) {
  return (
    <>
      <rect class="guide-band" x="0" y={min * height} width="100" height={(max - min) * height} />
      <text class="guide-text" x="2" y={min * height + 5.5}>
        {text}
      </text>
    </>
  );
}
