import { Button } from "../parts/button";
import { Page } from "../parts/page";
import { words } from "../shell/words";

/** Replaces a page whose files could not be loaded. */
export function NotLoaded() {
  const t = words();
  return (
    <Page title={t.notLoadedTitle}>
      <p class="govgr-body" role="alert">
        {t.notLoaded}
      </p>
      <Button onClick={() => location.reload()}>{t.reload}</Button>
    </Page>
  );
}
