import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";

import { answer, api, type Schemas } from "../../api/client";
import { ownPath } from "../../api/own_path";
import { keep, session } from "../../api/session";
import { useAction } from "../../parts/action";
import { Button } from "../../parts/button";
import { Form, Radios } from "../../parts/form";
import { Page } from "../../parts/page";
import { Dialog } from "../../parts/dialog";
import { words as parts } from "../../parts/words";
import { unsent } from "../../shell/unsent";
import { words as shell } from "../../shell/words";
import { words } from "./words";

type Role = Schemas["Role"];

const keyOf = (role: Role) => role.business?.id ?? role.kind;

/** After sign-in, for whoever has a choice. */
export function RoleChoice({ onChosen }: { onChosen?: () => void }) {
  const t = words().role;
  const here = session.value;
  const [chosen, setChosen] = useState(here?.role === undefined ? undefined : keyOf(here.role));
  const [missing, setMissing] = useState(false);
  const [asking, setAsking] = useState<Role>();
  const choose = useAction(async (role: Role) => {
    const body = role.business === undefined ? { kind: role.kind } : { kind: role.kind, business: role.business.id };
    keep(await answer(api.PUT("/v1/session/role", { body })));
    onChosen?.();
  });
  if (here === undefined) return null;
  const errors: Record<string, string> = missing ? { role: t.choose } : {};
  return (
    <Page title={t.title}>
      <Form
        errors={errors}
        failure={choose.failure}
        onSubmit={() => {
          const role = here.roles.find((role) => keyOf(role) === chosen);
          setMissing(role === undefined);
          if (role === undefined) return;
          if (unsent() && keyOf(role) !== (here.role === undefined ? undefined : keyOf(here.role))) setAsking(role);
          else void choose.run(role);
        }}
      >
        <Radios
          id="role"
          legend={t.legend}
          value={chosen}
          onChange={setChosen}
          error={errors.role}
          choices={here.roles.map((role) => ({
            value: keyOf(role),
            label: role.business?.name ?? t.citizen,
            hint: role.business === undefined ? t.citizenHint : role.capacity === "owner" ? t.owner : t.staff,
          }))}
        />
        <Button submit busy={choose.busy}>
          {t.submit}
        </Button>
      </Form>
      {asking !== undefined && (
        <Dialog title={shell().unsentTitle} onClose={() => setAsking(undefined)}>
          <p class="govgr-body">{shell().unsent}</p>
          <div class="govgr-button-group">
            <Button
              look="warning"
              busy={choose.busy}
              onClick={() => {
                setAsking(undefined);
                void choose.run(asking);
              }}
            >
              {shell().unsentLeave}
            </Button>
            <Button look="secondary" onClick={() => setAsking(undefined)}>
              {parts().cancel}
            </Button>
          </div>
        </Dialog>
      )}
    </Page>
  );
}

/** The same from the menu, to switch without signing in again. */
export function RolePage() {
  const { route, query } = useLocation();
  return <RoleChoice onChosen={() => route(ownPath(query.return_to))} />;
}
