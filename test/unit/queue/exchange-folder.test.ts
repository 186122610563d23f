import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { exchangeFolder } from '../../../src/queue/exchange-folder.js';
import { isWorkFolder } from '../../../src/queue/work-files.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

it('gives a dataset a folder in an exchange that keeps its name during the work and is not shared', async () => {
  const work = join(temporaryFolder(), 'work-00000000');
  const name = await exchangeFolder(work);
  expect(isWorkFolder(name)).toBe(true);
  expect(await exchangeFolder(work)).toBe(name);
  expect(await exchangeFolder(join(temporaryFolder(), 'work-00000000'))).not.toBe(name);
  writeFileSync(join(work, 'exchange.json'), '{"folder":"../elsewhere"}');
  await expect(exchangeFolder(work)).rejects.toMatchObject({
    code: 'ERR_DATA',
    message: expect.stringContaining('exchange.json') as string,
  });
  rmSync(work, { recursive: true });
  expect(await exchangeFolder(work)).not.toBe(name);
});
