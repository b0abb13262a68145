// The texts of the page in the bot's languages. A text is marked where it stands, as on the Python side:
// _("Compose"), _("{count} notes", { count }), ngettext("{n} vote", "{n} votes", n). `make messages` collects the marks. The
// server writes the translations of the page's texts into the document as JSON (bot/web/texts.py).

type Values = Readonly<Record<string, string | number>>;
type Texts = Readonly<Record<string, string | readonly string[]>>;

/** The language of the document, as BCP 47 writes it. */
export const language = globalThis.document?.documentElement.lang || "en";
const texts = readTexts();
const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
const plurals = new Intl.PluralRules(language);

/** Translate a text and fill its {gaps} in; numbers are written as the language writes them. */
export function _(text: string, values: Values = {}): string {
  const translated = texts[text];
  return fill(typeof translated === "string" ? translated : text, values);
}

/** Translate a text that depends on a number, its gap {n}. */
export function ngettext(one: string, many: string, n: number, values: Values = {}): string {
  const singular = plurals.select(n) === "one";
  const forms = texts[one];
  const form = Array.isArray(forms) ? (singular ? forms[0] : forms.at(-1)) : n === 1 ? one : many;
  return fill(form, { n, ...values });
}

/** Write a number as the language writes it, with at most so many decimals. */
export function decimal(value: number, digits = 0): string {
  return value.toLocaleString(language, { maximumFractionDigits: digits });
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (gap, name: string) => {
    const value = values[name];
    return value === undefined ? gap : typeof value === "number" ? numbers.format(value) : value;
  });
}

function readTexts(): Texts {
  const element = globalThis.document?.getElementById("texts");
  return element?.textContent ? (JSON.parse(element.textContent) as Texts) : {};
}
