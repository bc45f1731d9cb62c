/* Texts about messages that did not reach the recipient, and about the last issued code numbers. */
import { bilingual } from "../../words/bilingual";

export const words = bilingual(
  {
    state: "Δεν παραδόθηκε",
    correct: { email: "Διόρθωση της διεύθυνσης", mobile: "Διόρθωση του αριθμού" },
    next: { email: "Ελέγξτε με τον πολίτη τη διεύθυνση email του και διορθώστε την.", mobile: "Ελέγξτε με τον πολίτη τον αριθμό του και διορθώστε τον." },
    again: "Δοκιμάστε ξανά ή στείλτε τον κωδικάριθμο αλλού.",
    last: "Οι τελευταίοι κωδικάριθμοι",
    lastFailed: "Η λίστα δεν φορτώθηκε.",
    becameUndelivered: (masked: string) => `Δεν παραδόθηκε: ${masked}`,
  },
  {
    state: "Not delivered",
    correct: { email: "Correct the address", mobile: "Correct the number" },
    next: { email: "Check the email address with the person and correct it.", mobile: "Check the number with the person and correct it." },
    again: "Try again, or send the code number elsewhere.",
    last: "The last code numbers",
    lastFailed: "The list was not loaded.",
    becameUndelivered: (masked: string) => `Not delivered: ${masked}`,
  },
);
