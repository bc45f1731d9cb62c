/* Texts for issuing a code although no face was found. */
import { bilingual } from "../../words/bilingual";

export const words = bilingual(
  {
    title: "Έκδοση χωρίς αναγνώριση προσώπου",
    explanation:
      "Ο έλεγχος δεν βρήκε πρόσωπο σε δύο φωτογραφίες. Αν η φωτογραφία τηρεί τις προδιαγραφές, μπορείτε να εκδώσετε τον κωδικάριθμο δηλώνοντας τον λόγο. Ο λόγος φαίνεται στο ιστορικό της επιχείρησής σας. Ο δημόσιος φορέας μπορεί να ζητήσει άλλη φωτογραφία.",
    legend: "Γιατί δεν βρέθηκε πρόσωπο",
    reasons: {
      face_not_recognised: "Το πρόσωπο φαίνεται καθαρά, αλλά ο έλεγχος δεν το βρίσκει",
      face_covered_for_medical_reasons: "Μέρος του προσώπου είναι καλυμμένο για ιατρικούς λόγους",
      religious_head_covering: "Κάλυμμα κεφαλής για θρησκευτικούς λόγους",
      other: "Άλλος λόγος",
    },
    text: "Περιγραφή του λόγου",
    textOptional: "Περιγραφή του λόγου (προαιρετικά)",
    textHint: (max: number) => `Έως ${max} χαρακτήρες. Μη γράψετε όνομα ούτε ιατρική διάγνωση.`,
    reasonMissing: "Επιλέξτε τον λόγο.",
    textMissing: "Περιγράψτε τον λόγο.",
    textTooLong: (length: number, max: number) => `Το κείμενο έχει ${length} χαρακτήρες· επιτρέπονται έως ${max}.`,
    submit: "Συνέχεια χωρίς αναγνώριση προσώπου",
    listed: "Χωρίς αναγνώριση προσώπου",
  },
  {
    title: "Issue without a recognised face",
    explanation:
      "The check found no face in two photos. If the photo meets the specification, you can issue the code number by giving the reason. The reason is shown in your business's history. The public body may ask for another photo.",
    legend: "Why no face was found",
    reasons: {
      face_not_recognised: "The face is clearly visible, but the check does not find it",
      face_covered_for_medical_reasons: "Part of the face is covered for medical reasons",
      religious_head_covering: "A head covering for religious reasons",
      other: "Another reason",
    },
    text: "Description of the reason",
    textOptional: "Description of the reason (optional)",
    textHint: (max: number) => `At most ${max} characters. Do not write a name or a medical diagnosis.`,
    reasonMissing: "Choose the reason.",
    textMissing: "Describe the reason.",
    textTooLong: (length: number, max: number) => `The text has ${length} characters; at most ${max} are allowed.`,
    submit: "Continue without a recognised face",
    listed: "Without a recognised face",
  },
);
