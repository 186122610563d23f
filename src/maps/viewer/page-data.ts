/** Unpacks what html-map.ts packed into the page. */
import { blockId, HEADER_ID, type PackedHeader, POINTS_ID, TEXTS_PER_BLOCK, type TextKind } from '../packed-map.js';

export interface PageData extends PackedHeader {
  /** [points, 2] */
  coordinates: Float32Array;
  valueIds: Uint32Array;
  questions: Uint32Array;
}

/** Number of blocks that stay unpacked, because a moving pointer returns to some. */
const CACHED_BLOCKS = 64;

export async function readPageData(): Promise<PageData> {
  const header = JSON.parse(await new Response(unpack(HEADER_ID)).text()) as PackedHeader;
  const buffer = await new Response(unpack(POINTS_ID)).arrayBuffer();
  const { points } = header;
  return {
    ...header,
    coordinates: new Float32Array(buffer, 0, points * 2),
    valueIds: new Uint32Array(buffer, points * 8, points),
    questions: new Uint32Array(buffer, points * 12, points),
  };
}

function unpack(id: string): ReadableStream<Uint8Array> {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page is incomplete: its part "${id}" is missing`);
  const bytes = Uint8Array.from(atob(element.textContent), (character) => character.charCodeAt(0));
  return new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
}

/** Questions and answers, unpacked block by block on demand. */
export class PageTexts {
  readonly #blocks = new Map<string, Promise<string[]>>();

  async text(kind: TextKind, number: number): Promise<string> {
    const id = blockId(kind, Math.floor(number / TEXTS_PER_BLOCK));
    const block = this.#blocks.get(id) ?? new Response(unpack(id)).json().then((texts) => texts as string[]);
    this.#blocks.delete(id); // the most recent is last
    this.#blocks.set(id, block);
    const oldest = this.#blocks.keys().next();
    if (this.#blocks.size > CACHED_BLOCKS && !oldest.done) this.#blocks.delete(oldest.value);
    return (await block)[number % TEXTS_PER_BLOCK] ?? '';
  }

  /** Calls `use` with every text of a kind, in order. */
  async each(kind: TextKind, use: (text: string, number: number) => void): Promise<void> {
    for (let block = 0; document.getElementById(blockId(kind, block)); block++) {
      const texts = (await new Response(unpack(blockId(kind, block))).json()) as string[];
      texts.forEach((text, i) => use(text, block * TEXTS_PER_BLOCK + i));
    }
  }
}
