/** Parses completions. Models rarely follow “answer with a numbered list and nothing else”. */

/**
 * `1.`, `1)`, `(1)`, `**1.**`, `- `, `* `, `•`, `Scenario 3:`, `### 2.` and mixtures of them. Group 1 is the emphasis
 * that the marker opens.
 */
const MARKER = new RegExp(
  String.raw`^\s{0,8}(?:#{1,6}\s+)?(\*\*|__)?\s{0,8}` +
    String.raw`(?:(?:scenario|situation|question|paraphrase|version|option|item)\s{1,8})?` +
    String.raw`(?:\(?\d{1,4}\s{0,8}[.):\]]\)?|[-*•–·](?=\s)` +
    String.raw`|(?:scenario|situation|question|paraphrase|version)\s{1,8}\d{1,4}\s{0,8}(?:[.:)–-]|\*\*|$))`,
  'iu',
);

const FENCE = /^\s*(?:```|~~~)/;

/**
 * Returns the entries of a list. Accepts numbered and bulleted lists with an introduction and a closing remark, entries
 * over several lines, JSON arrays (also in code fences), and, if nothing is marked, one entry per line.
 *
 * @returns distinct entries, none blank, each on one line and without the markers, quotation marks and emphasis around
 *   it
 */
export function parseList(completion: string): string[] {
  const text = withoutReasoning(completion).replace(/\r\n?|[\u2028\u2029]/g, '\n');
  const entries = parseJsonArray(text) ?? parseLines(text);
  return [...new Set(entries.map(cleanEntry).filter((entry) => /[\p{L}\p{N}]/u.test(entry)))];
}

/**
 * Returns the one requested text, without reasoning, an introduction on its own line, label, quotation marks and
 * emphasis.
 */
export function parseSingle(completion: string): string {
  const lines = withoutReasoning(completion)
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .split('\n')
    .filter((line) => !FENCE.test(line) && line.trim() !== '');
  if (lines.length > 1 && isIntroduction(lines[0]!)) lines.shift();
  return cleanEntry(
    lines.join(' ').replace(/^\s*(?:\*\*)?(?:question|answer|translation|output)(?:\*\*)?\s*:(?:\*\*)?\s*/iu, ''),
  );
}

/** Returns a translation. Keeps its lines, and removes only reasoning and surrounding white space. */
export function parseTranslation(completion: string): string {
  return withoutReasoning(completion).trim();
}

/** Removes `<think>` blocks, including one that was cut off. */
export function withoutReasoning(completion: string): string {
  return completion
    .replace(/<think(?:ing)?>[\s\S]*?(?:<\/think(?:ing)?>|$)/giu, '')
    .replace(/^[\s\S]*?<\/think(?:ing)?>/iu, '')
    .trim();
}

function parseJsonArray(text: string): string[] | undefined {
  const begin = text.indexOf('[');
  const end = text.lastIndexOf(']');
  if (begin < 0 || end < begin) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(begin, end + 1));
    if (!Array.isArray(value) || value.length === 0) return undefined;
    const texts = value.map(textOf);
    return texts.every((entry) => entry !== undefined) ? texts : undefined;
  } catch {
    return undefined; // The brackets belong to the text.
  }
}

/** Returns a string, or the longest string of an object such as `{"id": 1, "scenario": "..."}`. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const texts = Object.values(value).filter((entry): entry is string => typeof entry === 'string');
  return texts.sort((a, b) => b.length - a.length)[0];
}

function parseLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => !FENCE.test(line));
  const marked = lines.some((line) => MARKER.test(line));
  if (!marked) {
    const filled = lines.filter((line) => line.trim() !== '');
    return filled.length > 1 && isIntroduction(filled[0]!) ? filled.slice(1) : filled;
  }
  const entries: string[] = [];
  let open = false;
  for (const line of lines) {
    if (MARKER.test(line)) {
      entries.push(withoutMarker(line));
      open = true;
    } else if (line.trim() === '') {
      // A paragraph after an entry with text is a remark. After a bare heading ("Scenario 1:") it is the entry.
      open &&= entries.at(-1)!.trim() === '';
    } else if (open) {
      entries.push(`${entries.pop()!} ${line}`);
    }
  }
  return entries;
}

function withoutMarker(line: string): string {
  const [marker, emphasis] = MARKER.exec(line)!;
  const rest = line.slice(marker.length);
  // `**1.** text` and `**1. text**`: the marker's emphasis ends somewhere after it.
  return (emphasis === undefined ? rest : rest.replace(emphasis, '')).replace(/^\s*[:.]/u, '');
}

function isIntroduction(line: string): boolean {
  return (
    /:\s*(?:\*\*)?\s*$/.test(line) ||
    /^(?:sure|certainly|of course|here (?:are|is)|okay|absolutely)\b.*[.!:]\s*$/iu.test(line.trim())
  );
}

const QUOTES: Readonly<Record<string, string>> = {
  '"': '"',
  '“': '”',
  '„': '“',
  '«': '»',
  '‘': '’',
  "'": "'",
  '「': '」',
  '*': '*',
  _: '_',
  '`': '`',
};

function cleanEntry(entry: string): string {
  let text = entry.replace(/\s+/gu, ' ').trim();
  for (;;) {
    const close = QUOTES[text[0] ?? ''];
    const inner = text.slice(1, -1);
    // Removes only marks around the full text: '"Yes" or "no"?' keeps its own.
    if (
      close === undefined ||
      text.length < 2 ||
      text.at(-1) !== close ||
      inner.includes(close) ||
      inner.includes(text[0]!)
    ) {
      if (!/^\*\*.*\*\*$/u.test(text) || text.slice(2, -2).includes('**')) return text;
      text = text.slice(2, -2).trim();
      continue;
    }
    text = inner.trim();
  }
}
