import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { train } from '../../src/training/train.js';
import { writeRecords } from '../support/records.js';
import { writeTrainableEncoder } from '../support/trainable-encoder.js';
import { checkpoints, metricsOf, setting } from '../support/training-setting.js';

const NOMIC_TINY = fileURLToPath(new URL('../fixtures/parity/nomic-tiny', import.meta.url));

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
