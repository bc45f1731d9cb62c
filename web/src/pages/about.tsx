import { Page } from "../parts/page";
import { DPO_EMAIL } from "./dpo";
import { words } from "./public_words";

/** Describes the service, where to get help, and how personal data are handled. */
export default function About() {
  const t = words().about;
  return (
    <Page title={t.title} back="/">
      <p class="govgr-body">{t.what}</p>
      <h2 class="govgr-heading-m">{t.howTitle}</h2>
      <ul class="govgr-list govgr-list--bullet">
        {t.how.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <h2 class="govgr-heading-m">{t.helpTitle}</h2>
      <ul class="govgr-list govgr-list--bullet">
        {t.help.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <p class="govgr-body">
        <a class="govgr-link" href="https://emep.gov.gr" rel="noreferrer">
          {t.emep}
        </a>
      </p>
      <h2 class="govgr-heading-m">{t.privacyTitle}</h2>
      <p class="govgr-body">{t.privacy}</p>
      <p class="govgr-body">{t.cookies}</p>
      <p class="govgr-body">
        {t.dpo}{" "}
        <a class="govgr-link" href={`mailto:${DPO_EMAIL}`}>
          {DPO_EMAIL}
        </a>
      </p>
      <p class="govgr-body">
        {t.dpa}{" "}
        <a class="govgr-link" href="https://www.dpa.gr" rel="noreferrer">
          www.dpa.gr
        </a>
      </p>
      <h2 class="govgr-heading-m">{t.softwareTitle}</h2>
      <p class="govgr-body">{t.software}</p>
    </Page>
  );
}
