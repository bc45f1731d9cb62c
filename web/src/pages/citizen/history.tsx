import { answer, api, type Schemas } from "../../api/client";
import { Tag } from "../../parts/notice";
import { Loading, Page } from "../../parts/page";
import { moment, shortDay } from "../../words/dates";
import { language } from "../../words/language";
import { LIMIT, More, usePaged } from "./paged";
import type { Who } from "./subject";
import { Table } from "./table";
import { Trouble } from "./trouble";
import { words } from "./words/records";

/** Every authorization, from its start to its end. */
export function History({ who }: { who: Who }) {
  const t = words().history;
  const { list, more } = usePaged<Schemas["AuthorizationRecord"]>(async (cursor) => {
    const query = { limit: LIMIT, ...(cursor === undefined ? {} : { cursor }) };
    const page = await answer(api.GET("/v1/subjects/{subject}/authorizations", { params: { path: { subject: who.subject }, query } }));
    return { entries: page.authorizations, next: page.next };
  });
  return (
    <Page title={t.title} caption={who.name} back={who.home} wide>
      {list.failure !== undefined ? (
        <Trouble failure={list.failure} onRetry={list.reload} who={who} />
      ) : list.data === undefined ? (
        <Loading />
      ) : list.data.entries.length === 0 ? (
        <p class="govgr-body">{t.none}</p>
      ) : (
        <>
          <Table
            label={t.title}
            entries={list.data.entries}
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
          <More of={more} next={list.data.next} who={who} />
        </>
      )}
    </Page>
  );
}
