/* Fields for the recipient and language of a code number, for a new photo set and for a correction. */
import { Field, Radios, type Errors } from "../../parts/form";
import type { Recipient } from "./draft";
import { isEmail, isGreekMobile } from "./rules";
import { words } from "./words";

/** Maps the error paths of the API to the ids of the fields. */
export const recipientFieldIds = (kind: Recipient["kind"]) => ({ "recipient.value": kind, recipient: kind, "recipient.kind": "kind", language: "language" });

/** Checks the recipient before a request is sent. */
export function recipientErrors({ kind, mobile, email }: Pick<Recipient, "kind" | "mobile" | "email">): Errors {
  const t = words().recipient;
  if (kind === "mobile") return isGreekMobile(mobile) ? {} : { mobile: t.mobileWrong };
  return isEmail(email) ? {} : { email: t.emailWrong };
}

export function RecipientFields<R extends Pick<Recipient, "kind" | "mobile" | "email" | "language">>({ value, errors, onChange }: { value: R; errors: Errors; onChange: (value: R) => void }) {
  const t = words();
  const { kind } = value;
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
        <Field id="mobile" label={t.recipient.mobileLabel} hint={t.recipient.mobileHint} error={errors.mobile} value={value.mobile} onInput={(mobile) => onChange({ ...value, mobile })} type="tel" inputMode="tel" autocomplete="off" maxLength={24} width={20} />
      ) : (
        <Field id="email" label={t.recipient.emailLabel} hint={t.recipient.emailLabelHint} error={errors.email} value={value.email} onInput={(email) => onChange({ ...value, email })} type="email" inputMode="email" autocomplete="off" autocapitalize="none" spellcheck={false} maxLength={254} />
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
