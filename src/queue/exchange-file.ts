/**
 * What planner and workers leave for each other: files that are written once, from the first byte to the last, under
 * the name that they keep, because mounted buckets can do that, and many can neither rename, append, lock nor link. A
 * checksum tells a file that is not whole, or was left half-written, from one that counts.
 *
 *   256 bytes   a line of JSON: the SHA-256 of the fields and the content, and the fields; filled with spaces the rest
 *   the content
 */
import { createHash } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';

import { systemCode, withFileErrors } from '../core/file-errors.js';
import { writeFully } from '../core/positioned-io.js';

export const EXCHANGE_HEADER_BYTES = 256;

/** Numbers that describe the content. */
export type ExchangeFields = Readonly<Record<string, number>>;

export interface ExchangeFile {
  fields: ExchangeFields;
  content: Buffer;
}

/**
 * Writes a file, in place of one of that name that is not whole. Several processes may write the same one, if all of
 * them write the same.
 *
 * @param hint for the message of a failure
 * @throws EngineError `ERR_IO`, `ERR_DATA` where the folder is gone
 */
export async function writeExchangeFile(
  path: string,
  fields: ExchangeFields,
  content: Uint8Array,
  hint?: string,
): Promise<void> {
  const header = Buffer.alloc(EXCHANGE_HEADER_BYTES, ' ');
  header.write(JSON.stringify({ sha256: checksum(fields, content), ...fields }));
  header.write('\n', EXCHANGE_HEADER_BYTES - 1);
  // Whoever is still at an older one goes on with a file without a name, and not with this one. Where nothing can be
  // removed, the file system refuses below, or puts whole objects in the place of whole objects.
  await rm(path, { force: true }).catch(() => undefined);
  await withFileErrors(
    `write ${path}`,
    async () => {
      const handle = await open(path, 'w');
      try {
        await writeFully(handle, Buffer.concat([header, content]), 0);
        await handle.sync();
      } catch (error) {
        await rm(path, { force: true }).catch(() => undefined); // a half file would keep a full disk full
        throw error;
      } finally {
        await handle.close();
      }
    },
    hint,
  );
}

/** A file that is there and whole, otherwise undefined. @throws EngineError `ERR_IO` */
export async function readExchangeFile(path: string): Promise<ExchangeFile | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (['ENOENT', 'ESTALE'].includes(systemCode(error) ?? '')) return undefined;
    return withFileErrors(`read ${path}`, () => Promise.reject(error as Error));
  }
  try {
    const { sha256, ...fields } = JSON.parse(bytes.toString('utf8', 0, EXCHANGE_HEADER_BYTES)) as {
      sha256: unknown;
    } & ExchangeFields;
    const content = bytes.subarray(EXCHANGE_HEADER_BYTES);
    return sha256 === checksum(fields, content) ? { fields, content } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // it ends, or is damaged, within its first line
    throw error;
  }
}

function checksum(fields: ExchangeFields, content: Uint8Array): string {
  return createHash('sha256').update(JSON.stringify(fields)).update(content).digest('hex');
}
