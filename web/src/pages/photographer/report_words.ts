/* Names of the picture rules, and formats for measured values. The service sends the explanations itself. */
import type { Schemas } from "../../api/client";
import { bilingual } from "../../words/bilingual";
import { bytes } from "../../words/dates";
import { formatNumber, formatPercent } from "./numbers";

type Finding = Schemas["PictureFinding"];

export const words = bilingual(
  {
    errors: (count: number) => (count === 1 ? "1 σφάλμα" : `${count} σφάλματα`),
    warnings: (count: number) => (count === 1 ? "1 παρατήρηση" : `${count} παρατηρήσεις`),
    hints: (count: number) => (count === 1 ? "1 υπόδειξη" : `${count} υποδείξεις`),
    passed: (count: number) => (count === 1 ? "1 έλεγχος πέρασε" : `${count} έλεγχοι πέρασαν`),
    good: "Εντάξει",
    error: "Σφάλμα",
    warning: "Παρατήρηση",
    hint: "Υπόδειξη",
    numbers: (measured: string, limit: string) => `Μέτρηση: ${measured}. Όριο: ${limit}.`,
    least: (value: string) => `τουλάχιστον ${value}`,
    most: (value: string) => `έως ${value}`,
    between: (least: string, most: string) => `${least} έως ${most}`,
    unit: { pixels: "pixel", levels: "από 255", face: "πρόσωπο", faces: "πρόσωπα" },
    yes: "ναι",
    marks: {
      show: "Μετρήσεις πάνω στη φωτογραφία",
      legend: "Υπόμνημα",
      picture: "Η φωτογραφία με τις μετρήσεις του ελέγχου. Τα ευρήματα τις αναφέρουν με λέξεις.",
      eyes: "Γραμμή ματιών",
      chin: "Πηγούνι",
      crown: "Κορυφή κεφαλιού",
      centre: "Μέσο του προσώπου",
      met: "εντός ορίων",
      notMet: "εκτός ορίων",
    },
    rules: {
      file_type: "Αρχείο JPEG",
      file_whole: "Ακέραιο αρχείο",
      file_kind: "Είδος JPEG",
      colour_profile: "Χρωματικό προφίλ",
      colour_mode: "Χρωματικό μοντέλο",
      bytes: "Μέγεθος αρχείου",
      pixels: "Σύνολο pixel",
      width: "Πλάτος",
      height: "Ύψος",
      proportion: "Πλάτος προς ύψος",
      orientation: "Προσανατολισμός (EXIF)",
      tones: "Διαβάθμιση τόνων",
      faces: "Πρόσωπα",
      head_height: "Ύψος κεφαλιού",
      eye_line: "Ύψος ματιών από πάνω",
      face_centre: "Μέσο του προσώπου από αριστερά",
      face_measured: "Μετρήσιμο πρόσωπο",
      eyes_open: "Άνοιγμα ματιών",
      mouth_closed: "Απόσταση χειλιών",
      expression: "Χαμόγελο",
      head_turned: "Στροφή του κεφαλιού",
      head_nodding: "Κλίση προς τα εμπρός ή πίσω",
      head_tilted: "Κλίση προς τον ώμο",
      dark_glasses: "Σκούρα περιοχή γύρω από τα μάτια",
      side_light: "Διαφορά φωτός στις δύο πλευρές",
      sharpness: "Ευκρίνεια",
      underexposure: "Φως στο πρόσωπο",
      overexposure: "Κατάλευκα σημεία στο πρόσωπο",
      colour: "Χρώμα",
      background_evenness: "Διακύμανση του φόντου",
      background_brightness: "Φωτεινότητα του φόντου",
      ink: "Μελάνι",
      paper_brightness: "Φωτεινότητα του χαρτιού",
      ink_contrast: "Αντίθεση του μελανιού",
      ink_colour: "Χρώμα του μελανιού",
      ink_on_edge: "Μελάνι στην άκρη",
    },
  },
  {
    errors: (count: number) => (count === 1 ? "1 error" : `${count} errors`),
    warnings: (count: number) => (count === 1 ? "1 remark" : `${count} remarks`),
    hints: (count: number) => (count === 1 ? "1 hint" : `${count} hints`),
    passed: (count: number) => (count === 1 ? "1 check passed" : `${count} checks passed`),
    good: "Good",
    error: "Error",
    warning: "Remark",
    hint: "Hint",
    numbers: (measured: string, limit: string) => `Measured: ${measured}. Limit: ${limit}.`,
    least: (value: string) => `at least ${value}`,
    most: (value: string) => `at most ${value}`,
    between: (least: string, most: string) => `${least} to ${most}`,
    unit: { pixels: "pixels", levels: "of 255", face: "face", faces: "faces" },
    yes: "yes",
    marks: {
      show: "Measurements on the photo",
      legend: "Legend",
      picture: "The photo with the measurements of the check. The findings say the same in words.",
      eyes: "Eye line",
      chin: "Chin",
      crown: "Top of the head",
      centre: "Middle of the face",
      met: "within the limits",
      notMet: "outside the limits",
    },
    rules: {
      file_type: "JPEG file",
      file_whole: "Whole file",
      file_kind: "Kind of JPEG",
      colour_profile: "Colour profile",
      colour_mode: "Colour mode",
      bytes: "File size",
      pixels: "Pixels in all",
      width: "Width",
      height: "Height",
      proportion: "Width to height",
      orientation: "Orientation (EXIF)",
      tones: "Range of tones",
      faces: "Faces",
      head_height: "Height of the head",
      eye_line: "Eyes, from the top",
      face_centre: "Middle of the face, from the left",
      face_measured: "Measurable face",
      eyes_open: "Opening of the eyes",
      mouth_closed: "Gap between the lips",
      expression: "Smile",
      head_turned: "Turn of the head",
      head_nodding: "Tilt forward or back",
      head_tilted: "Tilt towards a shoulder",
      dark_glasses: "Dark area around the eyes",
      side_light: "Difference in light between the sides",
      sharpness: "Sharpness",
      underexposure: "Light on the face",
      overexposure: "Blank white on the face",
      colour: "Colour",
      background_evenness: "Variation of the background",
      background_brightness: "Brightness of the background",
      ink: "Ink",
      paper_brightness: "Brightness of the paper",
      ink_contrast: "Contrast of the ink",
      ink_colour: "Colour of the ink",
      ink_on_edge: "Ink on the edge",
    },
  },
);

