/**
 * Measures `univar embed` on many answers: generates them (bench/support/made-answers.ts), embeds them with a random
 * encoder of the given size or with a real one, and prints the summary. The same command resumes an interrupted run.
 * `--remove` deletes all files at the end.
 *
 *   npm run bench:bulk -- --rows 1000000 --size 2x64
 *   npm run bench:bulk -- --rows 1000000 --encoder models/univar-base --shared
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { writeRandomEncoder } from '../../src/encoder/random-encoder.js';
import { capabilities } from '../../src/native/capabilities.js';
import { writeMadeAnswers } from '../support/made-answers.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    size: { type: 'string', default: '6x384' },
    encoder: { type: 'string' },
    shared: { type: 'boolean', default: false },
    work: { type: 'string', default: join(tmpdir(), 'univar-bulk') },
    precision: { type: 'string', default: 'f32' },
    results: { type: 'string' },
    remove: { type: 'boolean', default: false },
  },
});

const rows = Number(values.rows);
const [layers, hidden] = values.size.split('x').map(Number);
if (!Number.isInteger(rows) || rows < 1 || !layers || !hidden)
  throw new Error('Expected --rows N and --size LAYERSxWIDTH');
mkdirSync(values.work, { recursive: true });

const answers = join(values.work, `answers-${rows}${values.shared ? '-shared' : ''}`);
if (!existsSync(answers)) {
  const bytes = await writeMadeAnswers(`${answers}.partial`, rows, values.shared);
  renameSync(`${answers}.partial`, answers);
  process.stderr.write(`generated ${rows} answers, ${(bytes / 1e6).toFixed(0)} MB\n`);
}
const encoder = values.encoder ?? join(values.work, `random-${values.size}`);
if (!existsSync(encoder)) await writeRandomEncoder(encoder, { layers, hidden });

const out = join(values.work, `values-${rows}-${values.encoder === undefined ? values.size : 'encoder'}`);
const args = ['embed', answers, '--encoder', encoder, '--precision', values.precision, '--out', out, '--json'];
const started = performance.now();
const { stdout, status } = spawnSync(process.execPath, [MAIN, ...args], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
const totalSeconds = (performance.now() - started) / 1000;
if (status !== 0) process.exit(status ?? 1);
const manifestBytes = statSync(join(out, 'manifest.json')).size;
const result = {
  ...(JSON.parse(stdout) as object),
  /** From start to exit, including the first pass over the inputs. */
  totalSeconds,
  manifestBytes,
  command: process.argv.slice(2).join(' '),
  environment: capabilities(),
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
if (values.results !== undefined) writeFileSync(values.results, `${JSON.stringify(result, null, 2)}\n`);
if (values.remove) rmSync(values.work, { recursive: true });
