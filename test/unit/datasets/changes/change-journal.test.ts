import { appendFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Change, changesLine } from '../../../../src/datasets/changes/change-frames.js';
import { ChangeJournal } from '../../../../src/datasets/changes/change-journal.js';
import { smallDisk } from '../../../support/small-disk.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const BASE = { rows: 3, dim: 2, embeddings: 'abc' };
const record = (answer: string) => ({ qid: 'q', question: 'Why?', answer, model: 'm', lang: 'eng' });
const addition = (first: number, answer = 'Because.\n"é"'): Change => ({
  add: { first, records: [record(answer)], vectors: Float32Array.of(first, -0.1) },
});

async function openJournal(
  path: string,
  options: { readOnly?: boolean; base?: typeof BASE } = {},
): Promise<{ journal: ChangeJournal; seen: Change[] }> {
  const seen: Change[] = [];
  const journal = await ChangeJournal.open(path, {
    base: BASE,
    ...options,
    onChanges: (changes) => void seen.push(...changes),
  });
  return { journal, seen };
}

/** Returns a journal of some lines, and the end of each. */
async function writtenJournal(lines: readonly Change[][]): Promise<{ path: string; ends: number[] }> {
  const path = join(temporaryFolder(), 'changes.journal');
  const { journal } = await openJournal(path);
  const ends = [statSync(path).size];
  for (const changes of lines) {
    await journal.append(changes);
    ends.push(statSync(path).size);
  }
  await journal.close();
  return { path, ends };
}

const LINES = [[addition(3), { remove: [0] }], [addition(4)], [{ remove: [3, 1] }]];

describe('ChangeJournal', () => {
  it('returns appended changes, and appends after them', async () => {
    const { path } = await writtenJournal(LINES);
    const { journal, seen } = await openJournal(path);
    expect(seen).toEqual(LINES.flat());
    expect(journal.tornBytes).toBe(0);
    await journal.append([addition(5)]);
    await journal.close();
    expect((await openJournal(path, { readOnly: true })).seen).toEqual([...LINES.flat(), addition(5)]);
  });

  it('accepts an end that a crash cut at any byte, and reports it', async () => {
    const { path, ends } = await writtenJournal(LINES);
    const bytes = readFileSync(path);
    for (let length = ends[0]!; length < bytes.length; length++) {
      writeFileSync(path, bytes.subarray(0, length));
      const whole = ends.filter((end) => end <= length).length - 1;
      const { journal, seen } = await openJournal(path);
      expect(seen).toEqual(LINES.slice(0, whole).flat());
      expect(journal.tornBytes).toBe(length - ends[whole]!);
      expect(statSync(path).size).toBe(ends[whole]);
      await journal.close();
    }
  });

  it('accepts an end of zeros or garbage, which file systems can leave', async () => {
    const { path, ends } = await writtenJournal(LINES);
    const bytes = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ minLength: 1, maxLength: 300 }),
          fc.constant(new Uint8Array(4096)),
          fc.constant(Buffer.from('\n\n\n')),
        ),
        async (rubbish) => {
          writeFileSync(path, Buffer.concat([bytes, rubbish]));
          const { journal, seen } = await openJournal(path);
          await journal.close();
          expect(seen).toEqual(LINES.flat());
          expect(statSync(path).size).toBe(ends.at(-1));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('rejects damage before the end, because acknowledged changes follow', async () => {
    const { path, ends } = await writtenJournal(LINES);
    const bytes = readFileSync(path);
    for (const at of [ends[0]!, ends[0]! + 20, ends[1]! - 1]) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1;
      writeFileSync(path, damaged);
      await expect(openJournal(path)).rejects.toMatchObject({
        code: 'ERR_DATA',
        message: expect.stringContaining(`damaged at byte ${ends[0]!}`) as string,
      });
    }
    writeFileSync(path, bytes.subarray(0, ends[0]! - 1));
    await expect(openJournal(path)).rejects.toMatchObject({ code: 'ERR_DATA' });
  });

  it('rejects changes of other embeddings, and keeps them', async () => {
    const { path, ends } = await writtenJournal(LINES);
    await expect(openJournal(path, { base: { ...BASE, embeddings: 'other' } })).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('Move it away') as string,
    });
    expect(statSync(path).size).toBe(ends.at(-1));
  });

  it('changes nothing if it is only read', async () => {
    const { path } = await writtenJournal(LINES);
    appendFileSync(path, 'torn');
    const { journal, seen } = await openJournal(path, { readOnly: true });
    expect({ seen, torn: journal.tornBytes }).toEqual({ seen: LINES.flat(), torn: 4 });
    await expect(journal.append([addition(5)])).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    expect(readFileSync(path, 'latin1').endsWith('torn')).toBe(true);
    expect((await openJournal(join(path, '..', 'none'), { readOnly: true })).seen).toEqual([]);
  });

  it('notices that its file was replaced', async () => {
    const { path } = await writtenJournal([]);
    const { journal } = await openJournal(path);
    expect(await journal.isInPlace()).toBe(true);
    renameSync(path, `${path}.old`);
    expect(await journal.isInPlace()).toBe(false);
    await journal.close();
  });

  it('undoes a change that does not fit on the disk, and accepts smaller ones', async (context) => {
    const path = join(smallDisk(context, 1), 'changes.journal');
    const { journal } = await openJournal(path);
    await journal.append([addition(3)]);
    const { size } = statSync(path);
    await expect(journal.append([addition(4, 'x'.repeat(2 ** 21))])).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining('no space') as string,
    });
    expect(statSync(path).size).toBe(size);
    await journal.append([addition(4)]);
    await journal.close();
    expect((await openJournal(path, { readOnly: true })).seen).toEqual([addition(3), addition(4)]);
    expect(readFileSync(path, 'utf8').endsWith(changesLine([addition(4)]))).toBe(true);
  });
});
