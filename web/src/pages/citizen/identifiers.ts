/* Checks personal numbers as far as their form allows. The service checks them in the registers. */

export function digits(text: string): string {
  return text.replace(/[\s.-]/g, "");
}

export function isElevenDigits(text: string): boolean {
  return /^\d{11}$/.test(digits(text));
}

/** Returns whether the number begins with a date (DDMMYY) and ends with the Luhn check digit. */
export function isAmka(text: string): boolean {
  const amka = digits(text);
  if (!/^\d{11}$/.test(amka)) return false;
  const [day, month] = [Number(amka.slice(0, 2)), Number(amka.slice(2, 4))];
  const daysOf = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  if (daysOf === undefined || day < 1 || day > daysOf) return false;
  const sum = Array.from(amka).reverse().reduce((sum, digit, index) => {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    return sum + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

export function isAfm(text: string): boolean {
  const afm = digits(text);
  if (!/^\d{9}$/.test(afm) || afm === "000000000") return false;
  const sum = Array.from(afm.slice(0, 8)).reduce((sum, digit, index) => sum + Number(digit) * 2 ** (8 - index), 0);
  return (sum % 11) % 10 === Number(afm.charAt(8));
}
