import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { SafetensorsFile } from '../../src/encoder/formats/safetensors.js';
import type { TrainOptions } from '../../src/training/settings.js';
import { train } from '../../src/training/train.js';
import { runCli, startCli } from '../support/cli.js';
import { seededRandom } from '../support/random.js';
import { writeRecords } from '../support/records.js';
import { smallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { answers, writeTrainableEncoder } from '../support/trainable-encoder.js';

const NOMIC_TINY = fileURLToPath(new URL('../fixtures/parity/nomic-tiny', import.meta.url));

/** An encoder, two sources of answers, and options for a short run. */
function setting(): TrainOptions & { data: string[] } {
  const folder = temporaryFolder();
  writeRecords(join(folder, 'one.jsonl'), answers(4, 40));
  writeRecords(join(folder, 'two.jsonl'), answers(3, 30, { seed: 2, prefix: 'other-' }));
  return {
    data: [join(folder, 'one.jsonl'), join(folder, 'two.jsonl')],
    encoder: writeTrainableEncoder(join(folder, 'encoder')),
    out: join(folder, 'run'),
    lambda: 2,
    steps: 8,
    batchSize: 8,
    learningRate: 1e-3,
    warmupSteps: 2,
    validateEvery: 4,
    checkpointEvery: 3,
  };
}

const weights = (run: string, encoder = 'last'): Buffer => readFileSync(join(run, encoder, 'model.safetensors'));
const metricsOf = (run: string): Record<string, unknown>[] =>
  readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const checkpoints = (run: string): string[] => readdirSync(run).filter((name) => name.startsWith('step-'));
/** Removes the figures that depend on the clock. */
const course = (run: string): unknown[] => metricsOf(run).map((line) => ({ ...line, seconds: 0 }));

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

describe('train refuses', () => {
  it('another run in its folder, and reports the differences', async () => {
    const options = setting();
    await train(options);
    await expect(train({ ...options, learningRate: 2e-3 })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('learningRate (0.001 there, 0.002 now)') as string,
    });
    await expect(train({ ...options, data: options.data.slice(0, 1) })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('differs in the data') as string,
    });
    const description = join(options.out, 'run.json');
    writeFileSync(description, readFileSync(description, 'utf8').replace(/"cutting": "[^"]*"/, '"cutting": "end"'));
    await expect(train(options)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('differs in the preparation and cutting of texts;') as string,
    });
    writeFileSync(join(options.encoder, '..', 'stranger.txt'), '');
    await expect(train({ ...options, out: join(options.encoder, '..') })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('is not a training run') as string,
    });
  });

  it('a prompt for views of several answers, and trains single answers with it, in lower case', async () => {
    const plain = { ...setting(), lambda: 1 };
    const folder = `${plain.encoder}-prompt`;
    cpSync(plain.encoder, folder, { recursive: true });
    writeFileSync(
      join(folder, 'config_sentence_transformers.json'),
      JSON.stringify({ prompts: { p: 'w7 w8 ' }, default_prompt_name: 'p' }),
    );
    writeFileSync(
      join(folder, 'sentence_bert_config.json'),
      JSON.stringify({ max_seq_length: 64, do_lower_case: true }),
    );
    await expect(train({ ...plain, encoder: folder, lambda: 2 })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('the prompt "w7 w8 "') as string,
    });
    await train(plain);
    const prompted = { ...plain, encoder: folder, out: `${plain.out}-prompt` };
    await train(prompted);
    const tokens = (run: string): number =>
      metricsOf(run).reduce((sum, line) => sum + ((line['tokens'] as number | undefined) ?? 0), 0);
    // two tokens before both views of 8 pairs, 8 times
    expect(tokens(prompted.out)).toBe(tokens(plain.out) + 8 * 2 * 8 * 2);
    for (const name of ['config_sentence_transformers.json', 'sentence_bert_config.json']) {
      expect(readFileSync(join(prompted.out, 'best', name), 'utf8')).toBe(readFileSync(join(folder, name), 'utf8'));
    }
  });

  it('a damaged checkpoint, and one of another architecture', async () => {
    const options = setting();
    const controller = new AbortController();
    await train({ ...options, signal: controller.signal, events: { onStep: () => controller.abort() } }).catch(
      () => undefined,
    );
    const checkpoint = join(options.out, checkpoints(options.out)[0]!);
    const file = join(checkpoint, 'first-moments.safetensors');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    await expect(train(options)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('first-moments.safetensors is damaged') as string,
    });
    // A valid checkpoint of another encoder, as if folders were mixed up.
    cpSync(join(NOMIC_TINY, 'model.safetensors'), file);
    const state = JSON.parse(readFileSync(join(checkpoint, 'state.json'), 'utf8')) as {
      files: Record<string, { sha256: string }>;
    };
    state.files['first-moments.safetensors']!.sha256 = execFileSync('sha256sum', [file], { encoding: 'utf8' }).split(
      ' ',
    )[0]!;
    writeFileSync(join(checkpoint, 'state.json'), JSON.stringify(state));
    await expect(train(options)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/lacks the tensors embeddings.*; it has unknown tensors /) as string,
    });
  });

  it('a tokenizer with more tokens than the encoder has vectors', async () => {
    const options = setting();
    writeTrainableEncoder(options.encoder, { words: 600 });
    await expect(train(options)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('608 tokens, but only 500 embeddings') as string,
    });
  });

  it('a value id with one answer, by name, unless it is left out', async () => {
    const options = setting();
    const file = join(options.encoder, '..', 'rare.jsonl');
    writeRecords(file, [{ qid: 'q1', question: 'w1', answer: 'w2', model: 'hapax', lang: 'fra' }]);
    const data = [...options.data, file];
    await expect(train({ ...options, data })).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringContaining('hapax$fra') as string,
    });
    expect(await train({ ...options, data, minPerId: 2 })).toMatchObject({ valueIds: 4 });
  });

  it('a lambda that no value id reaches, and caps it for value ids with fewer answers', async () => {
    const options = setting();
    await expect(train({ ...options, lambda: 71 })).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringMatching(/at most \d+, the training answers of model-\d\$eng.*"lambda", got 71/) as string,
    });
    let capped = 0;
    // model-3 has answers only in the first source.
    await train({ ...options, lambda: 50, events: { onStart: ({ cappedIds }) => (capped = cappedIds) } });
    expect(capped).toBe(1);
  });

  it('views longer than the positions, and more frozen layers than the encoder has', async () => {
    const options = setting();
    await expect(train({ ...options, maxTokens: 129 })).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringContaining('at most 128') as string,
    });
    await expect(train({ ...options, freezeLayers: 3 })).rejects.toMatchObject({
      code: 'ERR_ARG_RANGE',
      message: expect.stringContaining('freezeLayers') as string,
    });
  });

  it('to continue after a loss that is not finite, and reports step and batch', async () => {
    const options = { ...setting(), validateEvery: 0, lambda: 1, sampler: 'mixed', steps: 30 } as const;
    poisonWord(join(options.encoder, 'model.safetensors'), 8 + 39);
    const failure = await train(options).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'ERR_NON_FINITE',
      message: expect.stringMatching(
        /step \d+, batch \d+ of epoch 1, 8 pairs; the first: model-\d\$eng on .*q\d+/,
      ) as string,
    });
    const done = readFileSync(join(options.out, 'metrics.jsonl'), 'utf8').split('\n').length - 1;
    expect((failure as Error).message).toContain(`step ${done + 1},`);
  });
});

/** Sets the vector of one token to NaN. */
function poisonWord(path: string, id: number): void {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  bytes.writeFloatLE(NaN, 8 + length + header['embeddings.word_embeddings.weight']!.data_offsets[0] + id * 64 * 4);
  writeFileSync(path, bytes);
}
