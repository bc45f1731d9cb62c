import { Tag } from "../../parts/notice";
import type { WithoutFace } from "./api_types";
import { mayCorrect, resendUntil, type Issuance, type State } from "./issuances";
import { now } from "../../words/clock";
import { moment } from "../../words/dates";
import { words as failureWords } from "./failure_words";
import { words as issuedWords } from "./issued_words";
import { words as referenceWords } from "./reference_words";
import { words as withoutFaceWords } from "./without_face_words";
import { words } from "./words";

const TAG_KINDS: Readonly<Record<State, "good" | "bad" | "busy" | "quiet">> = { queued: "busy", sent: "good", failed: "bad", associated: "good", expired: "quiet" };

/** Shows the state as one word. A `failure` means that the message was sent but did not arrive. */
export function StateTag({ state, failure }: { state: State; failure?: Issuance["failure"] }) {
  return <Tag kind={TAG_KINDS[state]}>{state === "failed" && failure !== undefined ? failureWords().state : words().state[state]}</Tag>;
}

/** Returns the service's text about the failure, with a full stop at the end, which the service omits. */
export const failureText = ({ message }: NonNullable<Issuance["failure"]>): string => `${message}.`;

/** Says why the message did not reach the recipient, if the receiving mail server has reported a reason. */
export function DeliveryFailure({ issuance: { state, failure } }: { issuance: Issuance }) {
  return state === "failed" && failure !== undefined ? <span class="issued-more issued-failure">{failureText(failure)}</span> : null;
}

/**
 * A link to the page that sends the code again or corrects the recipient. If only a correction is possible, the link's text names the
 * correction.
 */
export function AgainLink({ issuance }: { issuance: Issuance }) {
  const { list } = issuedWords();
  const { upload_id, recipient } = issuance;
  const correction = mayCorrect(issuance) ? failureWords().correct[recipient.kind] : undefined;
  return (
    <a class="govgr-link issued-again" href={`/photographer/issued/${upload_id}`} aria-label={correction === undefined ? list.againTo(recipient.masked) : `${correction}: ${recipient.masked}`}>
      {correction ?? list.again}
    </a>
  );
}

/** The photographer's own reference for the customer. */
export function Reference({ issuance: { reference } }: { issuance: Issuance }) {
  return reference === undefined ? null : (
    <span class="issued-more issued-reference">
      {referenceWords().name}: <strong>{reference}</strong>
    </span>
  );
}

/** Returns a text that says how many more times the code can be sent again, and until when. */
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

/** If the code was issued although no face was found, shows the reason. */
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
