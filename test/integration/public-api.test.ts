import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EngineError, isErrorCode } from '../../src/core/errors.js';
import * as generation from '../../src/generation/index.js';
import * as univar from '../../src/index.js';
import * as pgvector from '../../src/pgvector.js';
import { type ApiSamples, makeApiSamples } from '../support/api-samples.js';
import { CallersError, mutate, mutations } from '../support/hostile.js';

const SEED = 18;
const RUNS = Number(process.env['UNIVAR_FUZZ_RUNS'] ?? 60);
const DEADLINE_MS = 10_000;

/** Made by the engine alone. */
const CONSTRUCTED_BY_US = new Set(['EngineError']);
/** Part of no public type. */
const INTERNAL = new Set(['Collection.over', 'SimilarityBase.prepare', 'Trainer#restore']);

type Call = (args: readonly unknown[]) => unknown;
type Methods = Record<string, (...args: readonly unknown[]) => unknown>;

const isClass = (value: unknown): boolean => String(value).startsWith('class ');
const methodsOf = (value: object): string[] =>
  Object.entries(Object.getOwnPropertyDescriptors(value))
    .filter(([name, { value: method }]) => typeof method === 'function' && name !== 'constructor')
    .map(([name]) => name);

/** Functions and static methods that the package exports. */
function exportedCalls(): Map<string, Call> {
  const calls = new Map<string, Call>();
  for (const [name, value] of Object.entries<unknown>({ ...univar, ...generation, ...pgvector })) {
    if (typeof value !== 'function' || CONSTRUCTED_BY_US.has(name)) continue;
    if (!isClass(value)) calls.set(name, (args) => (value as Methods[string])(...args));
    else
      for (const method of methodsOf(value))
        calls.set(`${name}.${method}`, (args) => (value as unknown as Methods)[method]!(...args));
  }
  const Identifier = univar.ValueIdentifier as unknown as new (...args: readonly unknown[]) => object;
  calls.set('new ValueIdentifier', (args) => new Identifier(...args));
  return calls;
}

const folder = mkdtempSync(join(tmpdir(), 'univar-api-'));
const before = process.cwd();
const calls = exportedCalls();
let samples: ApiSamples;

beforeAll(async () => {
  process.chdir(folder); // for whatever is written to a path like "word"
  samples = await makeApiSamples(folder);
  for (const [name, make] of Object.entries(samples.instances)) {
    const first = (await make()) as Methods;
    for (const method of methodsOf(Object.getPrototypeOf(first) as object)) {
      calls.set(`${name}#${method}`, async (args) => {
        const instance = (await make()) as Methods;
        try {
          return await drain(instance[method]!(...args));
        } finally {
          if (name !== 'Encoder') await release(instance);
        }
      });
    }
    if (name !== 'Encoder') await release(first);
  }
  for (const name of INTERNAL) calls.delete(name);
});
afterAll(async () => {
  await samples.end();
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

async function release(value: unknown): Promise<void> {
  if (typeof value !== 'object' || value === null) return;
  const end = (value as Methods)['dispose'] ?? (value as Methods)['close'];
  if (typeof end === 'function') await end.call(value);
}

/** Waits for a promise, and reads what is read step by step. */
async function drain(result: unknown): Promise<unknown> {
  const value = await result;
  if (typeof value === 'object' && value !== null && Symbol.asyncIterator in value)
    for await (const item of value as AsyncIterable<unknown>) void item;
  return value;
}

/** What is wrong with the way in which a call ends; undefined if it succeeds or fails as it should. */
async function problemOf(name: string, call: () => unknown): Promise<string | undefined> {
  try {
    const result = await drain(call());
    if (!name.includes('#')) await release(result);
    return undefined;
  } catch (error) {
    if (error instanceof CallersError) return undefined;
    if (!(error instanceof EngineError))
      return `RAW ${error instanceof Error ? `${error} ${error.stack!.split('\n').find((l) => l.includes('/src/')) ?? ''}` : String(error)}`;
    const { code, message } = error;
    if (!isErrorCode(code) || code === 'ERR_INTERNAL') return `CODE ${code}: ${message}`;
    const isWrongArgument = code.startsWith('ERR_ARG_') || code === 'ERR_SHAPE_MISMATCH';
    if (isWrongArgument && !/^Expected [^]+, got [^]+$/.test(message)) return `FORM ${code}: ${message}`;
    if (/Cannot (read|destructure|convert|mix)|is not (a function|iterable|defined)|\[object /.test(message))
      return `TEXT ${code}: ${message}`;
    return undefined;
  }
}

describe('fuzz', () => {
  it('collects', async () => {
    console.log('NO SAMPLE', [...calls.keys()].filter((n) => !samples.args[n]).join(' '));
    console.log(
      'STALE',
      Object.keys(samples.args)
        .filter((n) => !calls.has(n))
        .join(' '),
    );
    let bad = 0;
    for (const [name, call] of calls) {
      if (process.env['ONLY'] && name !== process.env['ONLY']) continue;
      const args = samples.args[name] ?? (() => []);
      const t = performance.now();
      const seen = new Map<string, string>();
      if (samples.args[name]) {
        const p = await problemOf(name, () => call(args()));
        if (p) console.log('VALID FAILS', name, p);
        else {
          try {
            await drain(call(args())).then((v) => (name.includes('#') ? undefined : release(v)));
          } catch (e) {
            console.log('VALID THROWS', name, String(e).slice(0, 150));
          }
        }
      }
      await fc.assert(
        fc.asyncProperty(mutations, async (mutation) => {
          const given = mutate(args(), mutation);
          const t1 = performance.now();
          const problem = await Promise.race([
            problemOf(name, () => call(given)),
            new Promise<string>((r) => setTimeout(() => r('HANGS'), DEADLINE_MS).unref()),
          ]);
          const dt = performance.now() - t1;
          if (dt > 2500) console.log('SLOW', name, JSON.stringify(mutation), dt);
          if (problem !== undefined) {
            const k = problem.replace(/\d+/g, '#').slice(0, 90);
            if (!seen.has(k)) seen.set(k, `${problem} <= ${JSON.stringify(mutation)}`);
          }
        }),
        { numRuns: RUNS, seed: SEED },
      );
      console.log(`== ${name} ${Math.round(performance.now() - t)} ms`);
      for (const p of seen.values()) console.log('   ', p.slice(0, 330));
      bad += seen.size;
    }
    console.log('TOTAL', bad, 'in', calls.size);
  }, 3_600_000);
});
void expect;
