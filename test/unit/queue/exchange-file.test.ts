import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { EXCHANGE_HEADER_BYTES, readExchangeFile, writeExchangeFile } from '../../../src/queue/exchange-file.js';
import { smallDisk } from '../../support/small-disk.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const CONTENT = Buffer.from('some content\n');

describe('a file of the exchange', () => {
  it('returns the last of several written contents', async () => {
    const path = join(temporaryFolder(), 'a');
    expect(await readExchangeFile(path)).toBeUndefined();
    for (const texts of [1, 2]) {
      await writeExchangeFile(path, { texts }, CONTENT);
      expect(await readExchangeFile(path)).toEqual({ fields: { texts }, content: CONTENT });
    }
    await writeExchangeFile(path, {}, new Uint8Array(0));
    expect(await readExchangeFile(path)).toEqual({ fields: {}, content: Buffer.alloc(0) });
  });

  it('is missing while any byte is missing or different', async () => {
    const path = join(temporaryFolder(), 'a');
    await writeExchangeFile(path, { texts: 3 }, CONTENT);
    const whole = readFileSync(path);
    expect(whole.length).toBe(EXCHANGE_HEADER_BYTES + CONTENT.length);
    const header = whole.indexOf('}') + 1; // followed by spaces
    for (let length = whole.length - 1; length >= 0; length--) {
      truncateSync(path, length);
      expect(await readExchangeFile(path), `${length} bytes`).toBeUndefined();
    }
    for (const at of [...Array(header).keys(), ...CONTENT.keys()].map((i, n) =>
      n < header ? i : EXCHANGE_HEADER_BYTES + i,
    )) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1;
      writeFileSync(path, damaged);
      expect(await readExchangeFile(path), `byte ${at}`).toBeUndefined();
    }
  });

  it('leaves nothing on a full disk', async (context) => {
    const disk = smallDisk(context);
    const path = join(disk, 'a');
    await expect(writeExchangeFile(path, {}, new Uint8Array(2 ** 21), 'Make room')).rejects.toMatchObject({
      code: 'ERR_IO',
      message: `Cannot write ${path}: no space left on the device (ENOSPC). Make room`,
    });
    await writeExchangeFile(path, {}, new Uint8Array(2 ** 19));
    expect((await readExchangeFile(path))?.content.length).toBe(2 ** 19);
  });
});
