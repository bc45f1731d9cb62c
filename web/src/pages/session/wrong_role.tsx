import { useLocation } from "preact-iso";

import { ButtonLink } from "../../parts/button";
import type { RoleKind } from "../../shell/gate";
import { Page } from "../../parts/page";
import { words } from "./words";

export function WrongRole({ requiredRole }: { requiredRole: RoleKind }) {
  const t = words().role;
  const { path } = useLocation();
  return (
    <Page title={t.wrongTitle}>
      <p class="govgr-body">{t.wrong[requiredRole]}</p>
      <ButtonLink href={`/role?return_to=${encodeURIComponent(path)}`}>{t.change}</ButtonLink>
    </Page>
  );
}
