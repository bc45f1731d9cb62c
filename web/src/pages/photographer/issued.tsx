import { useLocation } from "preact-iso";
import { useRef } from "preact/hooks";

import { rememberUrl, useAction, useLoad } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { FailureNote } from "../../parts/failure";
import { focusAfterRender } from "../../parts/focus";
import { Loaded, Loading, Page } from "../../parts/page";
import { now } from "../../words/clock";
import { day, moment, month, shortDay, time } from "../../words/dates";
import { Filters, isState, type Filter } from "./filters";
import { AgainLink, DeliveryFailure, Reference, StateTag, Verdicts, WithoutFaceNote, imagesText, issuerText, resendsText } from "./issuance_parts";
import { currentBusiness, listIssuances, mayChange, mayResend, type Issuance } from "./issuances";
import { words } from "./issued_words";
import { collectPages } from "./pages_of_list";
import { isDay, isMonth, monthOf } from "./periods";
import { usePolling } from "./polling";
import { searchedReference, searchReference } from "./reference_search";
import { words as referenceWords } from "./reference_words";
import { RemovedNotice } from "./stored/notices";
import { issuedFromQueue } from "./stored/queue";
import { QueueSection, QueueStatus } from "./stored/queue_section";
import { words as common } from "./words";

const PAGE_SIZE = 25;
const PAGE_SIZE_MAX = 100;

/** `key` identifies the filter with which the list was loaded. */
type ShownList = { key: string; issuances: readonly Issuance[]; next: string | undefined };

/**
 * The history of the business's code numbers. Day, month and state are in the URL, so that a reload and the back button restore them. The
 * searched reference is not in the URL (see `reference_search.ts`).
 */
