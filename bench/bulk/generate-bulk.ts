/**
 * Measures `univar generate` on many calls. An endpoint inside the process answers them immediately
 * (bench/support/answering-fetch.mjs). The project runs twice. Before the second run, the list of finished stages is
 * deleted, so that it finds every result in the store. Prints seconds and peak memory of both runs by stage.
 *
 *   npm run bench:generate -- --calls 1450000 --results bench/results/bulk/generate-million-AVX3_SPR.json
 */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { capabilities } from '../../src/native/capabilities.js';
import { residentBytes } from '../support/process-memory.js';

const ENDPOINT = new URL('../support/answering-fetch.mjs', import.meta.url).href;
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SAMPLE_MS = 50;
/** Nothing listens there. */
const ENDPOINT_URL = 'http://127.0.0.1:9';
const MODELS = 12;
const LANGUAGES = ['eng', 'spa', 'deu', 'fra'];
const PER_VALUE = 50;
/**
 * One question and its share of a list of scenarios, the list of 4 paraphrases, and for all 5 phrasings the
 * translations, the answers, and the back-translations of both.
 */
const CALLS_PER_QUESTION = 2.1 + 5 * (3 + MODELS * 4 + MODELS * 3 + 3);

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000000' },
    characters: { type: 'string', default: '300' },
    work: { type: 'string', default: join(tmpdir(), 'univar-generate') },
    results: { type: 'string' },
  },
});
const calls = Number(values.calls);
if (!Number.isInteger(calls) || calls < 1) throw new Error('Expected --calls N');

interface Run {
  newCalls: number;
  spent: { calls: number };
  seconds: number;
  peakMemoryBytes: number;
  /** Peak memory of each stage. */
  memoryByStage: Record<string, number>;
}

async function run(project: string): Promise<Run> {
  const started = performance.now();
  const env = { ...process.env, ANSWER_CHARACTERS: values.characters };
  const child = spawn(process.execPath, ['--import', ENDPOINT, MAIN, 'generate', project, '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  let seen = 0;
  const memoryByStage: Record<string, number> = {};
  const timer = setInterval(() => (seen = Math.max(seen, residentBytes(child.pid!))), SAMPLE_MS);
  createInterface(child.stderr).on('line', (line) => {
    process.stderr.write(`${line}\n`);
    const stage = /^generate: (\S+): /.exec(line)?.[1];
    if (stage === undefined) return;
    memoryByStage[stage] = seen;
    seen = 0;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`univar generate ended with ${String(code)}`);
  memoryByStage['report'] = seen;
  const { newCalls, spent, peakMemoryBytes } = JSON.parse(stdout) as Run;
  return { newCalls, spent, seconds: (performance.now() - started) / 1000, peakMemoryBytes, memoryByStage };
}

rmSync(values.work, { recursive: true, force: true });
mkdirSync(values.work, { recursive: true });
const project = join(values.work, 'project.yaml');
writeFileSync(
  project,
  JSON.stringify({
    name: 'bulk',
    values: Array.from(
      { length: Math.max(1, Math.ceil(calls / CALLS_PER_QUESTION / PER_VALUE)) },
      (_, i) => `Value ${i + 1}`,
    ),
    endpoints: {
      chat: { kind: 'chat', url: ENDPOINT_URL, concurrency: 16 },
      libre: { kind: 'libretranslate', url: ENDPOINT_URL, concurrency: 16 },
    },
    models: Array.from({ length: MODELS }, (_, i) => ({
      id: `model-${i + 1}`,
      endpoint: 'chat',
      languages: LANGUAGES,
    })),
    generator: { id: 'writer', endpoint: 'chat' },
    translation: [{ endpoint: 'libre' }],
    scenarios: { perValue: PER_VALUE },
    // The endpoint's questions are similar, and its answers are English. Nothing is left out.
    filter: { similarity: 1 },
    answers: { drop: [] },
  }),
);
const first = await run(project);
rmSync(join(values.work, 'bulk', 'stages.json'));
const again = await run(project);
const result = {
  calls: first.spent.calls,
  first,
  again,
  command: process.argv.slice(2).join(' '),
  environment: capabilities(),
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
if (values.results !== undefined) writeFileSync(values.results, `${JSON.stringify(result, null, 2)}\n`);
