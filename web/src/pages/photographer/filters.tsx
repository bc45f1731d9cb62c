import { Button } from "../../parts/button";
import { focusAfterRender } from "../../parts/focus";
import { words } from "./issued_words";
import { STATES, type State } from "./issuances";
import { words as common } from "./words";

export type Filter = { readonly day?: string; readonly state?: State };

export const isState = (text: string | undefined): text is State => STATES.some((state) => state === text);

/** Filters of the list, which apply as soon as they change. */
export function Filters({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  const t = words().list;
  const { state } = common();
  const only = (name: keyof Filter): Filter => (filter[name] === undefined ? {} : { [name]: filter[name] });
  return (
    <div class="filters" role="group" aria-label={t.filter}>
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
            onChange(day === "" ? only("state") : { ...filter, day });
          }}
        />
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
            onChange(isState(chosen) ? { ...filter, state: chosen } : only("day"));
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
            onChange({});
            focusAfterRender(() => document.getElementById("day"));
          }}
        >
          {t.clear}
        </Button>
      )}
    </div>
  );
}
