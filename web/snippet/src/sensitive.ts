// What must never leave the browser, told by its name or by its look. Pure.

// Read after `words`. First what may be a part of a longer word, then whole words; last a date of expiry, only where the name says
// nothing else: contracts expire too. What is long is written without the whole: each byte counts here, and the server knows more names.
const SECRET_NAMES =
  /passw|ps?wd|contrasen|parola|tarjeta|caducid|security ?code|(token|credit ?card|(num\w*|nr) ?(de )?(card\w*|cont|cuenta))\b|card ?(n(um|[or]\b)|holder|cod|exp(\b|ir|[dmy]))|(\b|card|cc)(cv[cvn]|csc)(code)?\b|\b((cod|cont)?iban|cod\w* ?(de )?(num|s[ei][cg]ur)|bank ?acc|(cuenta|cont) ?banc|pasap|((user)?pass(code|phrase|port)?|pw|pin|otp|secret[ao]?|clave|time code|cc(n\w+|exp\w*)?|ssn|social security|national id|id (card|num)|dni|nie|nif|cnp)\b)|(^|;|data) ?exp(ir\w+)?( ?(date|[my]\w+))* ?(;|$)/i;

// In turn: IBAN; social security number (US); national insurance number (UK); DNI and NIE (Spain).
const SECRET_LOOKS =
  /\b([a-z]{2}\d\d(\s?[a-z\d]{4}){3}|(\d{3}-\d\d-\d{4}|[a-z]{2}\s?(\d\d\s?){3}[a-d]|[xyz\d]\W?(\d\W?){7}[a-z])\b)/i;

/** Cod numeric personal (Romania): sex and century, date of birth, county, number. */
const ROMANIAN_ID = /^[1-9]\d\d[01]\d[0-3]\d{7}$/;

/** Whether a field that goes by these names asks for a password, a card, an account or an identity number. */
export function asksForSecret(names: string): boolean {
  return SECRET_NAMES.test(words(names));
}

/** Whether a text holds the number of a card, of a bank account or of an identity document. */
export function holdsSecret(text: string): boolean {
  // Full-width digits are digits.
  const plain = text.normalize('NFKD');
  const runs = plain.match(/\d+([\s._-]{1,3}\d+)*/g);
  return SECRET_LOOKS.test(plain) || !!runs?.some(run => holdsSecretDigits(run.match(/\d+/g)!));
}

/** Whether neighbouring groups of digits make up a secret number; a card may be typed in four groups. */
export function holdsSecretDigits(groups: string[]): boolean {
  return groups.some((_, first) => {
    let digits = '';
    return groups.slice(first).some(group => {
      // No telephone and no order has twenty digits without a gap.
      if (group.length > 19) return true;
      digits += group;
      return isCard(digits) || ROMANIAN_ID.test(digits);
    });
  });
}

/** ISO/IEC 7812: 14 to 19 digits that begin like a payment card, with their check digit. */
function isCard(digits: string): boolean {
  // Every second digit from the right counts double, and of 18 the digits are added up to 9.
  const count = (sum: number, digit: string, at: number) => sum + (at % 2 && +digit < 9 ? (2 * +digit) % 9 : +digit);
  return /^[2-6]\d{13,18}$/.test(digits) && [...digits].reverse().reduce(count, 0) % 10 === 0;
}

/** `cardNumber_2` and `Contraseña` become `card Number ` and `Contrasena`; a semicolon stays between two names. */
function words(names: string): string {
  return names.normalize('NFKD').replace(/\p{M}/gu, '').replace(/[A-Z]+/g, ' $&').replace(/[^a-z;]+/gi, ' ');
}
