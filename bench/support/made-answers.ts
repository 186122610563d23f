/**
 * Makes any number of answers of real lengths from real ones. Each round over them replaces a tenth of the words of
 * every answer with words of another, so that texts differ. From the second round on, every fiftieth row repeats a text
 * unchanged under another model. The same arguments give the same rows.
 */
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip, gunzipSync } from 'node:zlib';

import { SeededRandom } from '../../src/core/random.js';
import type { QaRecord } from '../../src/records/record.js';

const ROOT = new URL('../../', import.meta.url);
const SAMPLE = fileURLToPath(new URL('examples/quickstart/answers.jsonl.gz', ROOT));
const SHARED = fileURLToPath(new URL('../shared/data/qa/', ROOT));
const REPLACED = 0.1;
const REPEAT_EVERY = 50;
const ROWS_PER_FILE = 50_000;

/** Reads the committed sample, or on request all answers of ../shared if they exist. */
export function realAnswers(shared: boolean): QaRecord[] {
  const files =
    shared && existsSync(SHARED)
      ? readdirSync(SHARED)
          .filter((name) => name.endsWith('.jsonl.gz'))
          .sort()
          .map((name) => join(SHARED, name))
      : [SAMPLE];
  return files.flatMap((file) =>
    gunzipSync(readFileSync(file))
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as QaRecord),
  );
}

/** Makes row `row` from `real`. */
function makeAnswer(real: readonly QaRecord[], row: number): QaRecord {
  const base = real[row % real.length]!;
  if (row < real.length) return base;
  if (row % REPEAT_EVERY === 0) return { ...base, model: `${base.model}-again` };
  const random = SeededRandom.stream(1, row);
  const words = base.answer.split(' ');
  const others = real[random.integer(real.length)]!.answer.split(' ');
  const count = Math.max(1, Math.round(REPLACED * words.length));
  for (let i = 0; i < count; i++) words[random.integer(words.length)] = others[random.integer(others.length)]!;
  const answer = words.join(' ');
  return { ...base, answer: answer.trim() === '' ? 'Yes.' : answer };
}

/**
 * Writes `rows` answers to files in a folder and a subfolder, every second one gzipped. Returns their size in bytes.
 */
export async function writeMadeAnswers(folder: string, rows: number, shared = false): Promise<number> {
  const real = realAnswers(shared);
  let bytes = 0;
  for (let begin = 0, file = 0; begin < rows; begin += ROWS_PER_FILE, file++) {
    const path = join(
      folder,
      file % 3 === 0 ? '' : 'more',
      `part-${String(file).padStart(4, '0')}.jsonl${file % 2 === 0 ? '' : '.gz'}`,
    );
    mkdirSync(dirname(path), { recursive: true });
    const out = createWriteStream(path);
    const into = file % 2 === 0 ? out : createGzip({ level: 1 });
    if (into !== out) into.pipe(out);
    for (let row = begin; row < Math.min(rows, begin + ROWS_PER_FILE); row++) {
      const line = `${JSON.stringify(makeAnswer(real, row))}\n`;
      bytes += Buffer.byteLength(line);
      if (!into.write(line)) await once(into, 'drain');
    }
    into.end();
    await finished(out);
  }
  return bytes;
}
