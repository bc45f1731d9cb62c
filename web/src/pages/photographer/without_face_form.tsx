import { useState } from "preact/hooks";

import { Button } from "../../parts/button";
import { Field, Form, Radios, type Errors } from "../../parts/form";
import { WITHOUT_FACE_REASONS, WITHOUT_FACE_TEXT_MAX, type WithoutFaceReason } from "./api_types";
import { withoutFace } from "./draft";
import { words } from "./without_face_words";

/** Asks why a code should be issued although no face was found. */
export function WithoutFaceForm({ onDone }: { onDone: () => void }) {
  const t = words();
  const [reason, setReason] = useState<WithoutFaceReason | undefined>(withoutFace.value?.reason);
  const [text, setText] = useState(withoutFace.value?.text ?? "");
  const [wasSubmitted, setWasSubmitted] = useState(false);
  const errors: Errors = wasSubmitted ? missing(reason, text) : {};
  return (
    <section class="without-face" aria-labelledby="without-face-title">
      <h2 class="govgr-heading-m" id="without-face-title">
        {t.title}
      </h2>
      <p class="govgr-body">{t.explanation}</p>
      <Form
        errors={errors}
        label={t.title}
        onSubmit={() => {
          setWasSubmitted(true);
          if (reason === undefined || Object.keys(missing(reason, text)).length > 0) return;
          withoutFace.value = { reason, ...(text.trim() === "" ? {} : { text: text.trim() }) };
          onDone();
        }}
      >
        <Radios id="without-face-reason" legend={t.legend} value={reason} onChange={setReason} error={errors["without-face-reason"]} choices={WITHOUT_FACE_REASONS.map((value) => ({ value, label: t.reasons[value] }))} />
        <Field id="without-face-text" label={reason === "other" ? t.text : t.textOptional} hint={t.textHint(WITHOUT_FACE_TEXT_MAX)} error={errors["without-face-text"]} value={text} onInput={setText} />
        <Button submit variant="secondary">
          {t.submit}
        </Button>
      </Form>
    </section>
  );
}

function missing(reason: WithoutFaceReason | undefined, text: string): Errors {
  const t = words();
  const length = Array.from(text.trim()).length;
  return {
    ...(reason === undefined ? { "without-face-reason": t.reasonMissing } : {}),
    ...(reason === "other" && length === 0 ? { "without-face-text": t.textMissing } : {}),
    ...(length > WITHOUT_FACE_TEXT_MAX ? { "without-face-text": t.textTooLong(length, WITHOUT_FACE_TEXT_MAX) } : {}),
  };
}
