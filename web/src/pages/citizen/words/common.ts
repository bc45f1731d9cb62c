import { bilingual } from "../../../words/bilingual";

export const words = bilingual(
  {
    face: "Φωτογραφία προσώπου",
    signature: "Υπογραφή",
    profiles: { standard: "Άδεια οδήγησης, διαβατήριο και λοιπά έγγραφα", identity_card: "Δελτίο ταυτότητας" },
    toHome: "Στις φωτογραφίες",
    toCode: "Υποβολή κωδικάριθμου",
    toDissociation: "Αποσυσχέτιση των φωτογραφιών που υπάρχουν",
    lost: {
      title: "Το πρόσωπο δεν έχει προστεθεί σε αυτή τη σύνδεση",
      text: "Η επιμέλεια ενός ανηλίκου ελέγχεται στα μητρώα σε κάθε επίσκεψη. Προσθέστε τον ανήλικο ξανά. Αν έγινε 18 ετών, διαχειρίζεται πλέον μόνος του τις φωτογραφίες του.",
      people: "Επιλογή προσώπου",
    },
    lostAtKep: {
      title: "Η σελίδα είναι άλλης εξυπηρέτησης",
      text: "Η διεύθυνση αυτή δεν ανήκει στον πολίτη που εξυπηρετείτε τώρα.",
      people: "Στην τρέχουσα εξυπηρέτηση",
    },
    notAtKep: {
      title: "Δεν γίνεται σε ΚΕΠ",
      text: "Το αντίγραφο των δεδομένων, η διαγραφή τους, η υπενθύμιση και το ιστορικό (εξουσιοδοτήσεις, χρήσεις των φωτογραφιών, επισκέψεις σε ΚΕΠ) είναι μόνο για τον ίδιο τον πολίτη, όταν συνδέεται ο ίδιος.",
    },
    status: {
      authorized: "Οι εφαρμογές εξουσιοδοτήθηκαν. Μπορούν να χρησιμοποιούν τις φωτογραφίες από τώρα.",
      rejected: "Οι φωτογραφίες δεν συσχετίστηκαν. Παραμένουν διαθέσιμες για το πρόσωπο στο οποίο ανήκουν.",
      minorAdded: "Η επιμέλεια επιβεβαιώθηκε. Συνεχίστε για τον ανήλικο.",
      noSubmission: "Υποβάλετε πρώτα τον κωδικάριθμο.",
      submitAgain: "Η προηγούμενη υποβολή δεν ισχύει πια. Υποβάλετε τον κωδικάριθμο ξανά.",
      notConfirmed: "Δείτε πρώτα τις φωτογραφίες και επιβεβαιώστε ότι είναι οι σωστές.",
      nothingAssociated: "Δεν υπάρχουν συσχετισμένες φωτογραφίες. Υποβάλετε πρώτα έναν κωδικάριθμο.",
      alreadyAssociated: "Οι φωτογραφίες είναι ήδη συσχετισμένες.",
    },
  },
  {
    face: "Face photo",
    signature: "Signature",
    profiles: { standard: "Driving licence, passport and other documents", identity_card: "Identity card" },
    toHome: "To the photos",
    toCode: "Submit a code number",
    toDissociation: "Dissociate the photos that are there",
    lost: {
      title: "This person is not known in this session",
      text: "Custody of a minor is checked in the registers at each visit. Add the minor again. Whoever has turned 18 manages their photos alone.",
      people: "Choose a person",
    },
    lostAtKep: {
      title: "This page belongs to another case",
      text: "This address does not belong to the person whom you are serving now.",
      people: "To the open case",
    },
    notAtKep: {
      title: "Not available at a KEP",
      text: "A copy of the data, their erasure, the reminder and the history (authorizations, uses of the photos, visits to a KEP) are for the person alone, after signing in themselves.",
    },
    status: {
      authorized: "The applications are authorised. They may use the photos from now on.",
      rejected: "The photos were not associated. They stay available for the person to whom they belong.",
      minorAdded: "Custody is confirmed. Go on for the minor.",
      noSubmission: "Submit the code number first.",
      submitAgain: "What you had submitted no longer holds. Submit the code number again.",
      notConfirmed: "First look at the photos and confirm that they are the right ones.",
      nothingAssociated: "There are no associated photos. Submit a code number first.",
      alreadyAssociated: "The photos are associated already.",
    },
  },
);
