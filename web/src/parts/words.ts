import { bilingual } from "../words/bilingual";

export const words = bilingual(
  {
    loading: "Φόρτωση…",
    retry: "Δοκιμάστε ξανά",
    back: "Πίσω",
    cancel: "Ακύρωση",
    close: "Κλείσιμο",
    more: "Περισσότερα",
    problemTitle: "Υπάρχει ένα πρόβλημα",
    offline: "Δεν υπάρχει σύνδεση με το διαδίκτυο. Ελέγξτε τη σύνδεσή σας και δοκιμάστε ξανά· δεν χάθηκε τίποτα.",
    interrupted: "Η σύνδεση διακόπηκε πριν φτάσει η απάντηση. Δοκιμάστε ξανά.",
    slow: "Η απάντηση αργεί. Ίσως η σύνδεσή σας είναι αργή. Δοκιμάστε ξανά.",
    otherRole: "Επιλογή άλλης ιδιότητας",
    broken: "Κάτι πήγε στραβά με την υπηρεσία. Δοκιμάστε ξανά σε λίγο.",
  },
  {
    loading: "Loading…",
    retry: "Try again",
    back: "Back",
    cancel: "Cancel",
    close: "Close",
    more: "More",
    problemTitle: "There is a problem",
    offline: "There is no internet connection. Check your connection and try again; nothing was lost.",
    interrupted: "The connection was interrupted before the answer arrived. Try again.",
    slow: "The answer is taking long. Your connection may be slow. Try again.",
    otherRole: "Choose another role",
    broken: "Something went wrong with the service. Try again shortly.",
  },
);
