import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';
import type { LoadEncoderOptions } from '../../src/encoder/encoder-plan.js';
import { exportEncoder } from '../../src/encoder/export/export-encoder.js';
import { externalDataLocations } from '../../src/encoder/folder/onnx-files.js';
import { loadEncoder } from '../../src/encoder/load-encoder.js';
import { createTrainer } from '../../src/training/trainer.js';
import { runCli } from '../support/cli.js';
import { openParityFixture } from '../support/parity.js';
import { PARITY_TEXTS, writeParityEncoder } from '../support/parity-encoder.js';
import { smallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { writeTinyEncoder } from '../support/tiny-encoder.js';
import { relativeError, TOLERANCE } from '../support/tolerances.js';

const MINILM = fileURLToPath(new URL('../../../shared/models/all-MiniLM-L6-v2/', import.meta.url));

async function embed(folder: string, texts: readonly string[], options: LoadEncoderOptions): Promise<Float32Array> {
  const encoder = await loadEncoder(folder, options);
  const { embeddings } = await encoder.encode(texts);
  await encoder.dispose();
  return embeddings;
}

describe.each(['bert-tiny', 'nomic-tiny'] as const)('an export of %s', (name) => {
  const source = (changes?: Record<string, unknown>): string => writeParityEncoder(temporaryFolder(), name, changes);

  it.each([{ singleFile: false }, { singleFile: true }])(
    'to ONNX gives the vectors of the native encoder (singleFile: $singleFile)',
    async ({ singleFile }) => {
      const folder = source();
      const target = join(temporaryFolder(), 'exported');
      const result = await exportEncoder(folder, target, { to: 'onnx', singleFile });
      expect(result.difference).toBeLessThan(TOLERANCE.f32Sum);
      expect(existsSync(join(target, 'model.safetensors'))).toBe(!singleFile);
      expect(externalDataLocations(join(target, 'model.onnx'))).toEqual(singleFile ? [] : ['model.safetensors']);
      const expected = await embed(folder, PARITY_TEXTS, {});
      // Batches of one text have no padding. A batch of all texts has much padding.
      for (const batchTokens of [1, 4096]) {
        const actual = await embed(target, PARITY_TEXTS, { backend: 'onnx', batchTokens });
        expect(relativeError(actual, expected)).toBeLessThan(TOLERANCE.f32Sum);
      }
      if (!singleFile) expect(await embed(target, PARITY_TEXTS, {})).toEqual(expected);
    },
  );

  it('to safetensors gives the same bytes of weights, and replaces an earlier export completely', async () => {
    const folder = source();
    const target = join(temporaryFolder(), 'exported');
    await exportEncoder(folder, target, { to: 'onnx' });
    expect(await exportEncoder(folder, target, { to: 'safetensors' })).toMatchObject({ difference: 0 });
    expect(readdirSync(target)).not.toContain('model.onnx');
    const bytes = readFileSync(join(target, 'model.safetensors'));
    await exportEncoder(target, join(target, '..', 'again'), { to: 'safetensors' });
    expect(readFileSync(join(target, '..', 'again', 'model.safetensors')).equals(bytes)).toBe(true);
  });

  it('has the trained weights', async () => {
    const fixture = await openParityFixture(name);
    const folder = source();
    const trainer = await createTrainer({ encoder: folder, learningRate: 1e-2, pooling: 'cls' });
    for (let step = 0; step < 3; step++)
      await trainer.step({ query: fixture.views[0], key: fixture.views[1], labels: fixture.labels });
    const saved = join(temporaryFolder(), 'saved');
    await trainer.save(saved);
    const target = join(temporaryFolder(), 'exported');
    await exportEncoder(saved, target, { to: 'onnx' });
    const encoder = await loadEncoder(target, { backend: 'onnx' });
    const { embeddings } = await encoder.encode(['w1 w2 w3']);
    const expected = await trainer.encode({ ids: Int32Array.of(2, 5, 6, 7, 3), offsets: Int32Array.of(0, 5) });
    expect(relativeError(embeddings, expected)).toBeLessThan(TOLERANCE.f32Sum);
    await Promise.all([encoder.dispose(), trainer.dispose(), fixture.close()]);
  });
});

it('is as exact at far positions of NomicBERT as at near ones', async () => {
  const folder = writeParityEncoder(temporaryFolder(), 'nomic-tiny');
  const target = join(temporaryFolder(), 'exported');
  await exportEncoder(folder, target, { to: 'onnx' });
  const texts = [Array.from({ length: 3000 }, (_, i) => `w${(i * 7) % 496}`).join(' ')];
  const [actual, expected] = [
    await embed(target, texts, { backend: 'onnx', maxTokens: 3000 }),
    await embed(folder, texts, { maxTokens: 3000 }),
  ];
  expect(relativeError(actual, expected)).toBeLessThan(TOLERANCE.f32Sum);
});

describe('an export', () => {
  it('rejects encoders that it cannot export, and leaves the target unchanged', async () => {
    const root = temporaryFolder();
    const target = join(root, 'exported');
    const bert = (changes?: Record<string, unknown>): string =>
      writeParityEncoder(temporaryFolder(), 'bert-tiny', changes);
    const refused = async (
      source: string,
      code: string,
      message: RegExp,
      options: object = { to: 'onnx' },
    ): Promise<void> => {
      await expect(exportEncoder(source, target, options as { to: 'onnx' })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message) as string,
      });
    };
    await refused(writeTinyEncoder(temporaryFolder()), 'ERR_DATA', /has no model\.safetensors/);
    await refused(
      bert({ 'tokenizer.json': undefined, '1_Pooling/config.json': undefined }),
      'ERR_DATA',
      /lacks tokenizer\.json, 1_Pooling.config\.json/,
    );
    await refused('/does/not/exist', 'ERR_DATA', /not a folder/);
    await refused(bert(), 'ERR_ARG_RANGE', /one of onnx, safetensors for "to"/, { to: 'gguf' });
    await refused(bert(), 'ERR_ARG_RANGE', /"singleFile"/, { to: 'safetensors', singleFile: true });
    await refused(bert(), 'ERR_ABORTED', /aborted/, { to: 'onnx', signal: AbortSignal.abort() });
    expect(readdirSync(root)).toEqual([]);
    mkdirSync(target);
    writeFileSync(join(target, 'thesis.tex'), '');
    await refused(bert(), 'ERR_DATA', /contains thesis\.tex/);
    expect(readdirSync(target)).toEqual(['thesis.tex']);
  });

  it('reports a full disk and leaves nothing on it', async (context) => {
    const disk = smallDisk(context);
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(950_000));
    const source = writeParityEncoder(temporaryFolder(), 'bert-tiny');
    await expect(exportEncoder(source, join(disk, 'target'), { to: 'onnx', singleFile: true })).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringMatching(/model\.onnx: no space left/) as string,
    });
    expect(readdirSync(disk)).toEqual(['ballast']);
  });

  it('prints on the command line what it wrote and how it was checked', async () => {
    const source = writeParityEncoder(temporaryFolder(), 'bert-tiny');
    const target = join(temporaryFolder(), 'exported');
    const { code, stdout } = await runCli(['export', source, '--to', 'onnx', '--out', target]);
    expect(code).toBe(0);
    const difference = String.raw`vectors differ by at most \d\.\de-\d+ of their largest entry\.`;
    expect(stdout).toMatch(
      new RegExp(String.raw`^Exported .*\nChecked with ONNX Runtime on 5 texts: ${difference}\n$`),
    );
    const wrong = await runCli([
      'export',
      writeTinyEncoder(temporaryFolder()),
      '--to',
      'safetensors',
      '--out',
      target,
      '--json',
    ]);
    expect(wrong).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: .*has no model\.safetensors/) as string,
    });
  });

  it.skipIf(!existsSync(MINILM))(
    'of all-MiniLM-L6-v2 gives the vectors of sentence-transformers (skipped where ../shared/models is absent)',
    async () => {
      const { texts } = JSON.parse(readFileSync(`${MINILM}reference.json`, 'utf8')) as { texts: string[] };
      const npy = readFileSync(`${MINILM}reference.npy`);
      const expected = new Float32Array(Uint8Array.from(npy.subarray(npy.length - texts.length * 384 * 4)).buffer);
      const target = join(temporaryFolder(), 'exported');
      await exportEncoder(MINILM, target, { to: 'onnx' });
      expect(relativeError(await embed(target, texts, { backend: 'onnx' }), expected)).toBeLessThan(TOLERANCE.f32Sum);
      const ours = readdirSync(target).sort();
      expect(
        readdirSync(MINILM)
          .filter((file) => !file.startsWith('reference.'))
          .sort(),
      ).toEqual(ours);
    },
  );
});
