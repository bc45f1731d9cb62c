import { useEffect, useState } from "preact/hooks";

import { Button } from "../../parts/button";
import { focusAfterRender } from "../../parts/focus";
import { month as monthName } from "../../words/dates";
import { words } from "./issued_words";
import { STATES, type State } from "./issuances";
import { historyMonths } from "./periods";
import { REFERENCE_MAX, readReference, referenceLength } from "./reference";
import { words as referenceWords } from "./reference_words";
import { words as common } from "./words";

/** A search for a reference needs a day or a month. */
export type Filter = { readonly day?: string; readonly month?: string; readonly state?: State; readonly reference?: string };

export const isState = (text: string | undefined): text is State => STATES.some((state) => state === text);

/** Returns a copy of the filter without the members `names`. */
function without(filter: Filter, ...names: readonly (keyof Filter)[]): Filter {
  return Object.fromEntries(Object.entries(filter).filter(([name]) => !names.includes(name as keyof Filter)));
}

/** Filters of the list. Day, month and state apply as soon as they change. The reference applies when the user submits it. */
export function Filters({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  const t = words().list;
  const r = referenceWords();
  const { state } = common();
  const months = historyMonths();
  const [typed, setTyped] = useState(filter.reference ?? "");
  const [isTooLong, setTooLong] = useState(false);
  useEffect(() => setTyped(filter.reference ?? ""), [filter.reference]);
  const search = () => {
    const reference = readReference(typed);
    setTooLong(referenceLength(typed) > REFERENCE_MAX);
    if (referenceLength(typed) > REFERENCE_MAX) return;
    onChange(reference === "" ? without(filter, "reference") : { ...filter, reference });
  };
  return (
    <form
      class="filters"
      role="search"
      aria-label={t.filter}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        search();
      }}
    >
      <div class="filters-reference">
        <label class="govgr-label" for="search-reference">
          {r.search}
        </label>
        {isTooLong && (
          <p class="govgr-error-message" id="search-reference-error" role="alert">
            {r.tooLong(referenceLength(typed), REFERENCE_MAX)}
          </p>
        )}
        <div class="filters-search">
          <input
            id="search-reference"
            class={`govgr-input${isTooLong ? " govgr-error-input" : ""}`}
            type="text"
            autocomplete="off"
            spellcheck={false}
            value={typed}
            aria-invalid={isTooLong}
            aria-describedby={isTooLong ? "search-reference-error search-reference-hint" : "search-reference-hint"}
            onInput={(event) => {
              setTyped(event.currentTarget.value);
              setTooLong(false);
            }}
          />
          <Button submit variant="secondary">
            {r.searchButton}
          </Button>
        </div>
        <span class="govgr-hint" id="search-reference-hint">
          {r.searchScope}
        </span>
      </div>
      <div>
        <label class="govgr-label" for="day">
          {t.day}
        </label>
        <input
          id="day"
          type="date"
          class="govgr-input"
          value={filter.day ?? ""}
          onChange={(event) => {
            const day = event.currentTarget.value;
            onChange(day === "" ? without(filter, "day") : { ...without(filter, "month"), day });
          }}
        />
      </div>
      <div>
        <label class="govgr-label" for="month">
          {r.month}
        </label>
        <select
          id="month"
          class="govgr-select"
          value={filter.month ?? ""}
          onChange={(event) => {
            const month = event.currentTarget.value;
            onChange(month === "" ? without(filter, "month") : { ...without(filter, "day"), month });
          }}
        >
          {/* A search for a reference needs a day or a month, so during a search the user cannot select all months. */}
          {(filter.reference === undefined || filter.day !== undefined) && <option value="">{filter.day === undefined ? r.anyMonth : "–"}</option>}
          {months.map((value) => (
            <option key={value} value={value}>
              {monthName(value)}
            </option>
          ))}
        </select>
      </div>
      <div>
        <label class="govgr-label" for="state">
          {t.state}
        </label>
        <select
          id="state"
          class="govgr-select"
          value={filter.state ?? ""}
          onChange={(event) => {
            const chosen = event.currentTarget.value;
            onChange(isState(chosen) ? { ...filter, state: chosen } : without(filter, "state"));
          }}
        >
          <option value="">{t.any}</option>
          {STATES.map((value) => (
            <option key={value} value={value}>
              {state[value]}
            </option>
          ))}
        </select>
      </div>
      {Object.keys(filter).length > 0 && (
        <Button
          variant="link"
          onClick={() => {
            setTyped("");
            setTooLong(false);
            onChange({});
            focusAfterRender(() => document.getElementById("search-reference"));
          }}
        >
          {t.clear}
        </Button>
      )}
    </form>
  );
}
