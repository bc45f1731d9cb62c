import { useLocation } from "preact-iso";

import { rememberUrl, useAction, useLoad } from "../../parts/action";
import { Button, ButtonLink } from "../../parts/button";
import { FailureNote } from "../../parts/failure";
import { focusAfterRender } from "../../parts/focus";
import { Loaded, Loading, Page } from "../../parts/page";
import { moment, shortDay, time } from "../../words/dates";
import { Filters, isState, type Filter } from "./filters";
import { StateTag, Verdicts, WithoutFaceNote, imagesText, issuerText, resendsText } from "./issuance_parts";
import { listIssuances, mayResend, usePolling, type Issuance } from "./issuances";
import { words } from "./issued_words";
import { words as common } from "./words";

const PAGE_SIZE = 25;
const PAGE_SIZE_MAX = 100;

type ShownList = { query: string; issuances: readonly Issuance[]; next: string | undefined };

/** The business's history of code numbers. The filter is in the URL, so that reload and the back button keep it. */
export function Issued() {
  const t = words().list;
  const { query, route } = useLocation();
  const filter: Filter = { ...(isDay(query.day) ? { day: query.day } : {}), ...(isState(query.state) ? { state: query.state } : {}) };
  const isFiltered = Object.keys(filter).length > 0;
  const queryString = asQuery(filter);
  const load = useLoad(async () => ({ query: queryString, ...pageOf(await listIssuances({ limit: PAGE_SIZE, ...filter })) }), [queryString]);
  const more = useAction(async ({ issuances, next }: ShownList) => {
    if (next === undefined) return;
    const isSameUrl = rememberUrl();
    const page = pageOf(await listIssuances({ limit: PAGE_SIZE, cursor: next, ...filter }));
    // Discard the page if the filter has changed in the meantime.
    load.setData((before) => (before?.query !== queryString ? before : { query: queryString, issuances: [...issuances, ...page.issuances], next: page.next }));
    // After the last page the button is removed, so the focus moves to the first new row.
    if (page.next === undefined && isSameUrl()) focusAfterRender(() => document.querySelectorAll("main tbody tr")[issuances.length]);
  });
  const shown = load.data;
  usePolling(shown?.issuances.some(({ state }) => state === "queued") === true, async () => {
    if (shown === undefined || more.busy) return;
    const latest = await listIssuances({ limit: Math.min(PAGE_SIZE_MAX, Math.max(PAGE_SIZE, shown.issuances.length)), ...filter });
    load.setData((before) => (before?.query !== queryString ? before : mergeLists(before, latest.issuances, filter)));
  });
  return (
    <Page title={t.title} wide>
      <p class="govgr-body">{t.lead}</p>
      <div class="govgr-button-group">
        <ButtonLink href="/photographer/new">{common().newPhotos}</ButtonLink>
      </div>
      <Filters filter={filter} onChange={(filter) => route(`/photographer${asQuery(filter)}`, true)} />
      <Loaded load={load}>
        {(shown) => shown.query !== queryString ? <Loading /> : (
          <>
            {shown.issuances.length === 0 ? (
              <p class="govgr-body">{shown.next !== undefined ? t.searched : isFiltered ? t.emptyFiltered : t.empty}</p>
            ) : (
              <IssuanceTable issuances={shown.issuances} />
            )}
            <FailureNote failure={more.failure} />
            {shown.next !== undefined && (
              <div class="govgr-button-group">
                <Button variant="secondary" busy={more.busy} onClick={() => more.run(shown)}>
                  {shown.issuances.length === 0 ? t.goOn : t.more}
                </Button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

const pageOf = ({ issuances, next }: { issuances: readonly Issuance[]; next?: string }) => ({ issuances, next });

/**
 * Merges newer data into the list: adds new entries at the top, updates existing ones in place, and removes entries that no longer match
 * the filter's state.
 */
function mergeLists({ query, issuances, next }: ShownList, latest: readonly Issuance[], { state }: Filter): ShownList {
  const latestById = new Map(latest.map((issuance) => [issuance.upload_id, issuance]));
  const shownIds = new Set(issuances.map((issuance) => issuance.upload_id));
  const updated = issuances.map((issuance) => latestById.get(issuance.upload_id) ?? issuance).filter((issuance) => state === undefined || latestById.has(issuance.upload_id) || issuance.state !== "queued");
  const newest = issuances[0]?.issued_at ?? "";
  return { query, issuances: [...latest.filter((issuance) => !shownIds.has(issuance.upload_id) && issuance.issued_at > newest), ...updated], next };
}

const isDay = (text: string | undefined): text is string => text !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(text);

function asQuery(filter: Filter): string {
  const query = new URLSearchParams(filter);
  return query.size === 0 ? "" : `?${query}`;
}

/** A table, which becomes a list of cards on a phone with the same markup. */
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
            </td>
            <td data-label={c.state}>
              <StateTag state={issuance.state} />
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
              {mayResend(issuance) && (
                <a class="govgr-link issued-again" href={`/photographer/issued/${issuance.upload_id}`} aria-label={t.list.againTo(issuance.recipient.masked)}>
                  {t.list.again}
                </a>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
