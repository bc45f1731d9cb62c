/* Fields for the recipient and language of a code number, for a new photo set and for a correction. */
import { Field, Radios, type Errors } from "../../parts/form";
import type { Result } from "../../typed/characters";
import { typedEmail } from "../../typed/email";
import { ReadNote, SuggestionNote } from "../../typed/notes";
import { typedMobile } from "../../typed/numbers";
import { words as typedWords } from "../../typed/words";
import type { Recipient } from "./draft";
import { words } from "./words";

/** Maps the error paths of the API to the ids of the fields. */
export const recipientFieldIds = (kind: Recipient["kind"]) => ({ "recipient.value": kind, recipient: kind, "recipient.kind": "kind", language: "language" });

/** Reads the mobile number or email address from the user's input. */
export function readRecipient({ kind, mobile, email }: Pick<Recipient, "kind" | "mobile" | "email">): Result {
  return kind === "mobile" ? typedMobile(mobile) : typedEmail(email);
}

/** Checks the recipient before a request is sent. */
export function recipientErrors(recipient: Pick<Recipient, "kind" | "mobile" | "email">): Errors {
  const t = words().recipient;
  const read = readRecipient(recipient);
  if (!("error" in read)) return {};
  if (read.error === "several") return { [recipient.kind]: typedWords().several };
  return recipient.kind === "mobile" ? { mobile: t.mobileWrong } : { email: t.emailWrong };
}

export function RecipientFields<R extends Pick<Recipient, "kind" | "mobile" | "email" | "language">>({ value, errors, onChange }: { value: R; errors: Errors; onChange: (value: R) => void }) {
  const t = words();
  const { kind } = value;
  const read = readRecipient(value);
  return (
    <>
      <Radios
        id="kind"
        legend={t.recipient.legend}
        value={kind}
        onChange={(kind) => onChange({ ...value, kind })}
        error={errors.kind}
        choices={[
          { value: "mobile", label: t.recipient.mobile },
          { value: "email", label: t.recipient.email, hint: t.recipient.emailHint },
        ]}
      />
      {kind === "mobile" ? (
        <Field id="mobile" label={t.recipient.mobileLabel} hint={t.recipient.mobileHint} error={errors.mobile} value={value.mobile} onInput={(mobile) => onChange({ ...value, mobile })} type="tel" inputMode="tel" autocomplete="off" width={20} after={<ReadNote read={read} />} />
      ) : (
        <Field
          id="email"
          label={t.recipient.emailLabel}
          hint={t.recipient.emailLabelHint}
          error={errors.email}
          value={value.email}
          onInput={(email) => onChange({ ...value, email })}
          inputMode="email"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          after={
            <>
              <ReadNote read={read} />
              <SuggestionNote email={"value" in read ? read.value : value.email} onUse={(email) => onChange({ ...value, email })} />
            </>
          }
        />
      )}
      <Radios
        id="language"
        legend={t.recipient.language}
        value={value.language}
        onChange={(language) => onChange({ ...value, language })}
        error={errors.language}
        choices={[
          { value: "el", label: t.language.el },
          { value: "en", label: t.language.en },
        ]}
      />
    </>
  );
}
