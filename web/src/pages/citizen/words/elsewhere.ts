import { bilingual } from "../../../words/bilingual";

export const words = bilingual(
  {
    address: "Διεύθυνση της σελίδας",
    copy: "Αντιγραφή διεύθυνσης",
    copied: "Η διεύθυνση αντιγράφηκε. Επικολλήστε την στο Safari ή στο Chrome.",
    notCopied: "Η διεύθυνση δεν αντιγράφηκε αυτόματα. Επιλέξτε το κείμενό της και αντιγράψτε το.",
    ready: "Το αρχείο είναι έτοιμο. Πατήστε το κουμπί και επιλέξτε πού θα αποθηκευτεί.",
    save: "Αποθήκευση αρχείου",
    notSaved: "Το αρχείο δεν αποθηκεύτηκε. Πατήστε ξανά το κουμπί και επιλέξτε πού θα αποθηκευτεί.",
    handedOver: "Το αρχείο δόθηκε στην εφαρμογή που επιλέξατε. Ελέγξτε ότι αποθηκεύτηκε εκεί και φυλάξτε το σε ασφαλές μέρος.",
    impossible: "Το αρχείο δεν αποθηκεύτηκε, γιατί εδώ δεν γίνεται λήψη αρχείων. Ανοίξτε αυτή τη διεύθυνση στο Safari ή στο Chrome και επαναλάβετε τη λήψη.",
  },
  {
    address: "Address of the page",
    copy: "Copy the address",
    copied: "The address was copied. Paste it into Safari or Chrome.",
    notCopied: "The address could not be copied automatically. Select its text and copy it.",
    ready: "The file is ready. Press the button and choose where to save it.",
    save: "Save the file",
    notSaved: "The file was not saved. Press the button again and choose where to save it.",
    handedOver: "The file was handed to the app that you chose. Check that it was saved there, and keep it in a safe place.",
    impossible: "The file was not saved, because files cannot be downloaded here. Open this address in Safari or Chrome and download it there.",
  },
);
