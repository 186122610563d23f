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
 * The texts that the options name: those of `--text`, then the lines of `--file` that are not blank, or of standard
 * input where neither is given; with a question, as answers to it.
 *
 * @throws EngineError `ERR_ARG_TYPE` where nothing is named and standard input is a terminal; `ERR_DATA` for no text at
 *   all
 */
export async function collectTexts(
  options: TextOptions,
  stdin: Readable & { isTTY?: boolean },
): Promise<EmbeddableText[]> {
  const { text = [], file, question } = options;
  const readsStdin = file === '-' || (file === undefined && text.length === 0);
  if (readsStdin && file === undefined && stdin.isTTY) {
    throw new EngineError(
      'ERR_ARG_TYPE',
      'Name a text with --text, a file with --file, or pipe texts in, one per line',
    );
  }
  const lines = readsStdin ? await readLines(stdin) : file === undefined ? [] : await readLines(createReadStream(file));
  const texts = [...text, ...lines].filter((line) => line.trim() !== '');
  if (texts.length === 0)
    throw new EngineError('ERR_DATA', `There is no text in ${readsStdin ? 'standard input' : (file ?? '--text')}`);
  return question === undefined ? texts : texts.map((answer) => ({ question, answer }));
}

async function readLines(stream: Readable): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) lines.push(line);
  return lines;
}
