import { createServer } from 'node:net';

import { EngineError } from '../core/errors.js';
import { systemCode } from '../core/file-errors.js';

/**
 * Rejects a port that is in use, or an address that is not available, before a dataset is opened: that takes long, and
 * fails for a reason that helps less if another server serves the same dataset on the same port.
 *
 * @throws EngineError `ERR_BUSY`, `ERR_IO`
 */
export function expectFreePort(host: string, port: number): Promise<void> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port)));
    server.listen({ host, port }, () => server.close(() => resolve()));
  });
}

/** Converts an error of `listen`. Returns others unchanged. */
export function listenError(error: unknown, host: string, port: number): Error {
  const code = systemCode(error);
  if (code === undefined) return error as Error;
  const isTaken = code === 'EADDRINUSE';
  const reason = isTaken ? 'the port is in use' : (error as Error).message;
  return new EngineError(isTaken ? 'ERR_BUSY' : 'ERR_IO', `Cannot listen on ${host}:${port}: ${reason}`, {
    cause: error,
  });
}
