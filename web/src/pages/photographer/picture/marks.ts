/* Computes the lines and zones that show the picture check's measurements on the picture. */
import type { Finding, Marks, Point } from "../api_types";

type Rule = Finding["rule"];
type LineName = "eyes" | "chin" | "crown" | "centre";

/**
 * A line or a zone. The points are fractions of the picture's width and height. `isMet` is true if the picture meets all rules whose
 * measurements this line or zone shows.
 */
export type Mark = { readonly key: string; readonly points: readonly Point[]; readonly isClosed: boolean; readonly isMet: boolean } & ({ readonly name: LineName } | { readonly name: "zone"; readonly rule: Rule });

/** The rules whose measurements each line shows. */
const LINE_RULES: Readonly<Record<LineName, readonly Rule[]>> = { crown: ["head_height"], eyes: ["eye_line"], chin: ["head_height"], centre: ["face_centre"] };

/** Returns the marks of the measured rules. Omits a zone if the report does not contain the zone's rule. */
export function marksOf(marks: Marks, findings: readonly Finding[]): readonly Mark[] {
  const of = (rules: readonly Rule[]) => findings.filter(({ rule }) => rules.includes(rule));
  const line = (name: LineName, points: readonly Point[]): readonly Mark[] => {
    const measured = of(LINE_RULES[name]);
    return measured.length === 0 ? [] : [{ key: name, name, points, isClosed: false, isMet: measured.every(({ ok }) => ok) }];
  };
  const across = ({ y }: Point) => [{ x: 0, y }, { x: 1, y }];
  const middle = (marks.left_eye.x + marks.right_eye.x) / 2;
  const zones = marks.zones.flatMap(({ rule, points }, index): readonly Mark[] => {
    const [finding] = findings.filter((finding) => finding.rule === rule);
    return finding === undefined ? [] : [{ key: `zone-${index}`, name: "zone", rule: finding.rule, points, isClosed: true, isMet: finding.ok }];
  });
  return [...line("crown", across(marks.crown)), ...line("eyes", eyeLine(marks)), ...line("chin", across(marks.chin)), ...line("centre", [{ x: middle, y: 0 }, { x: middle, y: 1 }]), ...zones];
}

/** Returns the line through both eyes, from edge to edge of the picture. */
function eyeLine({ left_eye: left, right_eye: right }: Marks): readonly Point[] {
  const slope = right.x === left.x ? 0 : (right.y - left.y) / (right.x - left.x);
  return [0, 1].map((x) => ({ x, y: left.y + (x - left.x) * slope }));
}
