/* Texts about pasting pictures. */
import { bilingual } from "../../words/bilingual";

export const words = bilingual(
  {
    hint: (keys: string) => `Μπορείτε και να επικολλήσετε εικόνα ή αρχείο εικόνας (${keys}). Μπαίνει στην πρώτη κενή θέση, ή σε αυτήν όπου βρίσκεστε.`,
    text: "Στο πρόχειρο υπάρχει κείμενο ή σύνδεσμος, όχι εικόνα. Αντιγράψτε την ίδια την εικόνα (δεξί κλικ, «Αντιγραφή εικόνας») ή το αρχείο της και επικολλήστε ξανά.",
    empty: "Στο πρόχειρο δεν υπάρχει εικόνα. Αντιγράψτε μια εικόνα ή ένα αρχείο εικόνας και επικολλήστε ξανά.",
    which: "Υπάρχουν ήδη δύο εικόνες. Πατήστε στη θέση εκείνης που θέλετε να αντικαταστήσετε και επικολλήστε ξανά.",
  },
  {
    hint: (keys: string) => `You can also paste a picture or a picture file (${keys}). It goes to the first empty place, or to the one where you are.`,
    text: "The clipboard has text or a link, not a picture. Copy the picture itself (right-click, “Copy image”) or its file, and paste again.",
    empty: "The clipboard has no picture. Copy a picture or a picture file, and paste again.",
    which: "There are two pictures already. Press on the place of the one to replace, and paste again.",
  },
);
