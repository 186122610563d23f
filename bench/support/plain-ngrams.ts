/** N-grams of words as a program in plain JavaScript would count them: regular expressions, strings and a Map. */

const SINGLE =
  '[\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}]';
const WORD = `(?:(?!${SINGLE})[\\p{L}\\p{M}\\p{N}])+`;
const BREAKS = '[\\n\\v\\f\\r\\u0085\\u2028\\u2029][\\p{Z}\\p{Cc}]*';
const TOKEN = new RegExp(`${BREAKS}|${SINGLE}|${WORD}|[^\\p{Z}\\p{Cc}]`, 'gu');
/** Cannot be part of a token. */
const SEPARATOR = ' ';

/** Counts the n-grams of the first `limit` tokens, in lower case, and as written if that differs. */
export function countNgrams(text: string, orders: number, limit: number): Map<string, number> {
  const written = (text.match(TOKEN) ?? []).slice(0, limit).map(normalBreaks);
  const lower = written.map((token) => token.toLowerCase());
  const counts = new Map<string, number>();
  const count = (gram: string): void => void counts.set(gram, (counts.get(gram) ?? 0) + 1);
  for (let begin = 0; begin < written.length; begin++) {
    for (let end = begin + 1; end <= Math.min(begin + orders, written.length); end++) {
      const lowerGram = lower.slice(begin, end).join(SEPARATOR);
      const writtenGram = written.slice(begin, end).join(SEPARATOR);
      count(lowerGram);
      if (writtenGram !== lowerGram) count(writtenGram);
    }
  }
  return counts;
}

/** A run of line breaks and spaces is one, two or three line feeds. */
function normalBreaks(token: string): string {
  if (!/^[\n\v\f\r\u0085\u2028\u2029]/u.test(token)) return token;
  return '\n'.repeat(Math.min(token.match(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/gu)!.length, 3));
}
