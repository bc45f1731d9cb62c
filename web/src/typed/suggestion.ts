/*
 * If the domain of an email address is misspelt, suggests the address that was probably meant. The rules are the same as in
 * shared/domain/src/typed/suggestion.rs. The page shows a suggestion as a question, because an unusual domain may be right.
 */

import { isEmail } from "./email";

/**
 * Domains of email providers that people in Greece use. If two domains are equally similar, the first one is suggested. An address in one
 * of these domains gets no suggestion.
 */
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

/** Misspelt top-level domains. None of them exists. */
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
  ["comn", "com"],
  ["coml", "com"],
  ["coim", "com"],
  ["cpom", "com"],
  ["vcom", "com"],
  ["c0m", "com"],
  ["clm", "com"],
  ["cok", "com"],
  ["dom", "com"],
  ["grt", "gr"],
  ["gtr", "gr"],
  ["fgr", "gr"],
  ["nte", "net"],
  ["ney", "net"],
  ["nt", "net"],
  ["rog", "org"],
  ["orh", "org"],
]);

/**
 * Minimum length of a domain's name, such as `gmail`, to recognise a provider by the name although the rest of the address is wrong. For
 * example, `gmail.com` is suggested for an address at `gmail.gr`, which does not belong to Google.
 */
const DISTINCTIVE_NAME_LENGTH = 5;

/**
 * Returns the address that was probably meant. Returns undefined if the domain is one of `EMAIL_DOMAINS`, or if it is similar to none of
 * them and its top-level domain is not in `WRONG_ENDINGS`. The text may be an address, or almost one, such as `maria@gmail`,
 * `maria@gmail,com` or `maria.gmail.com`.
 */
export function suggestEmail(text: string): string | undefined {
  const typed = text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
  if (!typed.includes("@")) return withoutAt(typed);
  const [, beforeAt = "", afterAt = ""] = /^([^@]+)@([A-Za-z0-9.,;:/\p{White_Space}-]+)$/u.exec(typed) ?? [];
  const local = withoutWww(beforeAt);
  const domain = afterAt.toLowerCase().replace(/[,;:/]/g, ".").replace(/\p{White_Space}/gu, "").replace(/^\.+|\.+$/g, "");
  const meant = meantDomain(domain) ?? (local === beforeAt ? "" : domain);
  const suggested = `${local.replace(/\p{White_Space}+$/u, "")}@${meant}`;
  return suggested.toLowerCase() === typed.toLowerCase() || !isEmail(suggested) ? undefined : suggested;
}

/** Returns the address of a text without `@` that ends with the domain of a provider. */
function withoutAt(text: string): string | undefined {
  const lower = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const endings = EMAIL_DOMAINS.filter((known) => known.indexOf(".") >= DISTINCTIVE_NAME_LENGTH && lower.endsWith(known));
  const ending = endings.reduce((longest, known) => (known.length > longest.length ? known : longest), "");
  const local = text.slice(0, text.length - ending.length).replace(/[^A-Za-z0-9]+$/, "");
  // The text is the URL of a web page, not an email address.
  if (/^www$|[/:]/i.test(local) || text.includes("://")) return undefined;
  const suggested = `${withoutWww(local)}@${ending}`;
  return isEmail(suggested) ? suggested : undefined;
}

/** Removes `www.` from the beginning of an email address, where some people write it by mistake. */
function withoutWww(local: string): string {
  return local.replace(/^www\./i, "");
}

function meantDomain(domain: string): string | undefined {
  // The domain is known. Only the punctuation around it can be wrong, such as a second dot.
  if (EMAIL_DOMAINS.includes(domain)) return domain;
  const [name = "", ...ending] = domain.split(".");
  const isEndingSimple = ending.length < 2 || ending[0] === "com" || ending[0] === "co";
  if (name.length >= DISTINCTIVE_NAME_LENGTH && isEndingSimple) {
    const sameName = EMAIL_DOMAINS.filter((known) => known.split(".")[0] === name);
    // People who write `outlook.gr` believe that this provider has a Greek domain. They have not mistyped `outlook.fr`, so the ending
    // `gr` is not compared with other endings.
    const known = ending.join(".") === "gr" ? (sameName.find((known) => known.endsWith(".gr")) ?? sameName[0]) : nearest(domain, sameName);
    if (known !== undefined) return known;
  }
  const known = nearest(domain, EMAIL_DOMAINS);
  if (known !== undefined && distance(domain, known) <= tolerance(domain, known)) return known;
  const last = domain.lastIndexOf(".");
  const right = last < 0 ? undefined : WRONG_ENDINGS.get(domain.slice(last + 1));
  return right === undefined ? undefined : `${domain.slice(0, last)}.${right}`;
}

/** Returns the most similar domain. If several domains are equally similar, returns the first one. */
function nearest(domain: string, candidates: readonly string[]): string | undefined {
  const distances = candidates.map((known) => distance(domain, known));
  return candidates[distances.indexOf(Math.min(...distances))];
}

/**
 * Returns the maximum number of mistakes with which a typed domain still counts as the known domain. Short domains differ from each other
 * in one letter (`uoa.gr`, `uoc.gr`), so for them the maximum is 0.
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
