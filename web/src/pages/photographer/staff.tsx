import { useState } from "preact/hooks";

import { answer, api, type Schemas } from "../../api/client";
import { useAction, useLoad } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { FailureNote } from "../../parts/failure";
import { focusNext } from "../../parts/focus";
import { Field, Form, sorted, type Errors } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Loaded, Page } from "../../parts/page";
import { words as parts } from "../../parts/words";
import { useSession } from "../../shell/gate";
import { day } from "../../words/dates";
import { isAfm, withoutBlanks } from "./rules";
import { words } from "./staff_words";

type Employee = Schemas["Employee"];

export function Staff() {
  const t = words();
  if (useSession().role?.capacity === "owner") return <OfOwner />;
  return (
    <Page title={t.title} back="/photographer">
      <p class="govgr-body" data-problem="not_owner">
        {t.notOwner}
      </p>
      <ButtonLink href="/photographer">{t.toList}</ButtonLink>
    </Page>
  );
}

const nameOf = ({ label, afm }: Pick<Employee, "label" | "afm">) => (label === undefined ? afm : `${label} (${afm})`);

/** Who may act for the business. */
function OfOwner() {
  const t = words();
  const [said, setSaid] = useState<string>();
  const [leaving, setLeaving] = useState<Employee>();
  const load = useLoad(async () => (await answer(api.GET("/v1/photographer/staff"))).staff, []);
  return (
    <Page title={t.title}>
      <p class="govgr-body">{t.lead}</p>
      {said !== undefined && (
        <Notice kind="success" live>
          <p>{said}</p>
        </Notice>
      )}
      <h2 class="govgr-heading-m" id="staff-list" tabIndex={-1}>
        {t.list}
      </h2>
      <Loaded of={load}>
        {(staff) =>
          staff.length === 0 ? (
            <p class="govgr-body">{t.none}</p>
          ) : (
            <ul class="staff">
              {staff.map((employee) => (
                <li key={employee.employee}>
                  <p class="staff-who">
                    <b>{employee.label ?? t.noLabel}</b>
                    <span>
                      {t.afm} {employee.afm}
                    </span>
                    <span class="staff-since">
                      {t.since} {day(employee.since)}
                    </span>
                  </p>
                  <Button look="secondary" label={t.withdrawOf(nameOf(employee))} onClick={() => setLeaving(employee)}>
                    {t.withdraw}
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <Authorise
        onDone={(employee) => {
          setSaid(t.added(nameOf(employee)));
          scrollTo(0, 0);
          load.reload();
        }}
      />
      {leaving !== undefined && (
        <Withdraw
          employee={leaving}
          onClose={() => setLeaving(undefined)}
          onDone={() => {
            setSaid(t.withdrawn(nameOf(leaving)));
            scrollTo(0, 0);
            setLeaving(undefined);
            // The button that was pressed goes with its row.
            focusNext(() => document.getElementById("staff-list"));
            load.setData((staff) => staff?.filter(({ employee }) => employee !== leaving.employee));
          }}
        />
      )}
    </Page>
  );
}

function Authorise({ onDone }: { onDone: (employee: Employee) => void }) {
  const t = words();
  const [afm, setAfm] = useState("");
  const [label, setLabel] = useState("");
  const [pressed, setPressed] = useState(false);
  const authorise = useAction(async () => {
    const name = label.trim();
    const employee = await answer(api.POST("/v1/photographer/staff", { body: { afm: withoutBlanks(afm), ...(name === "" ? {} : { label: name }) } }));
    setAfm("");
    setLabel("");
    setPressed(false);
    onDone(employee);
  });
  const digits = withoutBlanks(afm);
  // Told as soon as all digits are there.
  const isWrong = !isAfm(digits) && (pressed || digits.length >= 9);
  const mine: Errors = isWrong ? { afm: t.afmWrong } : {};
  const { errors, other } = sorted(authorise.failure, { afm: "afm", staff_is_owner: "afm", label: "label" });
  const shown = isWrong ? mine : errors;
  return (
    <>
      <h2 class="govgr-heading-m">{t.add}</h2>
      <Form
        label={t.add}
        errors={pressed ? shown : {}}
        failure={isWrong ? undefined : other}
        onSubmit={() => {
          setPressed(true);
          if (isAfm(digits)) void authorise.run();
        }}
      >
        <Field
          id="afm"
          label={t.afmLabel}
          hint={t.afmHint}
          error={shown.afm}
          value={afm}
          onInput={(value) => {
            setAfm(value);
            setPressed(false);
            authorise.setFailure(undefined);
          }}
          inputMode="numeric"
          autocomplete="off"
          maxLength={14}
          width={10}
          after={
            <span class="afm-told" role="status">
              {isAfm(digits) ? `✓ ${t.afmGood}` : isWrong && !pressed ? <span class="govgr-visually-hidden">{t.afmWrong}</span> : ""}
            </span>
          }
        />
        <Field id="label" label={t.labelLabel} hint={t.labelHint} error={shown.label} value={label} onInput={setLabel} autocomplete="off" maxLength={60} />
        <Button submit busy={authorise.busy}>
          {t.submit}
        </Button>
      </Form>
    </>
  );
}

function Withdraw({ employee, onClose, onDone }: { employee: Employee; onClose: () => void; onDone: () => void }) {
  const t = words();
  const withdraw = useAction(async () => {
    await answer(api.DELETE("/v1/photographer/staff/{employee}", { params: { path: { employee: employee.employee } } }));
    onDone();
  });
  return (
    <Dialog title={t.confirmTitle} onClose={onClose}>
      <p class="govgr-body">{t.confirm(nameOf(employee))}</p>
      <FailureNote failure={withdraw.failure} />
      <div class="govgr-button-group">
        <Button look="warning" busy={withdraw.busy} onClick={() => withdraw.run()}>
          {t.confirmYes}
        </Button>
        <Button look="secondary" onClick={onClose}>
          {parts().cancel}
        </Button>
      </div>
    </Dialog>
  );
}
