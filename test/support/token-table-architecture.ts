/**
 * Descriptor of an architecture that is not a transformer: it averages the table rows of a text's tokens, including
 * special ones. Its folders have no config.json and no pooling module.
 */
import type { Architecture } from '../../src/encoder/architectures/architecture.js';
import { loadTokenizer } from '../../src/text/tokenizers/load-tokenizer.js';
import { wordPieceJson } from './tiny-encoder.js';

const TABLE = 'embedding.weight';

export const tokenTable: Architecture = {
  name: 'TokenTable',
  folder: {
    modules: ['TokenTable'],
    files: ['tokenizer.json'],
    tokenizerFile: 'tokenizer.json',
    loadTokenizer,
  },
  accepts: () => true,
  async readSizes(files) {
    const [vocabSize, dim] = (await files.readShapes()).get(TABLE) as [number, number];
    return { dim, vocabSize, positions: Infinity };
  },
  native: {
    async readSpec(files) {
      const [vocabulary, hidden] = (await files.readShapes()).get(TABLE) as [number, number];
      return {
        layers: 0,
        hidden,
        heads: 1,
        inner: 0,
        vocabulary,
        types: 0,
        maxPositions: Number.MAX_SAFE_INTEGER,
        positions: 'none',
        ropeBase: 0,
        embeddingNorm: false,
        activation: 'gelu',
        biases: false,
        epsilon: 0,
        paddingId: -1,
      };
    },
    layouts: [
      {
        mark: TABLE,
        sources: ({ vocabulary }) => [{ file: TABLE, parameter: 'word', row: 0, rows: vocabulary }],
        graph: ({ hidden }, weights) => ({
          nodes: [{ op: 'Gather', inputs: [TABLE, 'input_ids'], outputs: ['last_hidden_state'], attributes: {} }],
          initializers: [weights.get(TABLE)!],
          inputs: ['input_ids', 'attention_mask'].map((name) => ({
            name,
            type: 'int64',
            dims: ['batch', 'sequence'],
          })),
          outputs: [{ name: 'last_hidden_state', type: 'float', dims: ['batch', 'sequence', hidden] }],
        }),
      },
    ],
    prefixes: [''],
    ignored: /^$/,
    kept: /^$/,
  },
};

/** Returns the files of a folder with such a model. */
export function tokenTableFiles(vocabulary: readonly string[]): Record<string, unknown> {
  return {
    'modules.json': ['TokenTable', 'Normalize'].map((kind, idx) => ({
      idx,
      name: String(idx),
      path: idx === 0 ? '' : `${idx}_${kind}`,
      type: `sentence_transformers.models.${kind}`,
    })),
    'tokenizer.json': wordPieceJson(vocabulary),
  };
}
