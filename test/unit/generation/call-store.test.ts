import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CallResult } from '../../../src/generation/call.js';
import { type CallMeta, CallStore } from '../../../src/generation/call-store.js';
import { smallDisk } from '../../support/small-disk.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const keyOf = (i: number): string => createHash('sha256').update(String(i)).digest('hex').slice(0, 32);
const metaOf = (i: number): CallMeta => ({
  stage: 'answers',
  model: `m${i % 3}`,
  promptTokens: i,
  completionTokens: 2 * i,
  usd: i / 8,
});
const resultOf = (text: string): CallResult => ({
  text,
  finish: 'stop',
  promptTokens: 1,
  completionTokens: 2,
  estimated: false,
});

async function openAll(dir: string, segmentBytes?: number): Promise<{ store: CallStore; metas: CallMeta[] }> {
  const metas: CallMeta[] = [];
  const store = await CallStore.open(
    dir,
    (meta) => metas.push(meta),
    segmentBytes === undefined ? {} : { segmentBytes },
  );
  return { store, metas };
}

describe('CallStore', () => {
  it('returns every result, also after reopening and from several files', async () => {
    const dir = join(temporaryFolder(), 'calls');
    const { store } = await openAll(dir, 4096);
    const texts = Array.from({ length: 300 }, (_, i) => `text ${i} ${'\u2028é😀"\\\n'.repeat(i % 7)}`);
    for (let from = 0; from < 300; from += 20)
      await Promise.all(
        texts.slice(from, from + 20).map((text, i) => store.put(keyOf(from + i), metaOf(from + i), resultOf(text))),
      );
    expect(await store.get(keyOf(299))).toEqual(resultOf(texts[299]!));
    await store.close();
    expect(readdirSync(dir).length).toBeGreaterThan(3);
    const { store: again, metas } = await openAll(dir, 4096);
    expect({ size: again.size, damaged: again.damaged, metas }).toEqual({
      size: 300,
      damaged: 0,
      metas: texts.map((_, i) => metaOf(i)),
    });
    for (const [i, text] of texts.entries()) expect((await again.get(keyOf(i)))?.text).toBe(text);
    expect(again.has(keyOf(300))).toBe(false);
    expect(await again.get(keyOf(300))).toBeUndefined();
    await again.close();
  });

  it('finds results after lines that it reads in several pieces of 1 MiB', async () => {
    const dir = join(temporaryFolder(), 'calls');
    const { store } = await openAll(dir);
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(700_000));
    for (const [i, text] of texts.entries()) await store.put(keyOf(i), metaOf(i), resultOf(text));
    await store.close();
    const { store: again } = await openAll(dir);
    for (const [i, text] of texts.entries()) expect((await again.get(keyOf(i)))?.text === text).toBe(true);
    await again.close();
  });

  it('loses only the last line, wherever a file is cut', async () => {
    const dir = join(temporaryFolder(), 'calls');
    const { store } = await openAll(dir);
    for (let i = 0; i < 5; i++) await store.put(keyOf(i), metaOf(i), resultOf(`text ${i}`));
    await store.close();
    const file = join(dir, 'calls-00001.jsonl');
    const whole = readFileSync(file);
    const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1;
    for (let cut = lastLine; cut < whole.length; cut += 7) {
      writeFileSync(file, whole);
      truncateSync(file, cut);
      const { store: torn } = await openAll(dir);
      expect({ size: torn.size, damaged: torn.damaged }).toEqual({ size: 4, damaged: cut > lastLine ? 1 : 0 });
      await torn.put(keyOf(4), metaOf(4), resultOf('again'));
      await torn.close();
      const { store: mended } = await openAll(dir);
      expect({ size: mended.size, damaged: mended.damaged, text: (await mended.get(keyOf(4)))?.text }).toEqual({
        size: 5,
        damaged: 0,
        text: 'again',
      });
      await mended.close();
    }
  });

  it('skips damaged lines and keeps all others', async () => {
    const dir = join(temporaryFolder(), 'calls');
    const { store } = await openAll(dir);
    for (let i = 0; i < 20; i++) await store.put(keyOf(i), metaOf(i), resultOf(`text ${i}`));
    await store.close();
    const file = join(dir, 'calls-00001.jsonl');
    const whole = readFileSync(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 2), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bytes = Buffer.from(whole);
        bytes[at] = bytes[at]! ^ change;
        writeFileSync(file, bytes);
        const { store: damaged } = await openAll(dir);
        expect(damaged.size).toBeGreaterThanOrEqual(18);
        for (let i = 0; i < 20; i++) expect([undefined, `text ${i}`]).toContain((await damaged.get(keyOf(i)))?.text);
        await damaged.close();
      }),
      { numRuns: 60 },
    );
  });

  it('rejects a folder with a missing file, and reports a file that changes while in use', async () => {
    const dir = join(temporaryFolder(), 'calls');
    const { store } = await openAll(dir);
    await store.put(keyOf(1), metaOf(1), resultOf('one'));
    writeFileSync(join(dir, 'calls-00001.jsonl'), 'x'.repeat(statSync(join(dir, 'calls-00001.jsonl')).size));
    await expect(store.get(keyOf(1))).rejects.toMatchObject({ code: 'ERR_DATA' });
    await store.close();
    writeFileSync(join(dir, 'calls-00003.jsonl'), '');
    await expect(openAll(dir)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('calls-00002.jsonl') as string,
    });
  });

  it('reports a full disk, counts only stored results, and continues when there is space', async (context) => {
    const disk = smallDisk(context);
    appendFileSync(join(disk, 'ballast'), Buffer.alloc(600_000));
    const dir = join(disk, 'calls');
    const { store } = await openAll(dir);
    const kept: number[] = [];
    let error: unknown;
    for (let i = 0; i < 100 && error === undefined; i++) {
      await store.put(keyOf(i), metaOf(i), resultOf('x'.repeat(20_000))).then(
        () => kept.push(i),
        (reason: unknown) => (error = reason),
      );
    }
    expect(error).toMatchObject({ code: 'ERR_IO' });
    await expect(store.put(keyOf(999), metaOf(999), resultOf('small'))).rejects.toMatchObject({ code: 'ERR_IO' });
    await store.close();
    truncateSync(join(disk, 'ballast'), 0);
    const { store: again } = await openAll(dir);
    expect(again.size).toBe(kept.length);
    await again.put(keyOf(999), metaOf(999), resultOf('small'));
    expect((await again.get(keyOf(999)))?.text).toBe('small');
    await again.close();
  });
});
