import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { SafetensorsFile } from '../../src/encoder/formats/safetensors.js';
import { createTrainer } from '../../src/training/trainer.js';
import { openParityFixture, type ParityFixture } from '../support/parity.js';
import { smallDisk } from '../support/small-disk.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const MINILM = fileURLToPath(new URL('../../../shared/models/all-MiniLM-L6-v2/', import.meta.url));

async function read(path: string): Promise<Map<string, { shape: number[]; values: Float32Array }>> {
  const file = await SafetensorsFile.open(path);
  const tensors = new Map<string, { shape: number[]; values: Float32Array }>();
  for (const [name, { dtype, shape }] of file.tensors)
    if (dtype === 'F32') tensors.set(name, { shape, values: await file.readFloat32(name) });
  await file.close();
  return tensors;
}

const batchOf = ({ views, labels }: ParityFixture) => ({ query: views[0], key: views[1], labels });
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

describe.each(['bert-tiny', 'nomic-tiny'] as const)('a trainer of %s', (name) => {
  it('saves what it loaded, tensor by tensor', async () => {
    const { folder, close } = await openParityFixture(name);
    const trainer = await createTrainer({ encoder: folder, pooling: 'cls' });
    const target = join(temporaryFolder(), 'saved');
    await trainer.save(target);
    await trainer.dispose();
    const [saved, original] = [
      await read(join(target, 'model.safetensors')),
      await read(join(folder, 'model.safetensors')),
    ];
    expect([...saved.keys()].sort()).toEqual([...original.keys()].sort());
    for (const [tensor, content] of saved) expect(content, tensor).toEqual(original.get(tensor));
    expect(json(join(target, 'config.json'))).toEqual(json(join(folder, 'config.json')));
    expect(json(join(target, '1_Pooling/config.json'))).toMatchObject({
      word_embedding_dimension: 64,
      pooling_mode_cls_token: true,
      pooling_mode_mean_tokens: false,
    });
    await close();
  });

  it('saves what it learnt, also while it goes on, and replaces an earlier save', async () => {
    const fixture = await openParityFixture(name);
    const batch = batchOf(fixture);
    const trainer = await createTrainer({ encoder: fixture.folder, learningRate: 1e-3 });
    const target = join(temporaryFolder(), 'saved');
    const steps = [trainer.step(batch)];
    await steps[0];
    const before = await trainer.encode(batch.query);
    const saving = trainer.save(target);
    await new Promise((resolve) => setImmediate(resolve)); // the parameters are taken; files are written now
    const going = trainer.step(batch);
    await saving;
    await going;
    const reopened = await createTrainer({ encoder: target });
    const embeddings = await reopened.encode(batch.query);
    const after = await trainer.encode(batch.query);
    expect([[...before], [...after]]).toContainEqual([...embeddings]); // of one step or the other, never of half a step
    await trainer.save(target);
    const again = await createTrainer({ encoder: target });
    expect(await again.encode(batch.query)).toEqual(after);
    expect(after).not.toEqual(before);
    await Promise.all([trainer, reopened, again].map((one) => one.dispose()));
    await fixture.close();
  });
});

describe('a saved folder', () => {
  it.skipIf(!existsSync(MINILM))(
    'is that of the published encoder, file by file (skipped where ../shared/models is absent)',
    async () => {
      const trainer = await createTrainer({ encoder: MINILM });
      const target = join(temporaryFolder(), 'saved');
      await trainer.save(target);
      await trainer.dispose();
      // The graph and the references are of the published weights.
      const published = readdirSync(MINILM).filter(
        (entry) => !['model.onnx', 'reference.json', 'reference.npy'].includes(entry),
      );
      expect(readdirSync(target).sort()).toEqual(published.sort());
      for (const entry of published.filter((file) => /\.(json|txt)$/.test(file) && file !== 'config.json')) {
        if (entry === 'modules.json') expect(json(join(target, entry))).toEqual(json(join(MINILM, entry)));
        else expect(readFileSync(join(target, entry)).equals(readFileSync(join(MINILM, entry))), entry).toBe(true);
      }
      for (const entry of ['config.json', '1_Pooling/config.json'])
        expect(json(join(target, entry))).toEqual(json(join(MINILM, entry)));
      const [saved, original] = [
        await read(join(target, 'model.safetensors')),
        await read(join(MINILM, 'model.safetensors')),
      ];
      expect([...saved.keys()].sort()).toEqual([...original.keys()].sort()); // the unused pooling layer included
      for (const [tensor, { shape, values }] of saved) {
        expect(shape, tensor).toEqual(original.get(tensor)!.shape);
        expect(
          Buffer.compare(Buffer.from(values.buffer), Buffer.from(original.get(tensor)!.values.buffer)),
          tensor,
        ).toBe(0);
      }
    },
  );

  it('says itself what the source leaves unsaid', async () => {
    const { folder, close } = await openParityFixture('bert-tiny');
    const source = temporaryFolder();
    cpSync(folder, source, { recursive: true });
    const vocabulary = [
      '[PAD]',
      '[UNK]',
      '[CLS]',
      '[SEP]',
      '[MASK]',
      ...Array.from({ length: 495 }, (_, i) => `w${i}`),
    ];
    writeFileSync(join(source, 'vocab.txt'), `${vocabulary.join('\n')}\n`);
    const trainer = await createTrainer({ encoder: source });
    const target = join(temporaryFolder(), 'saved');
    await trainer.save(target);
    expect(json(join(target, 'modules.json'))).toMatchObject([
      { path: '' },
      { path: '1_Pooling' },
      { path: '2_Normalize' },
    ]);
    expect(json(join(target, 'sentence_bert_config.json'))).toEqual({ max_seq_length: 128, do_lower_case: false });
    expect(json(join(target, 'special_tokens_map.json'))).toEqual({
      unk_token: '[UNK]',
      sep_token: '[SEP]',
      pad_token: '[PAD]',
      cls_token: '[CLS]',
      mask_token: '[MASK]',
    });
    expect(json(join(target, 'tokenizer_config.json'))).toMatchObject({
      do_lower_case: true,
      model_max_length: 128,
      tokenizer_class: 'BertTokenizer',
    });
    await trainer.dispose();
    await close();
  });

  it('is not written over something else, nor without its source, nor on a full disk', async (context) => {
    const { folder, close } = await openParityFixture('bert-tiny');
    const source = join(temporaryFolder(), 'source');
    cpSync(folder, source, { recursive: true });
    const trainer = await createTrainer({ encoder: source });
    const strange = temporaryFolder();
    writeFileSync(join(strange, 'thesis.tex'), '');
    await expect(trainer.save(strange)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('contains thesis.tex') as string,
    });
    await expect(trainer.save(7 as unknown as string)).rejects.toMatchObject({ code: 'ERR_ARG_TYPE' });
    const disk = smallDisk(context);
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(900_000));
    mkdirSync(join(disk, 'target'));
    await expect(trainer.save(join(disk, 'target'))).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining('model.safetensors: no space left') as string,
    });
    expect(readdirSync(disk).sort()).toEqual(['ballast', 'target']);
    rmSync(source, { recursive: true });
    await expect(trainer.save(join(temporaryFolder(), 'saved'))).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining(source) as string,
    });
    await trainer.dispose();
    await close();
  });

  it('is not written by a disposed trainer', async () => {
    const { folder, close } = await openParityFixture('bert-tiny');
    const trainer = await createTrainer({ encoder: folder });
    await trainer.dispose();
    const target = join(temporaryFolder(), 'saved');
    await expect(trainer.save(target)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    expect(existsSync(target)).toBe(false);
    await close();
  });
});
