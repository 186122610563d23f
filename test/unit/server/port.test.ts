import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

import { expect, it } from 'vitest';

import { expectFreePort } from '../../../src/server/port.js';

it('rejects a port that is in use, and leaves a free one free', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(expectFreePort('127.0.0.1', port)).rejects.toMatchObject({
    code: 'ERR_BUSY',
    message: expect.stringContaining('in use') as string,
  });
  other.close();
  await once(other, 'close');
  await expectFreePort('127.0.0.1', port);
  await expectFreePort('127.0.0.1', port);
});
