import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { EngineError } from '../../core/errors.js';
import type { EmbeddableText } from '../../core/question-answer.js';

export interface TextOptions {
  text?: readonly string[];
  file?: string;
  question?: string;
}

/**
 * Collects the texts that the options name: those of `--text`, then the lines of `--file` that are not blank. Reads
 * standard input if neither is given. With a question, the texts are answers to it.
 *
 * @throws EngineError `ERR_ARG_TYPE` if no text is named and standard input is a terminal; `ERR_DATA` if there is no
 *   text
 */
export async function collectTexts(
  options: TextOptions,
  stdin: Readable & { isTTY?: boolean },
): Promise<EmbeddableText[]> {
  const { text = [], file, question } = options;
  const readsStdin = file === '-' || (file === undefined && text.length === 0);
  if (readsStdin && file === undefined && stdin.isTTY) {
    throw new EngineError('ERR_ARG_TYPE', 'Expected --text, --file, or texts on standard input, one per line');
  }
  const lines = readsStdin ? await readLines(stdin) : file === undefined ? [] : await readLines(createReadStream(file));
  const texts = [...text, ...lines].filter((line) => line.trim() !== '');
  if (texts.length === 0)
    throw new EngineError('ERR_DATA', `Found no text in ${readsStdin ? 'standard input' : (file ?? '--text')}`);
  return question === undefined ? texts : texts.map((answer) => ({ question, answer }));
}

async function readLines(stream: Readable): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) lines.push(line);
  return lines;
}
