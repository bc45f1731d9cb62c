import { useState } from "preact/hooks";

import { responseData, api, type Schemas } from "../../api/client";
import { useAction, useLoad } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { FailureNote } from "../../parts/failure";
import { focusAfterRender } from "../../parts/focus";
import { Field, Form, splitFailure, type Errors } from "../../parts/form";
import { Notice } from "../../parts/notice";
import { Loaded, Page } from "../../parts/page";
import { words as parts } from "../../parts/words";
import { useSession } from "../../shell/gate";
import { ReadNote } from "../../typed/notes";
import { typedAfm } from "../../typed/numbers";
import { words as typedWords } from "../../typed/words";
import { day } from "../../words/dates";
import { words } from "./staff_words";

type Employee = Schemas["Employee"];

export function Staff() {
  const t = words();
  if (useSession().role?.capacity === "owner") return <StaffList />;
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

/** The employees who may act for the business. */
function StaffList() {
  const t = words();
  const [successText, setSuccessText] = useState<string>();
  const [withdrawing, setWithdrawing] = useState<Employee>();
  const load = useLoad(async () => (await responseData(api.GET("/v1/photographer/staff"))).staff, []);
  return (
    <Page title={t.title}>
      <p class="govgr-body">{t.lead}</p>
      {successText !== undefined && (
        <Notice kind="success" live>
          <p>{successText}</p>
        </Notice>
      )}
      <h2 class="govgr-heading-m" id="staff-list" tabIndex={-1}>
        {t.list}
      </h2>
      <Loaded load={load}>
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
                  <Button variant="secondary" label={t.withdrawOf(nameOf(employee))} onClick={() => setWithdrawing(employee)}>
                    {t.withdraw}
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <AuthorizeForm
        onDone={(employee) => {
          setSuccessText(t.added(nameOf(employee)));
          scrollTo(0, 0);
          load.reload();
        }}
      />
      {withdrawing !== undefined && (
        <WithdrawDialog
          employee={withdrawing}
          onClose={() => setWithdrawing(undefined)}
          onDone={() => {
            setSuccessText(t.withdrawn(nameOf(withdrawing)));
            scrollTo(0, 0);
            setWithdrawing(undefined);
            // The pressed button is removed with its row, so the focus moves to the heading of the list.
            focusAfterRender(() => document.getElementById("staff-list"));
            load.setData((staff) => staff?.filter(({ employee }) => employee !== withdrawing.employee));
          }}
        />
      )}
    </Page>
  );
}

function AuthorizeForm({ onDone }: { onDone: (employee: Employee) => void }) {
  const t = words();
  const [afm, setAfm] = useState("");
  const [label, setLabel] = useState("");
  const [wasSubmitted, setWasSubmitted] = useState(false);
  const authorize = useAction(async (typed: string) => {
    const name = label.trim();
    const employee = await responseData(api.POST("/v1/photographer/staff", { body: { afm: typed, ...(name === "" ? {} : { label: name }) } }));
    setAfm("");
    setLabel("");
    setWasSubmitted(false);
    onDone(employee);
  });
  const read = typedAfm(afm);
  // An invalid AFM is reported as soon as it has 9 digits.
  const isInvalid = "error" in read && (wasSubmitted || afm.replace(/\D/g, "").length >= 9);
  const wrong = "error" in read && read.error === "several" ? typedWords().several : t.afmWrong;
  const inputErrors: Errors = isInvalid ? { afm: wrong } : {};
  const { errors, other } = splitFailure(authorize.failure, { afm: "afm", staff_is_owner: "afm", label: "label" });
  const shownErrors = isInvalid ? inputErrors : errors;
  return (
    <>
      <h2 class="govgr-heading-m">{t.add}</h2>
      <Form
        label={t.add}
        errors={wasSubmitted ? shownErrors : {}}
        failure={isInvalid ? undefined : other}
        onSubmit={() => {
          setWasSubmitted(true);
          if ("value" in read) void authorize.run(read.value);
        }}
      >
        <Field
          id="afm"
          label={t.afmLabel}
          hint={t.afmHint}
          error={shownErrors.afm}
          value={afm}
          onInput={(value) => {
            setAfm(value);
            setWasSubmitted(false);
            authorize.setFailure(undefined);
          }}
          inputMode="numeric"
          autocomplete="off"
          width={10}
          after={
            <>
              <span class="afm-status" role="status">
                {"value" in read ? `✓ ${t.afmGood}` : isInvalid && !wasSubmitted ? <span class="govgr-visually-hidden">{wrong}</span> : ""}
              </span>
              <ReadNote read={read} />
            </>
          }
        />
        <Field id="label" label={t.labelLabel} hint={t.labelHint} error={shownErrors.label} value={label} onInput={setLabel} autocomplete="off" maxLength={60} />
        <Button submit busy={authorize.busy}>
          {t.submit}
        </Button>
      </Form>
    </>
  );
}

function WithdrawDialog({ employee, onClose, onDone }: { employee: Employee; onClose: () => void; onDone: () => void }) {
  const t = words();
  const withdraw = useAction(async () => {
    await responseData(api.DELETE("/v1/photographer/staff/{employee}", { params: { path: { employee: employee.employee } } }));
    onDone();
  });
  return (
    <Dialog title={t.confirmTitle} onClose={onClose}>
      <p class="govgr-body">{t.confirm(nameOf(employee))}</p>
      <FailureNote failure={withdraw.failure} />
      <div class="govgr-button-group">
        <Button variant="warning" busy={withdraw.busy} onClick={() => withdraw.run()}>
          {t.confirmYes}
        </Button>
        <Button variant="secondary" onClick={onClose}>
          {parts().cancel}
        </Button>
      </div>
    </Dialog>
  );
}
