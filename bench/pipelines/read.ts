/**
 * JSONL to validated records, beside node:readline with JSON.parse and no validation; and the memory that a million rows take.
 * The rows are the committed quickstart answers (English, 1.6 kB a row) and the small multi-language fixture (12 languages).
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { readRecords } from '../../src/data/read-records.js';
import { compare, type ComparisonResult } from '../support/compare.js';
import { report } from '../support/report.js';

const ROOT = new URL('../../', import.meta.url);
const english = gunzipSync(readFileSync(new URL('examples/quickstart/answers.jsonl.gz', ROOT))).toString().trimEnd().split('\n');
const multilingual = readFileSync(new URL('test/fixtures/answers-small.jsonl', ROOT), 'utf8').trimEnd().split('\n');

/** Writes `count` rows, the given ones over and over. */
async function writeRows(path: string, lines: readonly string[], count: number): Promise<void> {
  const file = createWriteStream(path);
  for (let begin = 0; begin < count; begin += lines.length) {
    file.write(`${lines.slice(0, count - begin).join('\n')}\n`);
    if (file.writableNeedDrain) await once(file, 'drain');
  }
  await finished(file.end());
}

async function countRecords(path: string): Promise<number> {
  let count = 0;
  for await (const { records } of readRecords([path])) count += records.length;
  return count;
}

async function countWithReadline(path: string): Promise<number> {
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (typeof (JSON.parse(line) as { answer: unknown }).answer === 'string') count++;
  }
  return count;
}

/** Peak memory of a fresh process that reads `path`, in MiB. */
function peakMemory(path: string): number {
  const output = execFileSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), path], { encoding: 'utf8' });
  return Math.round(Number(output) / 1024);
}

const [onlyCount] = process.argv.slice(2);
if (onlyCount !== undefined) {
  await countRecords(onlyCount);
  console.log(process.resourceUsage().maxRSS);
} else {
  const folder = mkdtempSync(join(tmpdir(), 'univar-bench-'));
  try {
    const results: ComparisonResult[] = [];
    for (const [name, lines, rows] of [['english', english, 60_000], ['multilingual', multilingual, 120_000]] as const) {
      const path = join(folder, `${name}.jsonl`);
      await writeRows(path, lines, rows);
      for (const count of [await countRecords(path), await countWithReadline(path)]) {
        if (count !== rows) throw new Error(`${count} of ${rows} rows were read`);
      }
      const megabytes = statSync(path).size / 1e6;
      const subject = { name: 'readRecords', run: () => countRecords(path) };
      const peer = { name: 'node:readline + JSON.parse', run: () => countWithReadline(path) };
      const work = { unit: 'MB', subject: megabytes, peer: megabytes };
      results.push(await compare({ name: `read/jsonl/${name}`, sizes: { rows, MB: Math.round(megabytes) }, subject, peer, work }));
    }
    const peakMiB: Record<string, number> = {};
    for (const rows of [10_000, 100_000, 1_000_000]) {
      const path = join(folder, 'many.jsonl');
      await writeRows(path, multilingual, rows);
      peakMiB[rows] = peakMemory(path);
      console.log(`peak memory, ${rows} rows: ${peakMiB[rows]} MiB`);
    }
    report('read', results, { peakMiB });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
