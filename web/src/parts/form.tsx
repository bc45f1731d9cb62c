import type { ComponentChildren, InputHTMLAttributes } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { ProblemError, type Failure } from "../api/client";
import { failureText } from "./failure";
import { words } from "./words";

/** Error texts. The key is the id of the field. */
export type Errors = Readonly<Record<string, string>>;

/**
 * Maps a failure to a field. The keys of `fields` are API paths ("recipient.value") or problem codes ("otp_wrong"), and its values are the
 * ids of fields. A failure without a field is returned as `other` and shown above the form.
 */
export function splitFailure(failure: Failure | undefined, fields: Readonly<Record<string, string>>): { errors: Errors; other: Failure | undefined } {
  if (failure instanceof ProblemError) {
    const { code, field } = failure.problem;
    const id = (field === undefined ? undefined : fields[field]) ?? fields[code];
    if (id !== undefined) return { errors: { [id]: failure.problem.detail }, other: undefined };
  }
  return { errors: {}, other: failure };
}

type FormProps = { children: ComponentChildren; onSubmit: () => unknown; errors?: Errors; failure?: Failure | undefined; label?: string };

/** A form with an error summary. The summary takes the focus and links to each invalid field. */
export function Form({ children, onSubmit, errors = {}, failure, label }: FormProps) {
  const summary = useRef<HTMLDivElement>(null);
  const entries = Object.entries(errors);
  // True from a submit until its errors are shown. So new input errors move the focus only after a submit, never while the user types.
  const awaitsResult = useRef(false);
  const focusedFailure = useRef<Failure | undefined>(undefined);
  const focusSummary = () => {
    if (summary.current === null) return;
    awaitsResult.current = false;
    summary.current.focus();
  };
  useEffect(() => {
    const isNew = failure !== undefined && failure !== focusedFailure.current;
    if (isNew) focusedFailure.current = failure;
    if (isNew || awaitsResult.current) focusSummary();
  }, [failure, JSON.stringify(errors)]);
  return (
    <form
      class="govgr-form"
      noValidate
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        awaitsResult.current = true;
        onSubmit();
        // If the form is submitted again with the same errors, focus the summary again.
        setTimeout(focusSummary);
      }}
    >
      {(entries.length > 0 || failure !== undefined) && (
        <div class="govgr-error-summary" role="alert" tabIndex={-1} ref={summary} data-problem={failure instanceof ProblemError ? failure.problem.code : undefined}>
          <h2 class="govgr-heading-s">{failure instanceof ProblemError ? failure.problem.title : words().problemTitle}</h2>
          {failure !== undefined && <p class="govgr-body">{failureText(failure)}</p>}
          <ul class="govgr-list">
            {entries.map(([id, text]) => (
              <li key={id}>
                <a
                  class="govgr-link"
                  href={`#${id}`}
                  onClick={(event) => {
                    event.preventDefault();
                    document.getElementById(id)?.focus();
                  }}
                >
                  {text}
                </a>
              </li>
            ))}
          </ul>
        </div>
      )}
      {children}
    </form>
  );
}

type FieldProps = {
  id: string;
  label: string;
  hint?: string;
  error?: string | undefined;
  value: string;
  onInput: (value: string) => void;
  width?: 2 | 3 | 4 | 5 | 10 | 20;
  after?: ComponentChildren;
  type?: "text" | "email" | "tel" | "date";
  inputMode?: "text" | "numeric" | "email" | "tel";
  autocomplete?: string;
  maxLength?: number;
  spellcheck?: boolean;
  autocapitalize?: "none" | "characters";
};

export function Field({ id, label, hint, error, value, onInput, width, after, type = "text", ...input }: FieldProps) {
  return (
    <div class={fieldClass(error)}>
      <label class="govgr-label" for={id}>
        {label}
      </label>
      <FieldDescription id={id} hint={hint} error={error} />
      <input
        class={`govgr-input${width === undefined ? "" : ` govgr-input--width-${width}`}${error === undefined ? "" : " govgr-error-input"}`}
        id={id}
        value={value}
        aria-invalid={error !== undefined}
        aria-describedby={describedBy(id, hint, error)}
        onInput={(event) => onInput(event.currentTarget.value)}
        {...({ type, ...input } as InputHTMLAttributes)}
      />
      {after}
    </div>
  );
}

function fieldClass(error: string | undefined): string {
  return error === undefined ? "govgr-field" : "govgr-field govgr-field__error";
}

/** The hint and the error text above an input. */
function FieldDescription({ id, hint, error }: { id: string; hint?: string | undefined; error: string | undefined }) {
  return (
    <>
      {hint !== undefined && (
        <span class="govgr-hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {error !== undefined && (
        <p class="govgr-error-message" id={`${id}-error`}>
          {error}
        </p>
      )}
    </>
  );
}

/** Returns the ids of the elements that describe a field, for `aria-describedby`. */
function describedBy(id: string, hint: unknown, error: unknown): string | undefined {
  const parts = [...(hint === undefined ? [] : [`${id}-hint`]), ...(error === undefined ? [] : [`${id}-error`])];
  return parts.length === 0 ? undefined : parts.join(" ");
}

type Choice<V extends string> = { value: V; label: ComponentChildren; hint?: ComponentChildren };

export function Radios<V extends string>({
  id,
  legend,
  choices,
  value,
  onChange,
  error,
  hint,
}: {
  id: string;
  legend: string;
  choices: readonly Choice<V>[];
  value: V | undefined;
  onChange: (value: V) => void;
  error?: string | undefined;
  hint?: string;
}) {
  return (
    <div class={fieldClass(error)}>
      <fieldset class="govgr-fieldset" aria-describedby={describedBy(id, hint, error)}>
        <legend class="govgr-fieldset__legend govgr-heading-s">{legend}</legend>
        <FieldDescription id={id} hint={hint} error={error} />
        <div class="govgr-radios">
          {choices.map((choice, index) => (
            <div class="govgr-radios__item" key={choice.value}>
              <label class="govgr-radios__label">
                <input
                  class="govgr-radios__input"
                  type="radio"
                  name={id}
                  id={index === 0 ? id : `${id}-${choice.value}`}
                  value={choice.value}
                  checked={choice.value === value}
                  aria-describedby={choice.hint === undefined ? undefined : `${id}-${choice.value}-hint`}
                  onChange={() => onChange(choice.value)}
                />
                {choice.label}
              </label>
              {choice.hint !== undefined && (
                <span class="govgr-hint radio-hint" id={`${id}-${choice.value}-hint`}>
                  {choice.hint}
                </span>
              )}
            </div>
          ))}
        </div>
      </fieldset>
    </div>
  );
}

export function Checkbox({
  id,
  label,
  checked,
  onChange,
  error,
  hint,
}: {
  id: string;
  label: ComponentChildren;
  checked: boolean;
  onChange: (checked: boolean) => void;
  error?: string | undefined;
  hint?: ComponentChildren;
}) {
  return (
    <div class={fieldClass(error)}>
      <FieldDescription id={id} error={error} />
      <div class="govgr-checkboxes__item">
        <label class="govgr-checkboxes__label">
          <input
            class="govgr-checkboxes__input"
            type="checkbox"
            id={id}
            checked={checked}
            aria-invalid={error !== undefined}
            aria-describedby={describedBy(id, hint, error)}
            onChange={(event) => onChange(event.currentTarget.checked)}
          />
          {label}
        </label>
        {hint !== undefined && (
          <span class="govgr-hint checkbox-hint" id={`${id}-hint`}>
            {hint}
          </span>
        )}
      </div>
    </div>
  );
}