export function Issued() {
  const { list: t } = words();
  const r = referenceWords();
  const { query, route } = useLocation();
  const filter = filterOf(query, searchedReference());
  const key = JSON.stringify(filter);
  const latestKey = useRef(key);
  latestKey.current = key;
  const read = (cursor: string | undefined) => collectPages((cursor) => listIssuances({ limit: PAGE_SIZE, ...filter, ...(cursor === undefined ? {} : { cursor }) }), cursor, PAGE_SIZE, () => latestKey.current === key);
  const load = useLoad(async () => ({ key, ...(await read(undefined)) }), [key, currentBusiness(), issuedFromQueue.value]);
  const more = useAction(async ({ issuances, next }: ShownList) => {
    if (next === undefined) return;
    const isSameUrl = rememberUrl();
    const page = await read(next);
    // If the filter has changed in the meantime, discard the loaded page.
    load.setData((before) => (before?.key !== key ? before : { key, issuances: [...issuances, ...page.issuances], next: page.next }));
    // After the last page the button is removed, so the focus moves to the first new row.
    if (page.next === undefined && page.issuances.length > 0 && isSameUrl()) focusAfterRender(() => document.querySelectorAll("main tbody tr")[issuances.length]);
  });
  const shown = load.data;
  usePolling(shown?.issuances.some(mayChange) === true, async () => {
    if (shown === undefined || more.busy) return;
    const latest = await listIssuances({ limit: Math.min(PAGE_SIZE_MAX, Math.max(PAGE_SIZE, shown.issuances.length)), ...filter });
    load.setData((before) => (before?.key !== key ? before : mergeLists(before, latest.issuances, filter)));
  });
  const { reference } = filter;
  const period = filter.day !== undefined ? day(filter.day) : month(filter.month ?? monthOf(now()));
  return (
    <Page title={t.title} wide>
      <p class="govgr-body">{t.lead}</p>
      <div class="govgr-button-group">
        <ButtonLink href="/photographer/new">{common().newPhotos}</ButtonLink>
      </div>
      <RemovedNotice />
      <QueueStatus />
      <QueueSection />
      <Filters
        filter={filter}
        onChange={({ reference = "", ...inUrl }) => {
          searchReference(reference);
          route(`/photographer${asQuery(inUrl)}`, true);
        }}
      />
      <Loaded load={load}>
        {(shown) =>
          shown.key !== key ? (
            <Loading {...(reference === undefined ? {} : { text: r.searching(reference, period) })} />
          ) : (
            <>
              {reference !== undefined && (
                <p class="govgr-body issued-found" role="status">
                  {shown.next === undefined ? r.found(shown.issuances.length, reference, period) : r.foundSoFar(shown.issuances.length, reference, period)}
                </p>
              )}
              {shown.issuances.length > 0 && <IssuanceTable issuances={shown.issuances} />}
              {shown.issuances.length === 0 && reference === undefined && <p class="govgr-body">{shown.next !== undefined ? t.searched : key === "{}" ? t.empty : t.emptyFiltered}</p>}
              <FailureNote failure={more.failure} />
              {shown.next !== undefined && (
                <div class="govgr-button-group">
                  <Button variant="secondary" busy={more.busy} onClick={() => more.run(shown)}>
                    {shown.issuances.length === 0 || reference !== undefined ? t.goOn : t.more}
                  </Button>
                </div>
              )}
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

/** Returns the filter from the URL and the searched reference. A search without a day or month covers the current month. */
function filterOf(query: Readonly<Record<string, string>>, reference: string): Filter {
  const period = isDay(query.day) ? { day: query.day } : isMonth(query.month) ? { month: query.month } : reference === "" ? {} : { month: monthOf(now()) };
  return { ...period, ...(isState(query.state) ? { state: query.state } : {}), ...(reference === "" ? {} : { reference }) };
}

/**
 * Merges newer data into the list: adds new entries at the top, updates existing ones in place, and removes entries that no longer match
 * the filter's state.
 */
function mergeLists({ key, issuances, next }: ShownList, latest: readonly Issuance[], { state }: Filter): ShownList {
  const latestById = new Map(latest.map((issuance) => [issuance.upload_id, issuance]));
  const shownIds = new Set(issuances.map((issuance) => issuance.upload_id));
  const updated = issuances.map((issuance) => latestById.get(issuance.upload_id) ?? issuance).filter((issuance) => state === undefined || latestById.has(issuance.upload_id) || !mayChange(issuance));
  const newest = issuances[0]?.issued_at ?? "";
  return { key, issuances: [...latest.filter((issuance) => !shownIds.has(issuance.upload_id) && issuance.issued_at > newest), ...updated], next };
}

function asQuery(filter: Omit<Filter, "reference">): string {
  const query = new URLSearchParams(filter);
  return query.size === 0 ? "" : `?${query}`;
}

/** A table that CSS turns into a list of cards on a phone. */
function IssuanceTable({ issuances }: { issuances: readonly Issuance[] }) {
  const t = words();
  const c = t.columns;
  return (
    <table class="issued">
      <caption class="govgr-visually-hidden">{t.list.title}</caption>
      <thead>
        <tr>
          <th scope="col">{c.issued}</th>
          <th scope="col">{c.to}</th>
          <th scope="col">{c.state}</th>
          <th scope="col">{c.what}</th>
          <th scope="col">{c.by}</th>
          <th scope="col">{c.again}</th>
        </tr>
      </thead>
      <tbody>
        {issuances.map((issuance) => (
          <tr key={issuance.upload_id} data-upload={issuance.upload_id}>
            <td data-label={c.issued}>
              <span class="issued-when">
                {shortDay(issuance.issued_at)} {time(issuance.issued_at)}
              </span>
              {!issuance.associated && (
                <span class="issued-more">
                  {c.expires} {shortDay(issuance.expires_at)}
                </span>
              )}
            </td>
            <td data-label={c.to} class="issued-to">
              {issuance.recipient.masked}
              <Reference issuance={issuance} />
            </td>
            <td data-label={c.state}>
              <StateTag state={issuance.state} failure={issuance.failure} />
              <DeliveryFailure issuance={issuance} />
              {issuance.delivery.sent_at !== undefined && <span class="issued-more">{moment(issuance.delivery.sent_at)}</span>}
            </td>
            <td data-label={c.what}>
              {imagesText(issuance)}
              <span class="issued-more">{common().profile[issuance.profile]}</span>
              <WithoutFaceNote issuance={issuance} />
              {issuance.verdicts.length > 0 && <Verdicts verdicts={issuance.verdicts} />}
            </td>
            <td data-label={c.by}>{issuerText(issuance)}</td>
            <td data-label={c.again}>
              <span>{resendsText(issuance)}</span>
              {mayResend(issuance) && <AgainLink issuance={issuance} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
