import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ApiKeys } from '../../../src/server/api-keys.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const FIRST = 'first-key-0123456789';
const SECOND = 'second-key-0123456789';

function keyFile(text: string): string {
  const path = join(temporaryFolder(), 'keys.txt');
  writeFileSync(path, text);
  return path;
}

describe('ApiKeys', () => {
  it('finds a key and reports which one, and nothing else', async () => {
    const keys = await ApiKeys.read(keyFile(`# the map\n\n${FIRST}\r\n  ${SECOND}  \n`));
    expect(keys.find(`Bearer ${FIRST}`)).toEqual({ index: 0, role: 'write' });
    expect(keys.find(`bearer  ${SECOND}`)?.index).toBe(1);
    for (const header of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      FIRST,
      `Basic ${FIRST}`,
      `Bearer ${FIRST}x`,
      `Bearer ${FIRST.slice(1)}`,
      'Bearer # the map',
    ]) {
      expect(keys.find(header)).toBeUndefined();
    }
  });

  it('reads the role after a key, and does not guess what another word means', async () => {
    const keys = await ApiKeys.read(keyFile(`${FIRST} read\n${SECOND}\tadmin\n`));
    expect([FIRST, SECOND].map((key) => keys.find(`Bearer ${key}`)?.role)).toEqual(['read', 'admin']);
    for (const line of [`${FIRST} reed`, `${FIRST} read write`]) {
      const refused = ApiKeys.read(keyFile(line));
      await expect(refused).rejects.toMatchObject({ code: 'ERR_DATA' });
      await expect(refused).rejects.toThrow(/:1: .*read, write or admin$/);
    }
  });

  it('rejects a file that would accept anyone', async () => {
    await expect(ApiKeys.read(keyFile('# nothing\n'))).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringContaining('no key') as string,
    });
    await expect(ApiKeys.read(keyFile(`${FIRST}\nshort\n`))).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(/:2: .*16 characters, got 5/) as string,
    });
    await expect(ApiKeys.read(join(temporaryFolder(), 'none'))).rejects.toMatchObject({ code: 'ERR_DATA' });
  });
});
