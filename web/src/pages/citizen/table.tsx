import type { ComponentChildren } from "preact";

type Column<T> = { name: string; cell: (entry: T) => ComponentChildren };

/**
 * A table that becomes a list of cards on a phone, with the column's name before each value. It sets ARIA roles explicitly, because a table
 * loses its native roles when styles change its `display`.
 */
export function Table<T extends { id: string }>({ label, columns, entries }: { label: string; columns: readonly Column<T>[]; entries: readonly T[] }) {
  return (
    <table class="list" role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ name }) => (
            <th role="columnheader" scope="col" key={name}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {entries.map((entry) => (
          <tr role="row" key={entry.id}>
            {columns.map(({ name, cell }) => (
              <td role="cell" key={name}>
                <span class="list-name" aria-hidden="true">
                  {name}
                </span>
                <span class="list-value">{cell(entry)}</span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
