/* Texts about a running upload. */
import { bilingual } from "../../words/bilingual";
import type { TimeLeft } from "./transfer";

export const words = bilingual(
  {
    preparing: "Σύνδεση με την υπηρεσία…",
    sending: (image: string, part: string) => `Αποστολή: ${image}, ${part}`,
    checking: "Έλεγχος των εικόνων…",
    timeLeft: ({ unit, count }: TimeLeft) => (unit === "minutes" ? `Απομένουν περίπου ${count} λεπτά.` : `Απομένουν περίπου ${count} δευτερόλεπτα.`),
    announced: (percent: string) => `Στάλθηκε το ${percent}.`,
    slow: "Η σύνδεση είναι αργή. Περιμένετε· η αποστολή συνεχίζεται.",
    waiting: {
      pause: (nextTry: number, of: number) => `Η σύνδεση διακόπηκε. Η αποστολή επαναλαμβάνεται αυτόματα σε λίγο (προσπάθεια ${nextTry} από ${of}).`,
      network: (nextTry: number, of: number) => `Δεν υπάρχει σύνδεση με το διαδίκτυο. Η αποστολή επαναλαμβάνεται αυτόματα μόλις επανέλθει (προσπάθεια ${nextTry} από ${of}).`,
    },
    cancel: "Ακύρωση της αποστολής",
  },
  {
    preparing: "Connecting to the service…",
    sending: (image: string, part: string) => `Uploading: ${image}, ${part}`,
    checking: "Checking the pictures…",
    timeLeft: ({ unit, count }: TimeLeft) => (unit === "minutes" ? `About ${count} minutes left.` : `About ${count} seconds left.`),
    announced: (percent: string) => `${percent} uploaded.`,
    slow: "The connection is slow. Please wait; the upload goes on.",
    waiting: {
      pause: (nextTry: number, of: number) => `The connection was interrupted. The upload will be repeated automatically in a moment (try ${nextTry} of ${of}).`,
      network: (nextTry: number, of: number) => `There is no internet connection. The upload will be repeated automatically as soon as it is back (try ${nextTry} of ${of}).`,
    },
    cancel: "Cancel the upload",
  },
);
