import { Page } from "../parts/page";
import { DPO_EMAIL } from "./dpo";
import { words } from "./public_words";

/** The accessibility statement that law 4727/2020 (Directive (EU) 2016/2102) requires. */
export default function Accessibility() {
  const t = words().accessibility;
  return (
    <Page title={t.title} back="/">
      <p class="govgr-body">{t.lead}</p>
      <h2 class="govgr-heading-m">{t.stateTitle}</h2>
      <p class="govgr-body">{t.state}</p>
      <h2 class="govgr-heading-m">{t.limitsTitle}</h2>
      <ul class="govgr-list govgr-list--bullet">
        {t.limits.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <h2 class="govgr-heading-m">{t.testedTitle}</h2>
      <p class="govgr-body">{t.tested}</p>
      <h2 class="govgr-heading-m">{t.reportTitle}</h2>
      <p class="govgr-body">
        {t.report}{" "}
        <a class="govgr-link" href={`mailto:${DPO_EMAIL}`}>
          {DPO_EMAIL}
        </a>
      </p>
      <h2 class="govgr-heading-m">{t.enforcementTitle}</h2>
      <p class="govgr-body">{t.enforcement}</p>
      <p class="govgr-body">
        <a class="govgr-link" href="https://www.synigoros.gr" rel="noreferrer">
          {t.ombudsman}
        </a>
      </p>
    </Page>
  );
}
