import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { TEXTS_PER_BLOCK } from './packed-map.js';

const compress = promisify(gzip);

/** Encodes bytes as base64 of gzip. Equal bytes give equal texts on one version of zlib. */
export async function pack(bytes: Uint8Array | string): Promise<string> {
  return (await compress(bytes, { level: 9 })).toString('base64');
}

/** Packs texts block by block, so that the texts of a long dataset are never all in memory. */
export class TextPacker {
  readonly #blocks: string[] = [];
  #open: string[] = [];
  #count = 0;

  /** @param maxLength maximum length in characters; a longer text is cut and ends in an ellipsis */
  constructor(private readonly maxLength: number) {}

  /** Adds a text and returns its number. */
  async add(text: string): Promise<number> {
    this.#open.push(cut(text, this.maxLength));
    if (this.#open.length === TEXTS_PER_BLOCK) await this.#close();
    return this.#count++;
  }

  async end(): Promise<readonly string[]> {
    if (this.#open.length > 0) await this.#close();
    return this.#blocks;
  }

  async #close(): Promise<void> {
    this.#blocks.push(await pack(JSON.stringify(this.#open)));
    this.#open = [];
  }
}

function cut(text: string, maxLength: number): string {
  const trimmed = text.trim();
  if (trimmed.length <= maxLength) return trimmed;
  const end = maxLength - 1;
  // Does not cut between the halves of a surrogate pair.
  const isSplit = /[\uD800-\uDBFF]/.test(trimmed[end - 1] ?? '');
  return `${trimmed.slice(0, isSplit ? end - 1 : end).trimEnd()}…`;
}
