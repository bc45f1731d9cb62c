import { responseData, api, type Schemas } from "../../api/client";
import { Tag } from "../../parts/notice";
import { Page } from "../../parts/page";
import { moment, shortDay } from "../../words/dates";
import { language } from "../../words/language";
import { ENTRIES_PER_PAGE, PagedList, usePaged } from "./paged";
import type { Subject } from "./subject";
import { Table } from "./table";
import { AtKep } from "./visits";
import { words } from "./words/records";

/** The history of authorizations, with start and end of each. */
export function History({ subject }: { subject: Subject }) {
  const t = words().history;
  const paged = usePaged<Schemas["AuthorizationRecord"]>(async (cursor) => {
    const query = { limit: ENTRIES_PER_PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const page = await responseData(api.GET("/v1/subjects/{subject}/authorizations", { params: { path: { subject: subject.handle }, query } }));
    return { entries: page.authorizations, next: page.next };
  });
  return (
    <Page title={t.title} caption={subject.name} back={subject.home} wide>
      <PagedList paged={paged} none={t.none} subject={subject}>
        {(entries) => (
          <Table
            label={t.title}
            entries={entries}
            columns={[
              {
                name: t.application,
                cell: ({ application, given_by_subject }) => (
                  <>
                    <strong>{application.name?.[language.value] ?? application.id}</strong>
                    {!given_by_subject && <span class="row-hint">{t.byGuardian}</span>}
                  </>
                ),
              },
              { name: t.purpose, cell: ({ purpose }) => purpose.text },
              {
                name: t.start,
                cell: ({ started_at, at_kep }) => (
                  <>
                    {moment(started_at)}
                    <AtKep at={at_kep} />
                  </>
                ),
              },
              {
                name: t.end,
                cell: ({ ended_at, ends_at, ended_at_kep }) =>
                  ended_at !== undefined ? (
                    <>
                      {moment(ended_at)}
                      <AtKep at={ended_at_kep} />
                    </>
                  ) : (
                    <>
                      <Tag kind="good">{t.active}</Tag>
                      {ends_at !== undefined && <span class="row-hint">{t.endsAt(shortDay(ends_at))}</span>}
                    </>
                  ),
              },
            ]}
          />
        )}
      </PagedList>
    </Page>
  );
}
