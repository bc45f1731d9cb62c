import { responseData, api, type Schemas } from "../../api/client";
import type { paths } from "../../api/schema";
import { Notice } from "../../parts/notice";
import { Page } from "../../parts/page";
import { moment, time } from "../../words/dates";
import { DPO_EMAIL } from "../dpo";
import { ActList } from "./acts";
import { ENTRIES_PER_PAGE, PagedList, usePaged } from "./paged";
import type { Subject } from "./subject";
import { Table } from "./table";
import { words } from "./words/visits";

type Visit = paths["/v1/subjects/{subject}/cases"]["get"]["responses"]["200"]["content"]["application/json"]["cases"][number];

/** The visits to a KEP at which a clerk opened a case for this person, each with the list of the clerk's actions. */
export function Visits({ subject }: { subject: Subject }) {
  const t = words();
  const paged = usePaged<Visit>(async (cursor) => {
    const query = { limit: ENTRIES_PER_PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const page = await responseData(api.GET("/v1/subjects/{subject}/cases", { params: { path: { subject: subject.handle }, query } }));
    return { entries: page.cases, next: page.next };
  });
  return (
    <Page title={t.title} caption={subject.name} back={subject.home} wide>
      <p class="govgr-body">{t.lead}</p>
      <PagedList paged={paged} none={t.none} subject={subject}>
        {(visits) => (
          <>
            <Table
              label={t.title}
              entries={visits.map((visit) => ({ ...visit, id: [visit.opened_at, visit.office, visit.application_number].join(" ") }))}
              columns={[
                { name: t.when, cell: (visit) => <When visit={visit} /> },
                {
                  name: t.office,
                  cell: ({ office, application_number }) => (
                    <>
                      <strong>{office ?? t.unknownOffice}</strong>
                      {application_number !== undefined && <span class="row-hint">{t.application(application_number)}</span>}
                    </>
                  ),
                },
                { name: t.presence, cell: (visit) => <Presence visit={visit} /> },
                { name: t.done, cell: ({ done }) => <ActList acts={done} /> },
              ]}
            />
            <Notice title={t.unknownTitle}>
              <p>
                {t.unknown}{" "}
                <a class="govgr-link" href={`mailto:${DPO_EMAIL}`}>
                  {DPO_EMAIL}
                </a>
              </p>
            </Notice>
          </>
        )}
      </PagedList>
    </Page>
  );
}

function When({ visit: { opened_at, ended_at } }: { visit: Visit }) {
  const t = words();
  return (
    <>
      {moment(opened_at)}
      <span class="row-hint">{ended_at === undefined ? t.notEnded : t.until(time(ended_at))}</span>
    </>
  );
}

function Presence({ visit: { presence, document } }: { visit: Visit }) {
  const t = words();
  return (
    <>
      {t.presences[presence]}
      {document !== undefined && <span class="row-hint">{t.document(t.documents[document.kind], document.last_four)}</span>}
    </>
  );
}

/** Names the KEP at which an action was done. Renders nothing for an action that was not done at a KEP. */
export function AtKep({ at }: { at: Schemas["AuthorizationRecord"]["at_kep"] }) {
  if (at === undefined) return null;
  return (
    <span class="row-hint" data-at-kep>
      {words().atKep(at.office, at.application_number)}
    </span>
  );
}
