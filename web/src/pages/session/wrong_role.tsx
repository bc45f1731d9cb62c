import { useLocation } from "preact-iso";

import { ButtonLink } from "../../parts/button";
import { Page } from "../../parts/page";
import { words } from "./words";

export function WrongRole({ requiredRole }: { requiredRole: "citizen" | "photographer" }) {
  const t = words().role;
  const { path } = useLocation();
  return (
    <Page title={t.wrongTitle}>
      <p class="govgr-body">{requiredRole === "citizen" ? t.wrongCitizen : t.wrongPhotographer}</p>
      <ButtonLink href={`/role?return_to=${encodeURIComponent(path)}`}>{t.change}</ButtonLink>
    </Page>
  );
}
