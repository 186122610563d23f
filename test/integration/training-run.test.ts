import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { SeenAnswerCounter } from '../../src/encoder/folder/training-answers.js';
import { SafetensorsFile } from '../../src/encoder/formats/safetensors.js';
import { readRecords } from '../../src/records/read-records.js';
import type { QaRecord } from '../../src/records/record.js';
import { train } from '../../src/training/train.js';
import { runCli, startCli } from '../support/cli.js';
import { seededRandom } from '../support/random.js';
import { writeRecords } from '../support/records.js';
import { smallDisk } from '../support/small-disk.js';
import { answers, writeTrainableEncoder } from '../support/trainable-encoder.js';
import { checkpoints, course, metricsOf, setting, weights } from '../support/training-setting.js';

async function countSeen(folder: string, paths: readonly string[]) {
  const counter = (await SeenAnswerCounter.open(folder))!;
  for await (const { records } of readRecords(paths)) counter.add(records.map(({ answer }) => answer));
  return counter.counts;
}

describe('train', () => {
  it('learns to identify answers to questions it was not trained on', async () => {
    const options = {
      ...setting(),
      steps: 40,
      lambda: 1,
      batchSize: 16,
      learningRate: 3e-3,
      validateEvery: 20,
      validationShare: 0.3,
    };
    const summary = await train(options);
    const validations = metricsOf(options.out).filter(({ kind }) => kind === 'validation') as {
      step: number;
      balancedAccuracy: number;
      chance: number;
    }[];
    expect(validations.map(({ step }) => step)).toEqual([0, 20, 40]);
    expect(summary.best!.balancedAccuracy).toBe(
      Math.max(...validations.map(({ balancedAccuracy }) => balancedAccuracy)),
    );
    expect(summary.best!.balancedAccuracy).toBeGreaterThan(validations[0]!.balancedAccuracy + 0.2);
    const losses = metricsOf(options.out)
      .filter(({ kind }) => kind === 'step')
      .map(({ loss }) => loss as number);
    expect(losses.length).toBe(40);
    expect(losses.slice(-5).reduce((a, b) => a + b)).toBeLessThan(losses.slice(0, 5).reduce((a, b) => a + b));
  });

  it.each(['mixed', 'one-source', 'same-questions'] as const)(
    'gives the same bytes for the same seed with sampler %s, and others for another seed',
    async (sampler) => {
      const options = { ...setting(), sampler };
      await train(options);
      const again = { ...options, out: `${options.out}-again` };
      await train(again);
      expect(weights(again.out).equals(weights(options.out))).toBe(true);
      expect(course(again.out)).toEqual(course(options.out));
      const other = { ...options, out: `${options.out}-other`, seed: 43 };
      await train(other);
      expect(weights(other.out).equals(weights(options.out))).toBe(false);
    },
  );

  // Frozen layers with single answers as views cache activations, which a resumed run must compute again.
  it.each([{}, { freezeLayers: 1, lambda: 1, precision: 'bf16' }] as const)(
    'resumes bit for bit after an abort at every step with %j',
    async (changes) => {
      const options = { ...setting(), ...changes };
      await train({ ...options, out: `${options.out}-whole` });
      for (let aborts = 0; ; aborts++) {
        const controller = new AbortController();
        const events = { onStep: () => controller.abort() };
        const result = await train({ ...options, signal: controller.signal, events }).catch((error: unknown) => error);
        if (!(result instanceof Error)) {
          expect(aborts).toBe(7);
          break;
        }
        expect(result).toMatchObject({
          code: 'ERR_ABORTED',
          message: expect.stringMatching(/interrupted; run it again to resume after step \d/) as string,
        });
      }
      expect(weights(options.out).equals(weights(`${options.out}-whole`))).toBe(true);
      expect(weights(options.out, 'best').equals(weights(`${options.out}-whole`, 'best'))).toBe(true);
      expect(course(options.out)).toEqual(course(`${options.out}-whole`));
      // Nothing is left to do, but the summary is still returned.
      expect(await train(options)).toMatchObject({ steps: 8, loss: undefined });
    },
  );

  it('remembers its answers and those of earlier runs, and not those held out', async () => {
    const lengthen = (record: QaRecord): QaRecord => ({
      ...record,
      answer: `${record.qid} ${record.answer.repeat(20)}`,
    });
    const first = { ...setting(lengthen), steps: 1, validateEvery: 1 };
    const { rows, validationRows } = await train(first);
    const encoder = join(first.out, 'last');
    const { sampled, seen } = await countSeen(encoder, first.data);
    expect(seen).toBeGreaterThan(0);
    expect(Math.abs(seen / sampled - rows / (rows + validationRows))).toBeLessThan(0.2);
    const second = { ...setting(), encoder, steps: 1 };
    await train(second);
    expect(await countSeen(join(second.out, 'last'), first.data)).toMatchObject({ seen });
  });

  it('stops early after validations without a new best', async () => {
    const options = { ...setting(), learningRate: 0, validateEvery: 1, patience: 3 };
    expect(await train(options)).toMatchObject({ steps: 3, stoppedEarly: true, best: { step: 0 } });
  });

  it.each([1, 2])(
    'does not change frozen layers, and gives the same result with and without cached activations (lambda %i)',
    async (lambda) => {
      const options = { ...setting(), validateEvery: 0, freezeLayers: 1, lambda };
      const summary = await train(options);
      expect(summary).toMatchObject({ best: undefined, validationRows: 0, encoder: join(options.out, 'last') });
      expect(existsSync(join(options.out, 'best'))).toBe(false);
      const [before, after] = await Promise.all(
        [options.encoder, summary.encoder].map((folder) => SafetensorsFile.open(join(folder, 'model.safetensors'))),
      );
      for (const name of before!.tensors.keys()) {
        const same = Buffer.from(await before!.readBytes(name)).equals(Buffer.from(await after!.readBytes(name)));
        expect(same, name).toBe(!name.includes('layer.1.'));
      }
      await Promise.all([before!.close(), after!.close()]);
      for (const frozenBudget of [0, 20_000]) {
        const other = { ...options, frozenBudget, out: `${options.out}-${frozenBudget}` };
        await train(other);
        expect(weights(other.out).equals(weights(options.out))).toBe(true);
      }
    },
  );

  it('trains NomicBERT on views of up to 80 answers and 8,192 tokens', async () => {
    const options = setting();
    const folder = join(options.encoder, '..');
    writeRecords(
      join(folder, 'long.jsonl'),
      answers(2, 100).map((record) => ({ ...record, answer: `${record.answer} `.repeat(40) })),
    );
    writeTrainableEncoder(options.encoder, { fixture: 'nomic-tiny' });
    await train({
      ...options,
      data: [join(folder, 'long.jsonl')],
      lambda: 80,
      steps: 1,
      batchSize: 2,
      validateEvery: 0,
      preset: 'upstream-code',
    });
    const [{ tokens }] = metricsOf(options.out) as [{ tokens: number }];
    // Four views of 40 answers with 247 tokens on average, cut at 8,192: more than the positions of BERT.
    expect(tokens).toBeGreaterThan(4 * 2048);
    expect(tokens).toBeLessThanOrEqual(4 * 8192);
  });

  it('plots its curves, and its encoder can embed', async () => {
    const options = setting();
    const result = await runCli([
      'train',
      ...options.data,
      '-e',
      options.encoder,
      '-o',
      options.out,
      '--lambda',
      '1',
      '--steps',
      '4',
      '--batch-size',
      '8',
      '--validate-every',
      '2',
      '--plot',
      '--json',
    ]);
    expect(result.stderr).toContain('held-out answers identified');
    expect(result.code).toBe(0);
    const summary = JSON.parse(result.stdout) as { encoder: string; steps: number; tokensPerSecond: number };
    expect(summary).toMatchObject({ encoder: join(options.out, 'best'), steps: 4, valueIds: 4 });
    expect(summary.tokensPerSecond).toBeGreaterThan(0);
    const curves = ['loss.svg', 'learning-rate.svg', 'validation.svg'];
    const drawn = curves.map((name) => readFileSync(join(options.out, name), 'utf8'));
    for (const svg of drawn) expect(svg).toMatch(/^<svg[^]*<path[^]*<\/svg>\n$/);
    for (const name of curves) rmSync(join(options.out, name));
    expect(await runCli(['plot', options.out])).toMatchObject({
      code: 0,
      stdout: curves.map((name) => `${join(options.out, name)}\n`).join(''),
    });
    expect(curves.map((name) => readFileSync(join(options.out, name), 'utf8'))).toEqual(drawn);
    expect(await runCli(['plot', join(options.out, 'best')])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no metrics of a training run') as string,
    });

    const values = `${options.out}-values`;
    expect(await runCli(['embed', options.data[0]!, '-e', summary.encoder, '-o', values])).toMatchObject({ code: 0 });
    const report = async (name: string): Promise<{ files: string[]; markdown: string }> => {
      expect(await runCli(['eval', 'knn', values, '-k', '5', '--report', join(values, name)])).toMatchObject({
        code: 0,
      });
      return {
        files: readdirSync(join(values, name)),
        markdown: readFileSync(join(values, name, 'report.md'), 'utf8'),
      };
    };
    const trained = await report('trained');
    for (const [i, name] of curves.entries()) {
      expect(readFileSync(join(values, 'trained', `training-${name}`), 'utf8')).toBe(drawn[i]);
      expect(trained.markdown).toContain(`](training-${name})`);
    }
    // Another encoder has replaced the one that embedded. These curves are not its own.
    cpSync(join(options.encoder, 'model.safetensors'), join(summary.encoder, 'model.safetensors'));
    const { files, markdown } = await report('replaced');
    expect(files.filter((name) => name.startsWith('training-'))).toEqual([]);
    expect(markdown).not.toContain('trained');
  });
});

