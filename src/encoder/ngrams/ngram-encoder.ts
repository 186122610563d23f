import type { NgramTable } from '../../native/ngram-table.js';
import { TableEncoder } from '../runners/table-encoder.js';
import type { NgramConfig } from './ngram-folder.js';

export interface NgramEncoderParts extends NgramConfig {
  name: string;
  fingerprint: string;
  /** The encoder disposes it. */
  table: NgramTable;
}

/** An encoder that adds up the embeddings of the n-grams of a text. */
export class NgramEncoder extends TableEncoder {
  constructor({ table, orders, ...parts }: NgramEncoderParts) {
    const settings = { kind: 'words', orders, limit: parts.maxTokens } as const;
    super({
      ...parts,
      encode: (texts, call) => table.encode(texts, settings, call),
      dispose: () => table.dispose(),
    });
  }
}
