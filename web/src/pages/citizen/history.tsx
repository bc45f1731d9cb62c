import { answer, api, type Schemas } from "../../api/client";
import { Tag } from "../../parts/notice";
import { Page } from "../../parts/page";
import { moment, shortDay } from "../../words/dates";
import { language } from "../../words/language";
import { LIMIT, Paged, usePaged } from "./paged";
import type { Who } from "./subject";
import { Table } from "./table";
import { words } from "./words/records";

/** Every authorization, from its start to its end. */
export function History({ who }: { who: Who }) {
  const t = words().history;
  const paged = usePaged<Schemas["AuthorizationRecord"]>(async (cursor) => {
    const query = { limit: LIMIT, ...(cursor === undefined ? {} : { cursor }) };
    const page = await answer(api.GET("/v1/subjects/{subject}/authorizations", { params: { path: { subject: who.subject }, query } }));
    return { entries: page.authorizations, next: page.next };
  });
  return (
    <Page title={t.title} caption={who.name} back={who.home} wide>
      <Paged of={paged} none={t.none} who={who}>
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
              { name: t.start, cell: ({ started_at }) => moment(started_at) },
              {
                name: t.end,
                cell: ({ ended_at, ends_at }) =>
                  ended_at !== undefined ? (
                    moment(ended_at)
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
      </Paged>
    </Page>
  );
}
