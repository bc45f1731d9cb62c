import { responseData, api, type Schemas } from "../../api/client";
import { Tag } from "../../parts/notice";
import { Page } from "../../parts/page";
import { moment } from "../../words/dates";
import { language } from "../../words/language";
import { ENTRIES_PER_PAGE, PagedList, usePaged } from "./paged";
import type { Subject } from "./subject";
import { Table } from "./table";
import { words as common } from "./words/common";
import { words } from "./words/records";

type Access = Schemas["Access"];

/** Shows the access log: which application requested which image, when, for which case, and the result. */
export function Accesses({ subject }: { subject: Subject }) {
  const t = words().accesses;
  const paged = usePaged<Access>(async (cursor) => {
    const query = { limit: ENTRIES_PER_PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const page = await responseData(api.GET("/v1/subjects/{subject}/accesses", { params: { path: { subject: subject.handle }, query } }));
    return { entries: page.accesses, next: page.next };
  });
  return (
    <Page title={t.title} caption={subject.name} back={subject.home} wide>
      <p class="govgr-body">{t.lead}</p>
      <PagedList paged={paged} none={t.none} subject={subject}>
        {(entries) => (
          <Table
            label={t.title}
            entries={entries}
            columns={[
              { name: t.when, cell: ({ at }) => moment(at) },
              {
                name: t.application,
                cell: ({ application, purpose }) => (
                  <>
                    <strong>{application.name?.[language.value] ?? application.id}</strong>
                    <span class="row-hint">{purpose.text}</span>
                  </>
                ),
              },
              { name: t.image, cell: ({ image }) => common()[image] },
              { name: t.case, cell: (access) => <span class="case">{access.case}</span> },
              { name: t.result, cell: (access) => <Result access={access} /> },
            ]}
          />
        )}
      </PagedList>
    </Page>
  );
}

function Result({ access: { outcome, refusal_text, verdict } }: { access: Access }) {
  const t = words().accesses;
  return (
    <>
      <Tag kind={outcome === "given" ? "good" : "bad"}>{outcome === "given" ? t.given : t.refused}</Tag>
      {refusal_text !== undefined && <span class="row-hint">{refusal_text}</span>}
      {verdict !== undefined && (
        <span class="verdict">
          <Tag kind={verdict.verdict === "accepted" ? "good" : "bad"}>{verdict.verdict === "accepted" ? t.accepted : t.rejected}</Tag>
          {verdict.reason_text !== undefined && <span class="row-hint">{verdict.reason_text}</span>}
          {verdict.text !== undefined && <span class="row-hint">{t.clerk(verdict.text)}</span>}
          <span class="row-hint">{t.verdictAt(moment(verdict.at))}</span>
        </span>
      )}
    </>
  );
}
