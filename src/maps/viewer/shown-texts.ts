/** Search in the texts of a page, and export of what is shown. The page has the texts, as far as they were kept. */
import { columnOf, VALUE_ID_COLUMN } from '../value-map.js';
import type { PageData, PageTexts } from './page-data.js';

/** Returns one byte per point: 1 if its question or its answer has all words. */
export async function pointsWithWords(data: PageData, texts: PageTexts, words: readonly string[]): Promise<Uint8Array> {
  const questions: string[] = [];
  await texts.each('questions', (text) => questions.push(text.toLowerCase()));
  const found = new Uint8Array(data.points);
  await texts.each('answers', (text, point) => {
    const all = `${questions[data.questions[point]!]!}\n${text.toLowerCase()}`;
    found[point] = words.every((word) => all.includes(word)) ? 1 : 0;
  });
  return found;
}

/** Formats the answers of some points, with their columns. */
export async function exportTexts(
  data: PageData,
  texts: PageTexts,
  isShown: (point: number) => boolean,
  format: 'jsonl' | 'csv',
): Promise<Blob> {
  const questions: string[] = [];
  await texts.each('questions', (text) => questions.push(text));
  const others = data.columns.filter(({ name }) => name !== VALUE_ID_COLUMN);
  const names = ['question', 'answer', VALUE_ID_COLUMN, ...others.map(({ name }) => name)];
  const lines: string[] = format === 'csv' ? [`${names.map(toField).join(',')}\n`] : [];
  await texts.each('answers', (answer, point) => {
    if (!isShown(point)) return;
    const id = data.valueIds[point]!;
    const cells = [
      questions[data.questions[point]!]!,
      answer,
      columnOf(data, VALUE_ID_COLUMN)!.values[id]!,
      ...others.map(({ values, codes }) => values[codes[id]!]!),
    ];
    const entries = names.map((name, i) => [name, cells[i]!] as const);
    lines.push(
      format === 'csv' ? `${cells.map(toField).join(',')}\n` : `${JSON.stringify(Object.fromEntries(entries))}\n`,
    );
  });
  return new Blob(lines, { type: format === 'csv' ? 'text/csv' : 'application/x-ndjson' });
}

function toField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
