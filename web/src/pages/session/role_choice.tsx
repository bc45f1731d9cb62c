import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";

import { responseData, api, type Schemas } from "../../api/client";
import { sameOriginPath } from "../../api/same_origin_path";
import { setSession, session } from "../../api/session";
import { useAction } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { Form, Radios } from "../../parts/form";
import { Page } from "../../parts/page";
import { Dialog } from "../../parts/dialog";
import { words as parts } from "../../parts/words";
import { hasUnsentWork } from "../../shell/unsent";
import { words as shell } from "../../shell/words";
import { words } from "./words";

type Role = Schemas["Role"];

const keyOf = (role: Role) => [role.kind, role.business?.id ?? role.office?.id].join("-");

/** After sign-in, asks a person with several roles to choose one. */
export function RoleChoice({ onChosen }: { onChosen?: () => void }) {
  const t = words().role;
  const current = session.value;
  const [chosen, setChosen] = useState(current?.role === undefined ? undefined : keyOf(current.role));
  const [isUnchosen, setIsUnchosen] = useState(false);
  const [pendingRole, setPendingRole] = useState<Role>();
  const choose = useAction(async (role: Role) => {
    const { kind, business, office } = role;
    const body = { kind, ...(business === undefined ? {} : { business: business.id }), ...(office === undefined ? {} : { office: office.id }) };
    setSession(await responseData(api.PUT("/v1/session/role", { body })));
    onChosen?.();
  });
  if (current === undefined) return null;
  if (current.case !== undefined) {
    return (
      <Page title={t.caseOpenTitle}>
        <p class="govgr-body">{t.caseOpen}</p>
        <ButtonLink href="/kep">{t.toCase}</ButtonLink>
      </Page>
    );
  }
  const errors: Record<string, string> = isUnchosen ? { role: t.choose } : {};
  return (
    <Page title={t.title}>
      <Form
        errors={errors}
        failure={choose.failure}
        onSubmit={() => {
          const role = current.roles.find((role) => keyOf(role) === chosen);
          setIsUnchosen(role === undefined);
          if (role === undefined) return;
          if (hasUnsentWork() && keyOf(role) !== (current.role === undefined ? undefined : keyOf(current.role))) setPendingRole(role);
          else void choose.run(role);
        }}
      >
        <Radios
          id="role"
          legend={t.legend}
          value={chosen}
          onChange={setChosen}
          error={errors.role}
          choices={current.roles.map((role) => ({
            value: keyOf(role),
            label: role.business?.name ?? role.office?.name ?? t.citizen,
            hint: hintOf(role),
          }))}
        />
        <Button submit busy={choose.busy}>
          {t.submit}
        </Button>
      </Form>
      {pendingRole !== undefined && (
        <Dialog title={shell().unsentTitle} onClose={() => setPendingRole(undefined)}>
          <p class="govgr-body">{shell().unsent}</p>
          <div class="govgr-button-group">
            <Button
              variant="warning"
              busy={choose.busy}
              onClick={() => {
                setPendingRole(undefined);
                void choose.run(pendingRole);
              }}
            >
              {shell().unsentLeave}
            </Button>
            <Button variant="secondary" onClick={() => setPendingRole(undefined)}>
              {parts().cancel}
            </Button>
          </div>
        </Dialog>
      )}
    </Page>
  );
}

function hintOf({ kind, capacity }: Role): string {
  const t = words().role;
  switch (kind) {
    case "citizen":
      return t.citizenHint;
    case "photographer":
      return capacity === "owner" ? t.owner : t.staff;
    case "kep_clerk":
      return t.clerk;
  }
}

/** The page on which a person switches roles without signing in again. The menu opens it. */
export function RolePage() {
  const { route, query } = useLocation();
  return <RoleChoice onChosen={() => route(sameOriginPath(query.return_to))} />;
}
