/** Checkpoints with rounded matrices: written by exports, read wherever an encoder is. */
import { cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import type { LoadEncoderOptions } from '../../src/encoder/encoder-plan.js';
import { exportEncoder } from '../../src/encoder/export/export-encoder.js';
import { SafetensorsFile } from '../../src/encoder/formats/safetensors.js';
import {
  type StoredTensor,
  type TensorToWrite,
  writeSafetensors,
} from '../../src/encoder/formats/safetensors-writer.js';
import { loadEncoder } from '../../src/encoder/load-encoder.js';
import { dequantizeRows, quantizeRows } from '../../src/encoder/weights/weight-rounding.js';
import { storeTensors, type WeightType } from '../../src/encoder/weights/weight-types.js';
import { createTrainer } from '../../src/training/trainer.js';
import { runCli } from '../support/cli.js';
import { openParityFixture } from '../support/parity.js';
import { PARITY_TEXTS, writeParityEncoder } from '../support/parity-encoder.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { relativeError, TOLERANCE } from '../support/tolerances.js';

async function embed(folder: string, options: LoadEncoderOptions = {}): Promise<Float32Array> {
  const encoder = await loadEncoder(folder, options);
  const { embeddings } = await encoder.encode(PARITY_TEXTS);
  await encoder.dispose();
  return embeddings;
}

async function exported(source: string, dtype: WeightType): Promise<string> {
  const target = join(temporaryFolder(), dtype);
  await exportEncoder(source, target, { to: 'safetensors', dtype });
  return target;
}

async function readTensors(folder: string): Promise<TensorToWrite[]> {
  const file = await SafetensorsFile.open(join(folder, 'model.safetensors'));
  const tensors: TensorToWrite[] = [];
  for (const [name, { shape }] of file.tensors) {
    const values = await file.readFloat32(name);
    tensors.push({ name, shape, read: () => values });
  }
  await file.close();
  return tensors;
}

/** Copies an encoder with other tensors. */
async function withTensors(folder: string, tensors: readonly StoredTensor[]): Promise<string> {
  const target = join(temporaryFolder(), 'changed');
  cpSync(folder, target, { recursive: true });
  await writeSafetensors(join(target, 'model.safetensors'), tensors);
  return target;
}

async function codesOf(folder: string): Promise<Map<string, Buffer>> {
  const file = await SafetensorsFile.open(join(folder, 'model.safetensors'));
  const matrices = [...file.tensors].filter(([, { dtype }]) => dtype === 'I8');
  const codes = new Map<string, Buffer>();
  for (const [name] of matrices) codes.set(name, Buffer.from(await file.readBytes(name)));
  await file.close();
  return codes;
}

describe.each(['bert-tiny', 'nomic-tiny'] as const)('%s', (name) => {
  const makeSource = (): string => writeParityEncoder(temporaryFolder(), name);

  it.each<[WeightType, number, number]>([
    ['f16', 0.52, 1e-2], // bf16 and int8 products round again, and not always in the same direction
    ['bf16', 0.52, 3e-2],
    ['int8', 0.3, 6e-2],
  ])('is smaller in %s and gives similar vectors in every precision', async (dtype, size, error) => {
    const source = makeSource();
    const target = join(temporaryFolder(), 'stored');
    const { bytes, cosine, difference } = await exportEncoder(source, target, { to: 'safetensors', dtype });
    expect(bytes).toBe(statSync(join(target, 'model.safetensors')).size);
    expect(bytes).toBeLessThan(statSync(join(source, 'model.safetensors')).size * size);
    expect(cosine).toBeGreaterThan(0.999);
    expect(difference).toBeGreaterThan(0);
    for (const precision of ['f32', 'bf16', 'int8'] as const) {
      expect(relativeError(await embed(target, { precision }), await embed(source, { precision }))).toBeLessThan(error);
    }
  });

  it('exports the rounded values to ONNX and float32, and gives the same integers if rounded again', async () => {
    const source = makeSource();
    const stored = await exported(source, 'int8');
    const expected = await embed(stored);
    expect(await embed(await exported(stored, 'f32'))).toEqual(expected);
    const graph = join(temporaryFolder(), 'graph');
    expect((await exportEncoder(stored, graph, { to: 'onnx' })).difference).toBeLessThan(TOLERANCE.f32Sum);
    expect(relativeError(await embed(graph, { backend: 'onnx' }), expected)).toBeLessThan(TOLERANCE.f32Sum);
    const codes = await codesOf(stored);
    expect(codes.size).toBeGreaterThan(5);
    expect(await codesOf(await exported(stored, 'int8'))).toEqual(codes);
  });

  it('gives int8 products the same integers that they would compute from float32 weights', async () => {
    const source = makeSource();
    const tensors = await readTensors(source);
    // The tables are not part of products. They are rounded in both.
    const rounded = tensors.map((tensor): TensorToWrite => {
      if (tensor.shape.length !== 2 || !tensor.name.startsWith('embeddings.')) return tensor;
      const values = dequantizeRows(quantizeRows(tensor.read(), tensor.shape[1]!));
      return { ...tensor, read: () => values };
    });
    const [stored, floats] = [await exported(source, 'int8'), await withTensors(source, rounded)];
    expect(
      relativeError(await embed(stored, { precision: 'int8' }), await embed(floats, { precision: 'int8' })),
    ).toBeLessThan(1e-5);
    expect(relativeError(await embed(stored), await embed(floats))).toBeGreaterThan(1e-4);
  });

  it('is trained from the rounded values, and saved as float32', async () => {
    const source = makeSource();
    const fixture = await openParityFixture(name);
    const stored = await exported(source, 'int8');
    const run = async (encoder: string): Promise<string> => {
      const trainer = await createTrainer({ encoder, learningRate: 1e-3 });
      await trainer.step({ query: fixture.views[0], key: fixture.views[1], labels: fixture.labels });
      const target = join(temporaryFolder(), 'saved');
      await trainer.save(target);
      await trainer.dispose();
      return target;
    };
    const [ours, floats] = [await run(stored), await run(await exported(stored, 'f32'))];
    expect(readFileSync(join(ours, 'model.safetensors')).equals(readFileSync(join(floats, 'model.safetensors')))).toBe(
      true,
    );
    await fixture.close();
  });

  it('reports damage when it is loaded', async () => {
    const source = makeSource();
    const stored = storeTensors(await readTensors(source), 'int8');
    const scale = stored.find(({ name: tensor }) => tensor.endsWith('_scale'))!;
    const damaged = (change: (tensor: StoredTensor) => StoredTensor[]): Promise<string> =>
      withTensors(
        source,
        stored.flatMap((tensor) => (tensor === scale ? change(tensor) : [tensor])),
      );
    const nan = await damaged((tensor) => [{ ...tensor, read: () => new Float32Array(tensor.shape[0]!).fill(NaN) }]);
    await expect(loadEncoder(nan)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/_scale" is NaN in row 0/) as string,
    });
    const missing = await damaged(() => []);
    await expect(loadEncoder(missing)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining(`the tensor "${scale.name}" with the scale of each row is missing`) as string,
    });
    await expect(createTrainer({ encoder: missing })).rejects.toMatchObject({ code: 'ERR_DATA' });
    const orphan = await withTensors(source, [
      ...(await readTensors(source)),
      { ...scale, read: () => new Float32Array(scale.shape[0]!) },
    ]);
    await expect(loadEncoder(orphan)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining(`has unknown tensors ${scale.name}`) as string,
    });
  });
});

it('rejects rounded weights in a graph', async () => {
  const source = writeParityEncoder(temporaryFolder(), 'bert-tiny');
  const target = join(temporaryFolder(), 'graph');
  await expect(exportEncoder(source, target, { to: 'onnx', dtype: 'int8' })).rejects.toMatchObject({
    code: 'ERR_ARG_RANGE',
    message: expect.stringContaining('f32 unless "to" is safetensors, for "dtype"') as string,
  });
  expect(existsSync(target)).toBe(false);
});

it('prints on the command line how close the rounded encoder is', async () => {
  const source = writeParityEncoder(temporaryFolder(), 'bert-tiny');
  const target = join(temporaryFolder(), 'stored');
  const { code, stdout } = await runCli(['export', source, '--to', 'safetensors', '--dtype', 'int8', '--out', target]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/of their largest entry; smallest cosine 0\.\d{4}\.\n$|; smallest cosine 1\.0000\.\n$/);
  expect(await runCli(['export', source, '--to', 'safetensors', '--dtype', 'int4', '--out', target])).toMatchObject({
    code: 2,
  });
});
