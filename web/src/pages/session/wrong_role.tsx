import { ButtonLink } from "../../parts/button";
import { Page } from "../../parts/page";
import { words } from "./words";

export function WrongRole({ wanted }: { wanted: "citizen" | "photographer" }) {
  const t = words().role;
  return (
    <Page title={t.wrongTitle}>
      <p class="govgr-body">{wanted === "citizen" ? t.wrongCitizen : t.wrongPhotographer}</p>
      <ButtonLink href="/role">{t.change}</ButtonLink>
    </Page>
  );
}
