import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { isWorkFolder, WorkFiles } from '../../../src/queue/work-files.js';
import { randomNormal } from '../../support/random.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

function workFolder(): string {
  const dir = join(temporaryFolder(), 'work-00000000');
  mkdirSync(dir);
  return dir;
}

describe('the files of a shard that another machine computes', () => {
  const texts = [
    { question: 'Why?\n', answer: 'Because "語"' },
    { question: '\u2028', answer: ' ' },
  ];

  it('return texts and embeddings, even if several processes write them repeatedly', async () => {
    const dir = workFolder();
    const files = new WorkFiles(dir);
    await files.writeTexts(
      3,
      texts.map((text) => ({ ...text, model: 'not needed' })),
    );
    expect(await files.readTexts(3, 2)).toEqual(texts);
    const embeddings = randomNormal(2 * 5, 1);
    expect(await files.looksDone(3, 2, 5)).toBe(false);
    await Promise.all([1, 2, 3].map(() => files.writeResult(3, 5, { embeddings, tokens: 17 })));
    expect(await files.looksDone(3, 2, 5)).toBe(true);
    expect(await files.readResult(3, 2, 5)).toEqual({ embeddings, tokens: 17 });
    expect(readdirSync(dir).sort()).toEqual(['00003.result', '00003.texts']);
    await files.remove();
    expect(existsSync(dir)).toBe(false);
  });

  it('are not a result while they are truncated, damaged or of another shape', async () => {
    const dir = workFolder();
    const files = new WorkFiles(dir);
    await files.writeTexts(0, texts);
    await files.writeResult(0, 5, { embeddings: randomNormal(10, 1), tokens: 0 });
    for (const [count, dim] of [
      [3, 5],
      [2, 4],
    ] as const)
      expect(await files.looksDone(0, count, dim)).toBe(false);
    expect(await files.readResult(0, 5, 2)).toBeUndefined(); // the same number of bytes
    const path = join(dir, '00000.result');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    expect([await files.looksDone(0, 2, 5), await files.readResult(0, 2, 5)]).toEqual([true, undefined]);
    truncateSync(path, 150);
    expect([await files.looksDone(0, 2, 5), await files.readResult(0, 2, 5)]).toEqual([false, undefined]);
  });

  it('are not written if the texts are gone, because nobody waits for them', async () => {
    const dir = workFolder();
    const files = new WorkFiles(dir);
    await files.writeResult(0, 5, { embeddings: randomNormal(10, 1), tokens: 0 });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('of texts may arrive late, and are reported if they stay incomplete', async () => {
    const dir = workFolder();
    const files = new WorkFiles(dir);
    await files.writeTexts(0, texts);
    const path = join(dir, '00000.texts');
    const whole = readFileSync(path);
    truncateSync(path, whole.length - 1);
    const read = files.readTexts(0, 2);
    setTimeout(() => writeFileSync(path, whole), 300);
    expect(await read).toEqual(texts);
    truncateSync(path, 10);
    await expect(files.readTexts(0, 2)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('00000.texts is incomplete') as string,
    });
  });

  it('distinguish a complete dataset from a folder that this machine cannot see', async () => {
    const dir = workFolder();
    const files = new WorkFiles(dir);
    await files.writeTexts(0, texts);
    await expect(files.readTexts(0, 3)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('got 2') as string,
    });
    rmSync(dir, { recursive: true });
    expect(await files.readTexts(0, 2)).toBeUndefined();
    rmSync(join(dir, '..'), { recursive: true });
    await expect(files.readTexts(0, 2)).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('(out: ...)') as string,
    });
  });
});

describe('isWorkFolder', () => {
  it.each<[unknown, boolean]>([
    ['work-0123abcd', true],
    ['work-0123abcd-2', true],
    ['../work-0123abcd', false],
    ['shards-0123abcd', false],
    ['work-0123abcd/..', false],
    [undefined, false],
  ])('%o: %s', (name, expected) => {
    expect(isWorkFolder(name)).toBe(expected);
  });
});
