import { Field, type Errors } from "../../parts/form";
import { REFERENCE_MAX, referenceLength } from "./reference";
import { words } from "./reference_words";

/** Checks the reference before a request is sent. */
export function referenceErrors(typed: string): Errors {
  const length = referenceLength(typed);
  return length > REFERENCE_MAX ? { reference: words().tooLong(length, REFERENCE_MAX) } : {};
}

/** Asks for the photographer's own reference. The browser must not remember it, because the next person at this device would see it. */
export function ReferenceField({ value, error, onInput }: { value: string; error: string | undefined; onInput: (value: string) => void }) {
  const t = words();
  return <Field id="reference" label={t.label} hint={t.hint(REFERENCE_MAX)} error={error} value={value} onInput={onInput} width={20} autocomplete="off" spellcheck={false} />;
}
