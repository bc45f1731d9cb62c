import { Tag } from "../../parts/notice";
import type { WithoutFace } from "./api_types";
import { resendUntil, type Issuance, type State } from "./issuances";
import { now } from "../../words/clock";
import { moment } from "../../words/dates";
import { words as issuedWords } from "./issued_words";
import { words as withoutFaceWords } from "./without_face_words";
import { words } from "./words";

const TAG_KINDS: Readonly<Record<State, "good" | "bad" | "busy" | "quiet">> = { queued: "busy", sent: "good", failed: "bad", associated: "good", expired: "quiet" };

export function StateTag({ state }: { state: State }) {
  return <Tag kind={TAG_KINDS[state]}>{words().state[state]}</Tag>;
}

/** Returns how often, and until when, the code can be sent again. */
export function resendsText(issuance: Issuance): string {
  const t = words();
  const left = t.resendsLeft(issuance.resends.left);
  const isOver = issuance.associated || Date.parse(resendUntil(issuance)) <= now();
  return isOver ? t.resendsLeft(0) : issuance.resends.left === 0 ? left : `${left}, ${t.until(moment(resendUntil(issuance)))}`;
}

export function imagesText({ images }: Issuance): string {
  const { image } = words();
  return images.map((kind) => image[kind]).join(", ");
}

export function issuerText(issuance: Issuance): string {
  const t = issuedWords().by;
  if (issuance.issued_by_you) return t.you;
  const { capacity, label, employee } = issuance.issued_by;
  return capacity === "owner" ? t.owner : (label ?? (employee === undefined ? t.staff : t.withdrawn));
}

/** Says why the code was issued although no face was found, if it was. */
export function WithoutFaceNote({ issuance }: { issuance: Issuance & { readonly without_face?: WithoutFace } }) {
  const t = withoutFaceWords();
  const { without_face: exception } = issuance;
  if (exception === undefined) return null;
  return (
    <span class="issued-more issued-exception">
      {t.listed}: {t.reasons[exception.reason]}
      {exception.text !== undefined && ` (${exception.text})`}
    </span>
  );
}

export function Verdicts({ verdicts }: { verdicts: Issuance["verdicts"] }) {
  const t = issuedWords();
  return (
    <ul class="verdicts">
      {verdicts.map((verdict) => (
        <li key={`${verdict.verdict} ${verdict.reason ?? ""}`}>
          <Tag kind={verdict.verdict === "accepted" ? "good" : "bad"}>{t.verdict[verdict.verdict]}</Tag>
          {verdict.reason_text !== undefined && <span class="verdict-reason">{verdict.reason_text}</span>}
        </li>
      ))}
    </ul>
  );
}
