/** Reads and writes at byte offsets that do what they are asked for in full, however the system splits the work. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { platform } from 'node:os';

/** Replaces a file's content and returns when it is on the disk. */
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

/** Fills `target` from `position`; returns the number of bytes read, fewer only where the file ends. */
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

/** `length` bytes from `position`; undefined where the file is too short. */
export async function readExactly(handle: FileHandle, position: number, length: number): Promise<Buffer | undefined> {
  // A damaged length must not become an allocation of any size.
  if (length < 0 || position + length > (await handle.stat()).size) return undefined;
  const bytes = Buffer.allocUnsafe(length);
  return (await readFully(handle, bytes, position)) === length ? bytes : undefined;
}

/** Makes creations and renames in a folder durable. Windows does not offer this and does not need it. */
export async function syncFolder(dir: string): Promise<void> {
  if (platform() === 'win32') return;
  const handle = await open(dir, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
