/*
 * The picture with the measurements of the picture check drawn on it. The findings next to the picture contain the same information in
 * words.
 */
import { useState } from "preact/hooks";

import { Checkbox } from "../../parts/form";
import type { ImageReport, Point } from "./api_types";
import { marksOf, type Mark } from "./picture/marks";
import type { Size } from "./picture/profiles";
import { words } from "./report_words";

type MarkedPictureProps = { image: ImageReport; url: string; name: string; size: Size; findingsId: string };

export function MarkedPicture({ image, url, name, size, findingsId }: MarkedPictureProps) {
  const t = words();
  const [isShown, setShown] = useState(true);
  const picture = <img class={`thumb thumb-${image.kind}`} src={url} alt={name} width={size.width} height={size.height} />;
  if (image.marks === undefined) return picture;
  const marks = marksOf(image.marks, image.findings);
  const legend = marks.filter((mark, index) => mark.name !== "zone" || marks.findIndex((other) => other.name === "zone" && other.rule === mark.rule) === index);
  const nameOf = (mark: Mark) => (mark.name === "zone" ? t.rules[mark.rule] : t.marks[mark.name]);
  return (
    <div class="marked">
      <div class="marked-picture">
        {picture}
        {isShown && (
          <svg class="marks" viewBox={`0 0 ${size.width} ${size.height}`} role="img" aria-label={t.marks.picture} aria-describedby={findingsId}>
            {marks.map((mark) => (
              <MarkShape key={mark.key} mark={mark} size={size} />
            ))}
          </svg>
        )}
      </div>
      <Checkbox id={`marks-${image.kind}`} label={t.marks.show} checked={isShown} onChange={setShown} />
      {isShown && (
        <ul class="marks-legend" aria-label={t.marks.legend}>
          {legend.map((mark) => (
            <li key={mark.key}>
              <svg class="marks-sample" viewBox="0 0 40 16" aria-hidden="true">
                <path class="mark-shade" d="M2 8H38" />
                <path class={lineClass(mark)} d="M2 8H38" />
              </svg>
              <span>
                {nameOf(mark)}: <span class={mark.isMet ? "mark-met-text" : "mark-not-met-text"}>{mark.isMet ? `✓ ${t.marks.met}` : `✗ ${t.marks.notMet}`}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Marks that do not meet the rules have another colour and are also dashed, for people who cannot see the difference in colour. */
const lineClass = (mark: Mark) => (mark.isMet ? "mark-line mark-met" : "mark-line mark-not-met");

/** Draws a coloured line on a dark one, so that it is visible on any picture. */
function MarkShape({ mark, size }: { mark: Mark; size: Size }) {
  const d = pathOf(mark, size);
  return (
    <g data-mark={mark.key}>
      <path class="mark-shade" d={d} />
      <path class={lineClass(mark)} d={d} />
    </g>
  );
}

function pathOf({ points, isClosed }: { points: readonly Point[]; isClosed: boolean }, { width, height }: Size): string {
  const corners = points.map(({ x, y }) => `${(x * width).toFixed(1)} ${(y * height).toFixed(1)}`);
  return `M${corners.join("L")}${isClosed ? "Z" : ""}`;
}
