import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { SafetensorsFile } from '../../src/encoder/formats/safetensors.js';
import type { PackedTokens } from '../../src/native/packed-tokens.js';

export interface ParityFixture {
  folder: string;
  scale: number;
  losses: Record<'one' | 'symmetric' | 'masked' | 'supcon', number>;
  training: {
    lr: number;
    weight_decay: number;
    max_grad_norm: number;
    warmup_steps: number;
    trace: { step: number; lr: number; loss: number; grad_norm: number }[];
  };
  /** The two views, padding dropped. */
  views: [PackedTokens, PackedTokens];
  labels: Int32Array;
  tensor: (name: string) => Promise<Float32Array>;
  /** `hidden.V` at the valid tokens, [tokens, hidden]. */
  hidden: (view: 0 | 1) => Promise<Float32Array>;
  tensorNames: string[];
  close: () => Promise<void>;
}

/** A parity fixture, see test/fixtures/parity/README.md. */
export async function openParityFixture(name: 'bert-tiny' | 'nomic-tiny'): Promise<ParityFixture> {
  const folder = fileURLToPath(new URL(`../fixtures/parity/${name}`, import.meta.url));
  const file = await SafetensorsFile.open(`${folder}/reference.safetensors`);
  const integers = async (tensor: string): Promise<Int32Array> =>
    Int32Array.from(new BigInt64Array(await file.readBytes(tensor)), Number);
  const [, rows, tokens] = file.tensors.get('input_ids')!.shape as [number, number, number];
  const ids = await integers('input_ids');
  const mask = await integers('attention_mask');
  const valid = (view: number, row: number): number[] => {
    const begin = (view * rows + row) * tokens;
    return Array.from({ length: tokens }, (_, t) => begin + t).filter((at) => mask[at] === 1);
  };
  const pack = (view: number): PackedTokens => {
    const packed: number[] = [];
    const offsets = [0];
    for (let row = 0; row < rows; row++) {
      packed.push(...valid(view, row).map((at) => ids[at]!));
      offsets.push(packed.length);
    }
    return { ids: Int32Array.from(packed), offsets: Int32Array.from(offsets) };
  };
  return {
    ...(JSON.parse(readFileSync(`${folder}/reference.json`, 'utf8')) as Pick<
      ParityFixture,
      'scale' | 'losses' | 'training'
    >),
    folder,
    views: [pack(0), pack(1)],
    labels: await integers('labels'),
    tensor: (tensor) => file.readFloat32(tensor),
    hidden: async (view) => {
      const all = await file.readFloat32(`hidden.${view}`);
      const width = file.tensors.get(`hidden.${view}`)!.shape.at(-1)!;
      const kept: number[] = [];
      for (let row = 0; row < rows; row++) {
        for (const at of valid(view, row)) {
          const begin = (at - view * rows * tokens) * width;
          kept.push(...all.subarray(begin, begin + width));
        }
      }
      return Float32Array.from(kept);
    },
    tensorNames: [...file.tensors.keys()],
    close: () => file.close(),
  };
}
