import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { type ApiCall, apiCalls, INTERNAL, release } from '../support/api-calls.js';
import { faultOf } from '../support/api-faults.js';
import { evaluationSamples, functionSamples } from '../support/api-function-samples.js';
import { apiInstances, methodSamples, postgresSamples } from '../support/api-method-samples.js';
import { makeApiScene } from '../support/api-scene.js';
import { mutate, mutations } from '../support/hostile.js';
import { NO_POSTGRES } from '../support/postgres-server.js';

const RUNS = Number(process.env['UNIVAR_FUZZ_RUNS'] ?? 20);
const SEED = Number(process.env['UNIVAR_FUZZ_SEED'] ?? 18);
/** A wrong number can make a call long. It is aborted after this time and must then end. */
const PATIENCE_MS = 250;
/** Wrong options can mean the default ones, which make a fit take seconds on a busy machine. */
const DEADLINE_MS = 20_000;

const folder = mkdtempSync(join(tmpdir(), 'univar-api-'));
const before = process.cwd();
process.chdir(folder); // Some mutated calls write to a path like "word".
const scene = await makeApiScene(folder);
const instances = apiInstances(scene);
const kept = {
  Collection: await instances['Collection']!(),
  Encoder: await instances['Encoder']!(),
  WordPieceTokenizer: await instances['WordPieceTokenizer']!(),
};
const calls = await apiCalls(instances, kept);
const ofPostgres = postgresSamples(scene);
const samples = {
  ...(await evaluationSamples(scene)),
  ...functionSamples(scene),
  ...methodSamples(scene),
  ...(NO_POSTGRES === undefined && ofPostgres),
};
if (NO_POSTGRES !== undefined) for (const name of Object.keys(ofPostgres)) calls.delete(name);

afterAll(async () => {
  for (const instance of Object.values(kept)) await release(instance);
  await scene.end();
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

async function faultOfCall(call: ApiCall, args: readonly unknown[]): Promise<string | undefined> {
  const ending = call(args).then(() => undefined, faultOf);
  return Promise.race([ending, sleep(DEADLINE_MS, `no end within ${DEADLINE_MS} ms`, { ref: false })]);
}

describe(`every exported call${NO_POSTGRES === undefined ? '' : `, except PgVectorIndex: ${NO_POSTGRES}`}`, () => {
  it('has sample arguments, and every sample belongs to a call', () => {
    expect([...Object.keys(samples), ...INTERNAL].sort()).toEqual([...calls.keys()].sort());
  });

  it.each(Object.entries(samples))(
    'succeeds or throws an EngineError that says what it expects: %s',
    async (name, sample) => {
      const call = calls.get(name)!;
      const { signal } = new AbortController();
      await call(sample(signal));
      if (sample(signal).length === 0) return;
      await fc.assert(
        fc.asyncProperty(mutations, async (mutation) => {
          const args = mutate(sample(AbortSignal.timeout(PATIENCE_MS)), mutation);
          expect(await faultOfCall(call, args)).toBeUndefined();
        }),
        { numRuns: RUNS, seed: SEED },
      );
    },
  );
});
