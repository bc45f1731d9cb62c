import type { CaseAct } from "../../api/case";
import { time } from "../../words/dates";
import { words } from "./words/visits";

/** Lists what a clerk did in a case, in chronological order. */
export function ActList({ acts }: { acts: readonly CaseAct[] }) {
  const t = words();
  if (acts.length === 0) return <span class="quiet">{t.nothing}</span>;
  return (
    <ul class="acts">
      {acts.map((act, index) => (
        <li key={index}>
          <span class="quiet">{time(act.at)}</span> {actText(act)}
        </li>
      ))}
    </ul>
  );
}

/** Returns the text of an act with its label, such as the name of the application. */
export function actText({ what, label }: CaseAct): string {
  const text = words().acts[what];
  return label === undefined ? text : `${text}: ${label}`;
}
