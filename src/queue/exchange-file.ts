/**
 * Files that planner and workers exchange. Each is written once, from the first byte to the last, under its final name.
 * Mounted buckets can do that, but many can neither rename, append, lock nor link. A checksum distinguishes complete
 * files from incomplete ones.
 *
 *   256 bytes   a line of JSON, padded with spaces: the SHA-256 of the fields and the content, and the fields
 *   the rest    the content
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
 * Writes a file, and replaces an incomplete one of that name. Several processes can write the same file if all of them
 * write the same content.
 *
 * @param hint sentence to append to the message of a failure
 * @throws EngineError `ERR_IO`; `ERR_DATA` if the folder does not exist
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
  // A process that is still writing an older file continues with an unlinked file, and not with this one. If the file
  // system cannot remove files, it either refuses the next call or replaces complete objects by complete objects.
  await rm(path, { force: true }).catch(() => undefined);
  await withFileErrors(
    `write ${path}`,
    async () => {
      const handle = await open(path, 'w');
      try {
        await writeFully(handle, Buffer.concat([header, content]), 0);
        await handle.sync();
      } catch (error) {
        await rm(path, { force: true }).catch(() => undefined); // an incomplete file would keep a full disk full
        throw error;
      } finally {
        await handle.close();
      }
    },
    hint,
  );
}

/** Reads a file. Returns undefined if it is missing or incomplete. @throws EngineError `ERR_IO` */
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
    if (error instanceof SyntaxError) return undefined; // it ends or is damaged within its first line
    throw error;
  }
}

function checksum(fields: ExchangeFields, content: Uint8Array): string {
  return createHash('sha256').update(JSON.stringify(fields)).update(content).digest('hex');
}
