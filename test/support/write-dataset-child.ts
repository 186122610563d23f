/**
 * Process that embeds the small fixture many times into a dataset folder, like the embed command, and prints the number
 * of rows after each batch. Arguments: folder, copies of the fixture, milliseconds to wait before finishing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { EngineError } from '../../src/core/errors.js';
import { DatasetWriter } from '../../src/datasets/dataset-writer.js';
import { describeSources } from '../../src/records/input-files.js';
import { readRecords } from '../../src/records/read-records.js';
import { randomNormal } from './random.js';

const DIM = 32;
const [dir = '', copies = '1', pause = '0'] = process.argv.slice(2);
const paths = Array<string>(Number(copies)).fill(
  fileURLToPath(new URL('../fixtures/answers-small.jsonl', import.meta.url)),
);

try {
  const encoder = { name: 'random', fingerprint: 'seeded', dim: DIM };
  const writer = await DatasetWriter.open(dir, { encoder, dtype: 'f16', sources: await describeSources(paths) });
  let rows = 0;
  for await (const { records } of readRecords(paths, { batchSize: 10 })) {
    rows += records.length;
    if (rows > writer.rows) await writer.append(records, randomNormal(records.length * DIM, rows));
    process.stdout.write(`${writer.rows}\n`);
  }
  await sleep(Number(pause));
  await writer.finish();
  process.stdout.write('finished\n');
} catch (error) {
  process.stderr.write(`${error instanceof EngineError ? error.code : ''} ${String(error)}\n`);
  process.exitCode = error instanceof EngineError ? error.exitCode : 70;
}
