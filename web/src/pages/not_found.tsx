import { ButtonLink } from "../parts/button";
import { Page } from "../parts/page";
import { words } from "../shell/words";

export function NotFound() {
  const t = words();
  return (
    <Page title={t.notFoundTitle}>
      <p class="govgr-body">{t.notFound}</p>
      <ButtonLink href="/">{t.toStart}</ButtonLink>
    </Page>
  );
}
