import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { planEncoder } from '../../../src/encoder/plan-encoder.js';
import { onnxModel } from '../../support/onnx-bytes.js';
import { writeParityEncoder } from '../../support/parity-encoder.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { TINY_GRAPH } from '../../support/tiny-encoder.js';

const FIXTURE = new URL('../../fixtures/parity/bert-tiny/config.json', import.meta.url);
const config = JSON.parse(readFileSync(FIXTURE, 'utf8')) as object;

it('is the precision that the folder of a transformer asks for, unless another is given', async () => {
  const folder = temporaryFolder();
  const plain = writeParityEncoder(join(folder, 'plain'), 'bert-tiny');
  const changes = { 'config.json': { ...config, univar: { precision: 'int8' } }, 'model.onnx': onnxModel(TINY_GRAPH) };
  const asking = writeParityEncoder(join(folder, 'asking'), 'bert-tiny', changes);
  expect((await planEncoder(plain)).precision).toBe('f32');
  const plan = await planEncoder(asking);
  expect(plan).toMatchObject({ backend: 'native', precision: 'int8' });
  // The name of a folder is no part of a fingerprint, but the precision is.
  expect(await plan.fingerprint()).toBe(await (await planEncoder(plain, { precision: 'int8' })).fingerprint());
  expect(await plan.fingerprint()).not.toBe(await (await planEncoder(plain)).fingerprint());
  expect((await planEncoder(asking, { precision: 'bf16' })).precision).toBe('bf16');
  expect(await planEncoder(asking, { backend: 'onnx' })).toMatchObject({ backend: 'onnx', precision: 'f32' });
});

it('refuses a precision that does not exist', async () => {
  const changes = { 'config.json': { ...config, univar: { precision: 'int4' } } };
  const folder = writeParityEncoder(join(temporaryFolder(), 'wrong'), 'bert-tiny', changes);
  await expect(planEncoder(folder)).rejects.toMatchObject({
    code: 'ERR_DATA',
    message: expect.stringMatching(/config\.json: expected one of f32.* for univar\.precision, got "int4"/) as string,
  });
});
