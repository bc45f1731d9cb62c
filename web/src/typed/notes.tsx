/* Notes below a field that tell the user which value was read. */
import { Button } from "../parts/button";
import type { Dropped, Result } from "./characters";
import { suggestEmail } from "./suggestion";
import { words } from "./words";

/**
 * Kinds of dropped text that the note mentions. The note does not mention blanks and punctuation, because the value without them is still
 * what the person typed.
 */
const MENTIONED = new Set<Dropped>(["invisible", "label", "link", "text"]);

/** Says which value was read, and which text was dropped. */
export function ReadNote({ read }: { read: Result | { readonly fault: unknown } }) {
  const t = words();
  const isMentioned = "value" in read && read.dropped.some((kind) => MENTIONED.has(kind));
  return (
    <p class="govgr-hint read-note" role="status">
      {isMentioned ? t.read(read.value, read.dropped.map((kind) => t.dropped[kind]).join(", ")) : ""}
    </p>
  );
}

/** Asks whether the user meant another email address. `email` is an address, or a text that is almost an address. */
export function SuggestionNote({ email, onUse }: { email: string; onUse: (email: string) => void }) {
  const t = words();
  const suggested = suggestEmail(email);
  return (
    <div class="suggestion" role="status">
      {suggested !== undefined && (
        <p class="govgr-body">
          {t.suggestion(suggested)}{" "}
          <Button variant="link" onClick={() => onUse(suggested)}>
            {t.useSuggestion(suggested)}
          </Button>
        </p>
      )}
    </div>
  );
}
