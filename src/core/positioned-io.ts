/** Reads and writes at byte offsets that always complete, even if the system splits them. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { platform } from 'node:os';

/** Replaces the content of a file, and returns after it has reached the disk. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await writeFully(handle, Buffer.from(text), 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes all of `bytes` at `position`. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    // One call moves less than 2^31 bytes.
    const { bytesWritten } = await handle.write(bytes, done, Math.min(bytes.length - done, 2 ** 30), position + done);
    done += bytesWritten;
  }
}

/** Fills `target` from `position`. Returns the number of bytes read, which is smaller only if the file ends. */
export async function readFully(handle: FileHandle, target: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < target.length) {
    // One read call moves less than 2^31 bytes.
    const { bytesRead } = await handle.read(target, done, Math.min(target.length - done, 2 ** 30), position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** Reads `length` bytes from `position`. Returns undefined if the file is too short. */
export async function readExactly(handle: FileHandle, position: number, length: number): Promise<Buffer | undefined> {
  // A damaged length must not lead to a huge allocation.
  if (length < 0 || position + length > (await handle.stat()).size) return undefined;
  const bytes = Buffer.allocUnsafe(length);
  return (await readFully(handle, bytes, position)) === length ? bytes : undefined;
}

/** Makes file creations and renames in a folder durable. Windows does not offer this and does not need it. */
export async function syncFolder(dir: string): Promise<void> {
  if (platform() === 'win32') return;
  const handle = await open(dir, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