describe('univar train --architecture ngram', () => {
  it('trains an encoder that can embed, says what it skips, and refuses options of transformers', async () => {
    const { data, out } = setting();
    appendFileSync(data[0]!, 'no JSON\n');
    const args = ['train', ...data, '--architecture', 'ngram', '-o', out, '--steps', '4', '--dim', '8', '--json'];
    const { code, stdout, stderr } = await runCli([...args, '--skip-bad']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ encoder: join(out, 'best'), steps: 4, valueIds: 4 });
    expect(stderr).toMatch(/skipped 1 bad row; the first is .*one\.jsonl:161: the line is not valid JSON/);
    expect((await runCli(['plot', out])).code).toBe(0);
    const values = `${out}-values`;
    expect((await runCli(['embed', data[1]!, '-e', join(out, 'best'), '-o', values])).code).toBe(0);
    expect(await runCli([...args, '--lambda', '1'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('only options of the architecture ngram (steps, pairs, dim, maxNgrams') as string,
    });
  });
});

/** Resolves when the run has done this number of steps. */
async function waitForStep(run: string, step: number): Promise<void> {
  const path = join(run, 'metrics.jsonl');
  while (
    !existsSync(path) ||
    !readFileSync(path, 'utf8')
      .split('\n')
      .slice(0, -1)
      .some((line) => (JSON.parse(line) as { step: number }).step >= step)
  )
    await sleep(5);
}

