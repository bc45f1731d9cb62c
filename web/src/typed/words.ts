/* Texts about typed and pasted values. */
import { bilingual } from "../words/bilingual";

export const words = bilingual(
  {
    read: (value: string, dropped: string) => `Διαβάστηκε: ${value}. Παραλείφθηκαν: ${dropped}.`,
    dropped: {
      invisible: "αόρατοι χαρακτήρες",
      white_space: "κενά",
      punctuation: "σημεία στίξης",
      label: "η ονομασία του",
      link: "ο σύνδεσμος",
      text: "το υπόλοιπο κείμενο",
    },
    several: "Υπάρχουν περισσότερες από μία τιμές. Επικολλήστε μόνο μία.",
    suggestion: (email: string) => `Μήπως εννοείτε ${email};`,
    useSuggestion: (email: string) => `Χρήση του ${email}`,
    confirm: {
      title: "Είναι σωστός ο παραλήπτης;",
      text: "Ο κωδικάριθμος θα σταλεί εδώ. Διαβάστε τον παραλήπτη στον πελάτη σας, ψηφίο προς ψηφίο ή γράμμα προς γράμμα.",
      yes: "Ναι, αποστολή",
      no: "Διόρθωση",
    },
    confirmLater: {
      title: "Είναι σωστός ο παραλήπτης;",
      text: "Ο κωδικάριθμος θα σταλεί εδώ αργότερα, όταν ο πελάτης σας μπορεί να έχει φύγει. Διαβάστε του τώρα τον παραλήπτη, ψηφίο προς ψηφίο ή γράμμα προς γράμμα.",
      yes: "Ναι, αποθήκευση",
      no: "Διόρθωση",
    },
    confirmReminder: {
      title: "Είναι σωστή η διεύθυνση email;",
      text: "Η υπενθύμιση θα σταλεί εδώ.",
      yes: "Ναι, είναι σωστή",
      no: "Διόρθωση",
    },
  },
  {
    read: (value: string, dropped: string) => `Read: ${value}. Left out: ${dropped}.`,
    dropped: {
      invisible: "invisible characters",
      white_space: "blanks",
      punctuation: "punctuation",
      label: "its name",
      link: "the link",
      text: "the rest of the text",
    },
    several: "There is more than one value. Paste only one.",
    suggestion: (email: string) => `Did you mean ${email}?`,
    useSuggestion: (email: string) => `Use ${email}`,
    confirm: {
      title: "Is the recipient right?",
      text: "The code number will be sent here. Read the recipient to your customer, digit by digit or letter by letter.",
      yes: "Yes, send it",
      no: "Correct it",
    },
    confirmLater: {
      title: "Is the recipient right?",
      text: "The code number will be sent here later, when your customer may have left. Read the recipient to them now, digit by digit or letter by letter.",
      yes: "Yes, keep it",
      no: "Correct it",
    },
    confirmReminder: {
      title: "Is the email address right?",
      text: "The reminder will be sent here.",
      yes: "Yes, it is right",
      no: "Correct it",
    },
  },
);
