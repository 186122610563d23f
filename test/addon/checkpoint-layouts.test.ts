import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { SafetensorsFile } from '../../src/encoder/formats/safetensors.js';
import { type TensorToWrite, writeSafetensors } from '../../src/encoder/formats/safetensors-writer.js';
import { createTrainer } from '../../src/training/trainer.js';
import { openParityFixture } from '../support/parity.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** The names that NomicBERT's class in Transformers gives the published tensors. */
const SPLIT_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^encoder\.layers/, 'layers'],
  [/^emb_ln/, 'embeddings.LayerNorm'],
  [/attn\.out_proj/, 'self_attn.o_proj'],
  [/fc11/, 'up_proj'],
  [/fc12/, 'gate_proj'],
  [/fc2/, 'down_proj'],
  [/norm1/, 'post_attention_layernorm'],
  [/norm2/, 'post_mlp_layernorm'],
];

function toSplit({ name, shape, read }: TensorToWrite): TensorToWrite[] {
  const renamed = SPLIT_NAMES.reduce((old, [pattern, replacement]) => old.replace(pattern, replacement), name);
  if (!name.includes('Wqkv')) return [{ name: renamed, shape, read }];
  const values = read();
  const part = values.length / 3;
  return ['q', 'k', 'v'].map((letter, i) => ({
    name: renamed.replace('attn.Wqkv', `self_attn.${letter}_proj`),
    shape: [shape[0]! / 3, shape[1]!],
    read: () => values.slice(i * part, (i + 1) * part),
  }));
}

const toGamma = ({ name, shape, read }: TensorToWrite): TensorToWrite[] => [
  {
    name: name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'),
    shape,
    read,
  },
];

async function rewritten(
  folder: string,
  rewrite: (tensor: TensorToWrite) => TensorToWrite[],
  prefix: string,
  config: object,
): Promise<string> {
  const target = join(temporaryFolder(), 'encoder');
  cpSync(folder, target, { recursive: true });
  const path = join(folder, 'model.safetensors');
  const file = await SafetensorsFile.open(path);
  const tensors: TensorToWrite[] = [];
  for (const [name, { shape }] of file.tensors) {
    const values = await file.readFloat32(name);
    tensors.push(
      ...rewrite({ name, shape, read: () => values }).map((tensor) => ({ ...tensor, name: prefix + tensor.name })),
    );
  }
  await file.close();
  await writeSafetensors(join(target, 'model.safetensors'), tensors);
  if (Object.keys(config).length > 0) writeFileSync(join(target, 'config.json'), JSON.stringify(config));
  return target;
}

/** config.json of nomic-tiny with the keys of Transformers. */
function splitConfig(folder: string): object {
  const old = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Record<string, number>;
  return {
    model_type: 'nomic_bert',
    hidden_act: 'silu',
    hidden_size: old['n_embd'],
    num_hidden_layers: old['n_layer'],
    num_attention_heads: old['n_head'],
    intermediate_size: old['n_inner'],
    vocab_size: old['vocab_size'],
    type_vocab_size: old['type_vocab_size'],
    max_position_embeddings: old['n_positions'],
    layer_norm_eps: old['layer_norm_epsilon'],
    rope_parameters: { rope_type: 'default', rope_theta: old['rotary_emb_base'] },
  };
}

describe('layouts of checkpoints', () => {
  it.each([
    ['bert-tiny', toGamma, '', undefined],
    ['bert-tiny', toGamma, 'bert.', undefined],
    ['nomic-tiny', toSplit, '', splitConfig],
    ['nomic-tiny', toSplit, 'model.', splitConfig],
    ['nomic-tiny', (tensor: TensorToWrite) => [tensor], 'trunk.', undefined],
  ] as const)('reads, trains and saves %s in the other layout (%#)', async (name, rewrite, prefix, config) => {
    const fixture = await openParityFixture(name);
    const folder = await rewritten(fixture.folder, rewrite, prefix, config?.(fixture.folder) ?? {});
    const batch = { query: fixture.views[0], key: fixture.views[1], labels: fixture.labels };
    const run = async (encoder: string) => {
      const trainer = await createTrainer({ encoder, learningRate: 1e-3 });
      await trainer.step(batch);
      const embeddings = await trainer.encode(batch.query);
      const target = join(temporaryFolder(), 'saved');
      await trainer.save(target);
      await trainer.dispose();
      return { embeddings, target };
    };
    const [published, other] = [await run(fixture.folder), await run(folder)];
    expect(other.embeddings).toEqual(published.embeddings);
    expect((await run(other.target)).embeddings).toEqual((await run(published.target)).embeddings);
    await fixture.close();
  });

  it('names what a layout lacks', async () => {
    const fixture = await openParityFixture('nomic-tiny');
    const without = (tensor: TensorToWrite): TensorToWrite[] =>
      toSplit(tensor).filter(({ name }) => name !== 'layers.1.self_attn.k_proj.weight');
    const folder = await rewritten(fixture.folder, without, '', splitConfig(fixture.folder));
    await expect(createTrainer({ encoder: folder })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('lacks the tensors layers.1.self_attn.k_proj.weight') as string,
    });
    await fixture.close();
  });
});
