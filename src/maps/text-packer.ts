import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { TEXTS_PER_BLOCK } from './packed-map.js';

const compress = promisify(gzip);

/** Bytes as base64 of gzip; equal bytes give equal texts on one version of zlib. */
export async function pack(bytes: Uint8Array | string): Promise<string> {
  return (await compress(bytes, { level: 9 })).toString('base64');
}

/** Packs texts block by block, so that long datasets never lie in memory as texts. */
export class TextPacker {
  readonly #blocks: string[] = [];
  #open: string[] = [];
  #count = 0;

  /** @param maxLength characters after which a text is cut, with an ellipsis */
  constructor(private readonly maxLength: number) {}

  /** Returns the number of the text. */
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
  // Not between the halves of a character beyond the Basic Multilingual Plane.
  const isSplit = /[\uD800-\uDBFF]/.test(trimmed[end - 1] ?? '');
  return `${trimmed.slice(0, isSplit ? end - 1 : end).trimEnd()}…`;
}