/** Formats a measured value with its unit. `extraDigits` is the number of decimals in addition to the usual number for the rule or unit. */
export function formatMeasure(finding: Pick<Finding, "rule" | "unit">, value: number, extraDigits = 0): string {
  const t = words().unit;
  if (finding.rule === "proportion") return formatNumber(value, 3 + extraDigits, 3 + extraDigits);
  if (finding.rule === "side_light") return formatNumber(value, 1 + extraDigits, extraDigits === 0 ? 0 : 1 + extraDigits);
  switch (finding.unit) {
    case "bytes":
      return bytes(value, extraDigits);
    case "ratio":
      return formatPercent(value, 2 + extraDigits, extraDigits === 0 ? 0 : 2 + extraDigits);
    case "degrees":
      return `${formatNumber(value, extraDigits)}°`;
    case "pixels":
      return `${formatNumber(value)} ${t.pixels}`;
    case "levels":
      return `${formatNumber(value)} ${t.levels}`;
    case "faces":
      return `${formatNumber(value)} ${value === 1 ? t.face : t.faces}`;
    default:
      return formatNumber(value);
  }
}

/**
 * Exclusive limit of the number of additional decimals. More decimals would not show a difference, because the service sends ratios with
 * only four decimals.
 */
const EXTRA_DIGITS_MAX = 6;

/** Returns how many additional decimals are needed so that the measured value looks different from each limit to which it is not equal. */
export function extraDigits({ rule, unit, measured, limit }: Pick<Finding, "rule" | "unit" | "measured" | "limit">): number {
  if (measured === undefined) return 0;
  const others = [limit?.least, limit?.most].filter((value) => value !== undefined && value !== measured);
  const looksEqual = (digits: number) => others.some((value) => value !== undefined && formatMeasure({ rule, ...(unit === undefined ? {} : { unit }) }, value, digits) === formatMeasure({ rule, ...(unit === undefined ? {} : { unit }) }, measured, digits));
  for (let digits = 0; digits < EXTRA_DIGITS_MAX; digits += 1) if (!looksEqual(digits)) return digits;
  return 0;
}

/** Formats the measured value of a finding. */
export function formatMeasured(finding: Pick<Finding, "rule" | "unit" | "measured" | "limit">): string | undefined {
  return finding.measured === undefined ? undefined : formatMeasure(finding, finding.measured, extraDigits(finding));
}

export function formatLimit(finding: Pick<Finding, "rule" | "unit" | "measured" | "limit">): string | undefined {
  const t = words();
  const { least, most } = finding.limit ?? {};
  const format = (value: number) => formatMeasure(finding, value, extraDigits(finding));
  if (least !== undefined && most !== undefined) return least === most ? format(least) : t.between(format(least), format(most));
  if (least !== undefined) return t.least(format(least));
  return most === undefined ? undefined : t.most(format(most));
}
