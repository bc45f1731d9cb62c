/* Texts about the photographer's own reference for a customer. */
import { bilingual } from "../../words/bilingual";

export const words = bilingual(
  {
    name: "Η αναφορά σας",
    label: "Η αναφορά σας (προαιρετικά)",
    hint: (max: number) => `Αριθμός παραγγελίας ή αρχικά, για να βρείτε ξανά τον πελάτη. Μη γράψετε ονοματεπώνυμο. Έως ${max} χαρακτήρες. Τη βλέπει μόνο η επιχείρησή σας.`,
    tooLong: (length: number, max: number) => `Η αναφορά έχει ${length} χαρακτήρες· επιτρέπονται έως ${max}.`,
    search: "Αναφορά, ολόκληρη ή η αρχή της",
    searchButton: "Αναζήτηση",
    searchScope: "Η αναζήτηση γίνεται στην ημέρα ή στον μήνα που επιλέξατε.",
    month: "Μήνας",
    anyMonth: "Όλοι",
    searching: (reference: string, period: string) => `Αναζήτηση της αναφοράς «${reference}», ${period}…`,
    found: (count: number, reference: string, period: string) =>
      count === 0 ? `Καμία αναφορά δεν είναι «${reference}» ούτε αρχίζει έτσι, ${period}.` : count === 1 ? `Βρέθηκε 1 κωδικάριθμος με αναφορά «${reference}», ${period}.` : `Βρέθηκαν ${count} κωδικάριθμοι με αναφορά «${reference}», ${period}.`,
    foundSoFar: (count: number, reference: string, period: string) =>
      count === 0 ? `Δεν βρέθηκε ακόμη αναφορά «${reference}», ${period}. Δεν έχουν ελεγχθεί όλοι οι κωδικάριθμοι.` : `Βρέθηκαν έως τώρα ${count} με αναφορά «${reference}», ${period}. Δεν έχουν ελεγχθεί όλοι οι κωδικάριθμοι.`,
  },
  {
    name: "Your reference",
    label: "Your reference (optional)",
    hint: (max: number) => `Order number or initials, so that you find the customer again. Do not write a full name. At most ${max} characters. Only your business sees it.`,
    tooLong: (length: number, max: number) => `The reference has ${length} characters; at most ${max} are allowed.`,
    search: "Reference, whole or its beginning",
    searchButton: "Search",
    searchScope: "The search covers the day or month that you chose.",
    month: "Month",
    anyMonth: "All",
    searching: (reference: string, period: string) => `Searching for the reference “${reference}”, ${period}…`,
    found: (count: number, reference: string, period: string) =>
      count === 0 ? `No reference is “${reference}” or begins with it, ${period}.` : count === 1 ? `1 code number found with the reference “${reference}”, ${period}.` : `${count} code numbers found with the reference “${reference}”, ${period}.`,
    foundSoFar: (count: number, reference: string, period: string) =>
      count === 0 ? `No reference “${reference}” found yet, ${period}. Not all code numbers were searched.` : `${count} found so far with the reference “${reference}”, ${period}. Not all code numbers were searched.`,
  },
);