describe('a run that is killed', () => {
  it('ends with the same bytes after SIGKILL at random moments', async () => {
    const options = setting();
    const args = (out: string): string[] => [
      'train',
      ...options.data,
      '-e',
      options.encoder,
      '-o',
      out,
      '--lambda',
      '2',
      '--steps',
      '40',
      '--batch-size',
      '8',
      '--learning-rate',
      '1e-3',
      '--validate-every',
      '7',
      '--checkpoint-every',
      '2',
    ];
    const whole = `${options.out}-whole`;
    expect((await runCli(args(whole))).code).toBe(0);
    const random = seededRandom(11);
    for (const target of [0, 1, 6, 13, 14, 22, 27]) {
      const { child, result } = startCli(args(options.out));
      // Then at a random moment of the following steps, validations and checkpoints.
      await waitForStep(options.out, target);
      await sleep(300 * random());
      child.kill('SIGKILL');
      expect(await result).toMatchObject({ signal: 'SIGKILL' });
    }
    expect((await runCli(args(options.out))).code).toBe(0);
    expect(weights(options.out).equals(weights(whole))).toBe(true);
    expect(weights(options.out, 'best').equals(weights(whole, 'best'))).toBe(true);
    expect(course(options.out)).toEqual(course(whole));
    expect(readdirSync(options.out).filter((name) => /partial|\.(new|old)-/.test(name))).toEqual([]);
  });

  it('keeps the previous checkpoint if the disk is full, and resumes when there is space', async (context) => {
    // One checkpoint fits, but not two.
    const disk = smallDisk(context, 2);
    const options = { ...setting(), out: join(disk, 'run'), validateEvery: 0 };
    const failure = await train(options).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'ERR_IO',
      message: expect.stringMatching(/step-0000000006.*no space left on the device \(ENOSPC\)/) as string,
    });
    expect(checkpoints(options.out)).toEqual(['step-0000000003']);
    execFileSync('mount', ['-o', 'remount,size=16m', disk]);
    await train(options);
    const whole = { ...options, out: join(disk, 'whole') };
    await train(whole);
    expect(weights(options.out).equals(weights(whole.out))).toBe(true);
  });
});
