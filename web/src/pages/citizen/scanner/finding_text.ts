import { words } from "../words/scanner";
import type { OtherFinding } from "./scan_session";

/** Returns the text about a QR code that contains no code number. */
export function findingText(finding: OtherFinding): string {
  const t = words().found;
  return finding.kind === "link" ? t.link(finding.host) : t[finding.kind];
}
