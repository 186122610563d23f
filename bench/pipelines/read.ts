/**
 * Compares reading JSONL into validated records with node:readline and JSON.parse without validation. Also measures the
 * memory for a million rows (the peak memory of its process). The rows are the committed quickstart answers (English,
 * 1.6 kB per row) and the small multi-language fixture (12 languages).
 */
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';

import type { Benchmark, Subject } from '../../packages/bench-gate/src/benchmark.js';
import { ONE_THREAD, openEngine } from '../support/engine.js';

export { environment } from '../support/engine.js';

const ROOT = new URL('../../', import.meta.url);
/** Corpora by name, as the text of a file of rows. */
const corpora = {
  english: () => gunzipSync(readFileSync(new URL('examples/quickstart/answers.jsonl.gz', ROOT))).toString(),
  multilingual: () => readFileSync(new URL('test/fixtures/answers-small.jsonl', ROOT), 'utf8'),
};

interface Rows {
  path: string;
  megabytes: number;
  remove: () => void;
}

/** Writes a file of `count` rows, which repeats the corpus. */
async function writeRows(corpus: keyof typeof corpora, count: number): Promise<Rows> {
  const lines = corpora[corpus]().trimEnd().split('\n');
  const folder = mkdtempSync(join(tmpdir(), 'univar-bench-'));
  const path = join(folder, 'rows.jsonl');
  const file = createWriteStream(path);
  for (let begin = 0; begin < count; begin += lines.length) {
    file.write(`${lines.slice(0, count - begin).join('\n')}\n`);
    if (file.writableNeedDrain) await once(file, 'drain');
  }
  await finished(file.end());
  return { path, megabytes: file.bytesWritten / 1e6, remove: () => rmSync(folder, { recursive: true }) };
}

/** Writes the first answers as CSV. Every field is quoted, and quotes in fields are doubled. */
async function writeCsv(count: number): Promise<Rows> {
  const lines = corpora.english().split('\n').slice(0, count);
  const columns = ['model', 'lang', 'question', 'answer'];
  const records = lines.map((line) => {
    const cells = JSON.parse(line) as Record<string, string | undefined>;
    return columns.map((column) => `"${(cells[column] ?? '').replaceAll('"', '""')}"`).join(',');
  });
  const folder = mkdtempSync(join(tmpdir(), 'univar-bench-'));
  const path = join(folder, 'rows.csv');
  const text = `${columns.join(',')}\n${records.join('\n')}\n`;
  await writeFile(path, text);
  return { path, megabytes: text.length / 1e6, remove: () => rmSync(folder, { recursive: true }) };
}

async function countWithReadline(path: string): Promise<number> {
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (typeof (JSON.parse(line) as { answer: unknown }).answer === 'string') count++;
  }
  return count;
}

function expectCount(count: unknown, rows: number): void {
  if (count !== rows) throw new Error(`${String(count)} of ${rows} rows were read`);
}

function benchmark(name: string, corpus: keyof typeof corpora, rows: number, options: Partial<Benchmark>): Benchmark {
  return reading(name, rows, () => writeRows(corpus, rows), options);
}

function reading(name: string, rows: number, write: () => Promise<Rows>, options: Partial<Benchmark>): Benchmark {
  return {
    name,
    sizes: { rows },
    subject: 'readRecords',
    work: { unit: 'rows', subject: rows, peer: rows },
    prepare: async (revision): Promise<Subject> => {
      const { readRecords } = await openEngine(revision);
      const file = await write();
      const run = async (): Promise<number> => {
        let count = 0;
        for await (const { records } of readRecords([file.path])) count += records.length;
        return count;
      };
      expectCount(await run(), rows);
      return { run, details: () => ({ megabytes: file.megabytes }), close: file.remove };
    },
    ...options,
  };
}

function readline(corpus: keyof typeof corpora, rows: number): NonNullable<Benchmark['peer']> {
  return {
    name: 'node:readline + JSON.parse',
    prepare: async (): Promise<Subject> => {
      const file = await writeRows(corpus, rows);
      expectCount(await countWithReadline(file.path), rows);
      return { run: () => countWithReadline(file.path), close: file.remove };
    },
  };
}

export const benchmarks: Benchmark[] = [
  benchmark('read/jsonl/english', 'english', 60_000, { only: 'run', peer: readline('english', 60_000) }),
  benchmark('read/jsonl/multilingual', 'multilingual', 120_000, {
    only: 'run',
    peer: readline('multilingual', 120_000),
  }),
  // Memory must not grow with the number of rows: compare the peaks.
  ...[10_000, 100_000, 1_000_000].map((rows) =>
    benchmark(`read/memory/${rows}-rows`, 'multilingual', rows, { only: 'run', rounds: 1 }),
  ),
  benchmark('read/jsonl/small', 'english', 500, { only: 'check', env: ONE_THREAD }),
  reading('read/csv/small', 500, () => writeCsv(500), { only: 'check', env: ONE_THREAD }),
];
