/**
 * Computes the evidence of docs/evidence.md: how well trained encoders identify whose values a text expresses, and why.
 *
 *   npm run evidence [-- --quick] [PART...]
 *
 * Without names, all parts run. Every training run, embedding and evaluation is cached in out/evidence/ under a hash of
 * its settings, so that an interrupted run resumes and a repeated one only writes the pages. After a change of code,
 * delete its files there. `--quick` runs everything at a tiny scale and writes to out/evidence-quick/ instead of docs/
 * and bench/results/.
 */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { describeMachine } from '../../packages/bench-gate/src/report/results-file.js';
import { capabilities } from '../../src/native/capabilities.js';
import { SCALES } from './configurations.js';
import { PARTS, runEvidence } from './run-evidence.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, 'without-glove': { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`Unknown part ${unknown.join(', ')}; the parts are ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
const scale = SCALES[values.quick ? 'quick' : 'full'];
const out = join(ROOT, 'out', values.quick ? 'evidence-quick' : 'evidence');
let pages = join(ROOT, 'docs');
if (values.quick) {
  pages = join(out, 'docs');
  mkdirSync(pages, { recursive: true });
  for (const page of ['evidence.md', 'training.md']) cpSync(join(ROOT, 'docs', page), join(pages, page));
}
const started = performance.now();
await runEvidence({
  encoder: join(SHARED, 'models', 'all-MiniLM-L6-v2'),
  data: join(SHARED, 'data'),
  out,
  scale,
  glove: !values['without-glove'],
  parts: positionals.length > 0 ? positionals : Object.keys(PARTS),
  pages,
  results: values.quick ? join(out, 'evidence.json') : join(ROOT, 'bench', 'results', 'evidence.json'),
  command: ['npm run evidence', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
  machine: await describeMachine(ROOT, { variant: capabilities().simd }),
  log: (line) => console.log(`${((performance.now() - started) / 60_000).toFixed(1)} min  ${line}`),
});
