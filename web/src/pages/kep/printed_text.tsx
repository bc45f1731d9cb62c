import { useEffect } from "preact/hooks";

import type { Case } from "../../api/case";
import type { Schemas } from "../../api/client";
import { now } from "../../words/clock";
import { day } from "../../words/dates";
import { words } from "./words";

/**
 * A text that the person signs. A page with this text prints only the text (look.css). Below the text are the names of the person and the
 * office, the number of the signed application, the date, and a place for the signature.
 */
export function PrintedText({ current, text }: { current: Case; text: Pick<Schemas["Consent"], "title" | "paragraphs" | "agreement"> }) {
  const t = words().printed;
  useEffect(() => {
    document.documentElement.dataset.prints = "text";
    return () => {
      delete document.documentElement.dataset.prints;
    };
  }, []);
  return (
    <div class="printed">
      <h2 class="govgr-heading-m">{text.title}</h2>
      {text.paragraphs.map((paragraph) => (
        <p class="govgr-body" key={paragraph}>
          {paragraph}
        </p>
      ))}
      <div class="paper-only">
        <p class="govgr-body">
          <strong>{text.agreement}</strong>
        </p>
        <dl class="signature-lines">
          <dt>{t.name}</dt>
          <dd>
            {current.person.first_name} {current.person.last_name}
          </dd>
          <dt>{t.office}</dt>
          <dd>{current.office.name}</dd>
          <dt>{t.applicationNumber}</dt>
          <dd>{current.application_number}</dd>
          <dt>{t.date}</dt>
          <dd>{day(new Date(now()).toISOString())}</dd>
          <dt>{t.signature}</dt>
          <dd class="signature-line" />
        </dl>
      </div>
    </div>
  );
}
