/*
 * Suggests the email address that was probably meant if its domain is misspelt. The same rules as in
 * shared/domain/src/typed/suggestion.rs. A suggestion is a question, because an unusual domain may be right.
 */

import { isEmail } from "./email";

/** Domains of email providers that people in Greece use. The first of two equally near domains is suggested. None of these is ever questioned. */
export const EMAIL_DOMAINS: readonly string[] = [
  "gmail.com",
  "yahoo.gr",
  "yahoo.com",
  "hotmail.com",
  "hotmail.gr",
  "outlook.com",
  "outlook.com.gr",
  "live.com",
  "icloud.com",
  "windowslive.com",
  "otenet.gr",
  "forthnet.gr",
  "freemail.gr",
  "in.gr",
  "mail.gr",
  "hol.gr",
  "cosmotemail.gr",
  "windtools.gr",
  "vivodinet.gr",
  "sch.gr",
  "uoa.gr",
  "auth.gr",
  "ntua.gr",
  "upatras.gr",
  "aueb.gr",
  "uth.gr",
  "uoc.gr",
  "uoi.gr",
  "duth.gr",
  "uom.gr",
  "uop.gr",
  "unipi.gr",
  "uniwa.gr",
  "aegean.gr",
  "hua.gr",
  "panteion.gr",
  "teilar.gr",
  "ihu.gr",
  "hmu.gr",
  "otenet.com.cy",
  "cytanet.com.cy",
  "ath.forthnet.gr",
  "acci.gr",
  "tee.gr",
  "dsa.gr",
  "gov.gr",
  "googlemail.com",
  "msn.com",
  "live.gr",
  "live.co.uk",
  "live.fr",
  "live.nl",
  "outlook.de",
  "outlook.fr",
  "outlook.es",
  "outlook.it",
  "hotmail.co.uk",
  "hotmail.de",
  "hotmail.fr",
  "hotmail.it",
  "hotmail.es",
  "yahoo.co.uk",
  "yahoo.de",
  "yahoo.fr",
  "yahoo.it",
  "yahoo.es",
  "yahoo.ca",
  "yahoo.com.au",
  "ymail.com",
  "rocketmail.com",
  "aol.com",
  "me.com",
  "mac.com",
  "mail.com",
  "email.com",
  "mail.ru",
  "email.gr",
  "yandex.com",
  "yandex.ru",
  "proton.me",
  "pm.me",
  "protonmail.com",
  "protonmail.ch",
  "tutanota.com",
  "tuta.io",
  "zoho.com",
  "fastmail.com",
  "hey.com",
  "gmx.com",
  "gmx.net",
  "gmx.de",
  "gmx.at",
  "gmx.ch",
  "web.de",
  "t-online.de",
  "freenet.de",
  "bluewin.ch",
  "orange.fr",
  "wanadoo.fr",
  "free.fr",
  "laposte.net",
  "libero.it",
  "abv.bg",
  "att.net",
  "comcast.net",
  "verizon.net",
  "btinternet.com",
  "bigpond.com",
];

/** Misspelt top-level domains. None of these exists. */
const WRONG_ENDINGS = new Map([
  ["con", "com"],
  ["comm", "com"],
  ["coom", "com"],
  ["ccom", "com"],
  ["cpm", "com"],
  ["cmo", "com"],
  ["ocm", "com"],
  ["vom", "com"],
  ["xom", "com"],
  ["conm", "com"],
  ["cim", "com"],
  ["grr", "gr"],
  ["ggr", "gr"],
  ["gre", "gr"],
  ["rg", "gr"],
  ["ner", "net"],
  ["nett", "net"],
  ["ent", "net"],
  ["ogr", "org"],
  ["orgg", "org"],
]);

/** The name of a domain of this length or more is compared without its ending. So `gmail.gr`, which is not Google's, is questioned. */
const DISTINCTIVE_NAME_LENGTH = 5;

/**
 * Returns the address that was probably meant, or undefined if the domain is one of `EMAIL_DOMAINS` or like none of them. The text may be an
 * address or almost one, such as `maria@gmail` or `maria@gmail,com`.
 */
export function suggestEmail(text: string): string | undefined {
  const match = /^([^@]+)@([A-Za-z0-9.,-]+)$/.exec(text.trim());
  const [local, typed] = [match?.[1], match?.[2]];
  if (local === undefined || typed === undefined) return undefined;
  const meant = meantDomain(typed.toLowerCase().replace(/,/g, ".").replace(/^\.+|\.+$/g, ""));
  const suggested = `${local}@${meant ?? ""}`;
  return meant === typed.toLowerCase() || !isEmail(suggested) ? undefined : suggested;
}

function meantDomain(domain: string): string | undefined {
  // Only what follows a known domain can be wrong, such as a second dot.
  if (EMAIL_DOMAINS.includes(domain)) return domain;
  const [name = "", ...ending] = domain.split(".");
  const isEndingSimple = ending.length < 2 || ending[0] === "com" || ending[0] === "co";
  if (name.length >= DISTINCTIVE_NAME_LENGTH && isEndingSimple) {
    const sameName = nearest(domain, EMAIL_DOMAINS.filter((known) => known.split(".")[0] === name));
    if (sameName !== undefined) return sameName;
  }
  const known = nearest(domain, EMAIL_DOMAINS);
  if (known !== undefined && distance(domain, known) <= tolerance(domain, known)) return known;
  const last = domain.lastIndexOf(".");
  const right = last < 0 ? undefined : WRONG_ENDINGS.get(domain.slice(last + 1));
  return right === undefined ? undefined : `${domain.slice(0, last)}.${right}`;
}

/** Returns the first of the nearest domains. */
function nearest(domain: string, candidates: readonly string[]): string | undefined {
  const distances = candidates.map((known) => distance(domain, known));
  return candidates[distances.indexOf(Math.min(...distances))];
}

/**
 * Returns the number of mistakes up to which a domain is taken for another. Short domains differ from each other in one letter (`uoa.gr`,
 * `uoc.gr`), so they are never questioned.
 */
function tolerance(domain: string, known: string): number {
  const length = Math.min(domain.length, known.length);
  return length <= 6 ? 0 : length <= 8 ? 1 : 2;
}

/** Returns the Damerau-Levenshtein distance with adjacent transpositions (optimal string alignment). */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const isSame = from[i - 1] === to[j - 1];
      let best = Math.min((last[j - 1] ?? 0) + (isSame ? 0 : 1), (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    [before, last] = [last, row];
  }
  return last[to.length] ?? 0;
}
