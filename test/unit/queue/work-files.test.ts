import { mkdirSync, readdirSync, rmSync, truncateSync } from 'node:fs';
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

describe('the files of a shard that is computed elsewhere', () => {
  const texts = [{ question: 'Why?\n', answer: 'Because "語"' }, { question: '\u2028', answer: ' ' }];

  it('give texts and embeddings back, however often and by how many they are written', async () => {
    const dir = workFolder();
    const files = new WorkFiles(dir);
    await files.writeTexts(3, texts.map((text) => ({ ...text, model: 'not needed' })));
    expect(await files.readTexts(3, 2)).toEqual(texts);
    const embeddings = randomNormal(2 * 5, 1);
    expect(await files.hasResult(3, 2, 5)).toBe(false);
    await Promise.all([1, 2, 3].map(() => files.writeResult(3, 5, { embeddings, tokens: 17 })));
    expect(await files.hasResult(3, 2, 5)).toBe(true);
    expect(await files.readResult(3, 2, 5)).toEqual({ embeddings, tokens: 17 });
    expect(readdirSync(dir).sort()).toEqual(['00003.json', '00003.jsonl', '00003.npy']);
  });

  it('are no result while they are cut short or of another shape', async () => {
    const dir = workFolder();
    const files = new WorkFiles(dir);
    await files.writeResult(0, 5, { embeddings: randomNormal(10, 1), tokens: 0 });
    for (const [count, dim] of [[3, 5], [2, 4]] as const) expect(await files.hasResult(0, count, dim)).toBe(false);
    await expect(files.readResult(0, 5, 2)).rejects.toMatchObject({ code: 'ERR_DATA' }); // as many bytes
    truncateSync(join(dir, '00000.npy'), 150);
    expect(await files.hasResult(0, 2, 5)).toBe(false);
    await expect(files.readResult(0, 2, 5)).rejects.toMatchObject({ code: 'ERR_DATA', message: expect.stringContaining('truncated') as string });
  });

  it('tell a dataset that is complete from a folder that this machine does not see', async () => {
    const dir = workFolder();
    const files = new WorkFiles(dir);
    await files.writeTexts(0, texts);
    await expect(files.readTexts(0, 3)).rejects.toMatchObject({ code: 'ERR_DATA', message: expect.stringContaining('has 2 texts') as string });
    rmSync(dir, { recursive: true });
    expect(await files.readTexts(0, 2)).toBeUndefined();
    rmSync(join(dir, '..'), { recursive: true });
    await expect(files.readTexts(0, 2)).rejects.toMatchObject({ code: 'ERR_DATA', message: expect.stringContaining('--out') as string });
  });
});

describe('isWorkFolder', () => {
  it.each<[unknown, boolean]>([['work-0123abcd', true], ['work-0123abcd-2', true], ['../work-0123abcd', false], ['shards-0123abcd', false], ['work-0123abcd/..', false], [undefined, false]])('%o: %s', (name, expected) => {
    expect(isWorkFolder(name)).toBe(expected);
  });
});
