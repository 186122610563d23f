import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { EngineError } from '../../core/errors.js';
import type { EmbeddableText } from '../../core/question-answer.js';
import { formatOf } from '../../records/input-files.js';
import type { QaRecord } from '../../records/record.js';
import type { IdentifyCliOptions } from './options.js';
import { readRows } from './read-rows.js';

export type TextOptions = Pick<IdentifyCliOptions, 'text' | 'file' | 'question' | 'format' | 'columns' | 'skipBad'>;

/** The texts to identify. */
export interface GivenTexts {
  texts: EmbeddableText[];
  /** The rows of the file that the texts are from, if it has rows. Fields that a row does not have are empty. */
  records?: QaRecord[] | undefined;
}

/**
 * Collects the texts that the options name: those of `--text`, then the lines of `--file` that are not blank. Reads
 * standard input if neither is given. With a question, the texts are answers to it. A JSONL, CSV or Parquet file has
 * rows instead, which can have questions of their own.
 *
 * @param log receives a line that says how many rows were skipped
 * @param languages of the dataset, whose spelling rows get
 * @throws EngineError `ERR_ARG_TYPE` if no text is named and standard input is a terminal, or for options that exclude
 *   each other; `ERR_DATA` if there is no text, or if lines of plain text are rows in fact; and like `readRecords`
 */
export async function collectTexts(
  options: TextOptions,
  stdin: Readable & { isTTY?: boolean },
  log: (text: string) => void = () => undefined,
  languages: readonly string[] = [],
): Promise<GivenTexts> {
  const { text = [], file, question } = options;
  const readsStdin = file === '-' || (file === undefined && text.length === 0);
  if (readsStdin && file === undefined && stdin.isTTY) {
    throw new EngineError('ERR_ARG_TYPE', 'Expected --text, --file, or texts on standard input, one per line');
  }
  const format = options.format ?? (file === undefined || readsStdin ? undefined : formatOf(file));
  if (format !== undefined && format !== 'text') {
    if (text.length > 0) throw new EngineError('ERR_ARG_TYPE', 'Expected --text or a file with rows, not both');
    const records = await readRows(readsStdin ? stdin : file!, { ...options, format, languages }, log);
    return { texts: records.map((record) => textOf(record, question)), records };
  }
  for (const name of ['columns', 'skipBad'] as const)
    if (options[name] !== undefined)
      throw new EngineError('ERR_ARG_TYPE', `Expected a file with rows for "${name}": JSONL, CSV or Parquet`);
  const lines = readsStdin ? await readLines(stdin) : file === undefined ? [] : await readLines(createReadStream(file));
  const source = readsStdin ? 'standard input' : file;
  const found = lines.filter((line) => line.trim() !== '');
  if (format === undefined && isJsonRow(found[0])) expectPlainText(source!);
  const texts = [...text.filter((given) => given.trim() !== ''), ...found];
  if (texts.length === 0) throw new EngineError('ERR_DATA', `Found no text in ${source ?? '--text'}`);
  return { texts: question === undefined ? texts : texts.map((answer) => ({ question, answer })) };
}

/** Returns the text of a row, which answers its own question, otherwise `question`. */
function textOf({ question: own, answer }: QaRecord, question = ''): EmbeddableText {
  return own || question ? { question: own || question, answer } : answer;
}

/** Embedded as they are, braces and names of columns would be most of what the encoder sees. */
function expectPlainText(source: string): never {
  throw new EngineError('ERR_DATA', `The lines of ${source} are JSON objects`, {
    remedies: [
      { text: 'read their answers', option: { name: 'format', value: 'jsonl' } },
      { text: 'take each line as a text', option: { name: 'format', value: 'text' } },
    ],
  });
}

function isJsonRow(line: string | undefined): boolean {
  if (!line?.trimStart().startsWith('{')) return false;
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

async function readLines(stream: Readable): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) lines.push(line);
  return lines;
}
