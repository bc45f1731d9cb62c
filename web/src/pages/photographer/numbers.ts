/* Formats numbers in the language of the page. */
import { language } from "../../words/language";

/** Formats a number with the language's separators, for example 3.000.000 in Greek, and with at most `digits` decimals. */
export function formatNumber(value: number, digits = 0, minDigits = 0): string {
  return new Intl.NumberFormat(language.value === "el" ? "el-GR" : "en-GB", { maximumFractionDigits: digits, minimumFractionDigits: minDigits, useGrouping: true }).format(value);
}

export function formatPercent(value: number, digits = 2, minDigits = 0): string {
  return `${formatNumber(value * 100, digits, minDigits)}%`;
}
