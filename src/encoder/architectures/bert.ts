/** BERT (Devlin et al., arXiv 1810.04805). */
import type { Json } from '../../core/json-file.js';
import type { Architecture, CheckpointLayout, ModelFiles, NetworkSpec } from './architecture.js';
import { ConfigReader } from './config-reader.js';
import { HEADS_AND_BUFFERS, readTransformerSizes, TRANSFORMER_FOLDER, WRAPPERS } from './transformer.js';
import { transformerLayout } from './transformer-layout.js';
import type { TensorNames } from './transformer-names.js';

const NAMES: TensorNames = {
  layer: 'encoder.layer.',
  embeddingNorm: 'embeddings.LayerNorm',
  norm: ['weight', 'bias'],
  qkv: ['attention.self.query', 'attention.self.key', 'attention.self.value'],
  out: 'attention.output.dense',
  norm1: 'attention.output.LayerNorm',
  fc1: ['intermediate.dense'],
  fc2: 'output.dense',
  norm2: 'output.LayerNorm',
};

/** The names of layer norms in the first checkpoints. */
const GAMMA: TensorNames = { ...NAMES, norm: ['gamma', 'beta'] };

const LAYOUT = transformerLayout('encoder.layer.0.attention.self.query.weight', NAMES);

export const bert: Architecture = {
  name: 'BERT',
  folder: TRANSFORMER_FOLDER,
  accepts: (config) => config['model_type'] === 'bert',
  readSizes: readTransformerSizes,
  native: {
    readSpec,
    layouts: [transformerLayout('embeddings.LayerNorm.gamma', GAMMA), LAYOUT],
    prefixes: ['', 'bert.', ...WRAPPERS],
    ignored: HEADS_AND_BUFFERS,
    // Without its pooling layer, transformers warns that it makes one up.
    kept: /^pooler\./,
  },
};

function readSpec({ config }: Pick<ModelFiles, 'config'>): NetworkSpec {
  config.require('hidden_act', ['gelu'], 'gelu');
  config.require('position_embedding_type', ['absolute'], 'absolute');
  config.require('is_decoder', [false], false);
  return {
    layers: config.size(['num_hidden_layers']),
    hidden: config.size(['hidden_size']),
    heads: config.size(['num_attention_heads']),
    inner: config.size(['intermediate_size']),
    vocabulary: config.size(['vocab_size']),
    types: config.size(['type_vocab_size'], 2),
    maxPositions: config.size(['max_position_embeddings']),
    positions: 'learned',
    ropeBase: 0,
    embeddingNorm: true,
    activation: 'gelu',
    biases: true,
    epsilon: config.number(['layer_norm_eps'], 1e-12),
    paddingId: config.number(['pad_token_id'], 0),
  };
}

/** Standard deviation of the weights before training. */
export const INITIALIZER_RANGE = 0.02;

/** A BERT that has no weights yet. */
export interface NewBert {
  config: Json;
  spec: NetworkSpec;
  layout: CheckpointLayout;
}

export function newBert(
  sizes: Pick<NetworkSpec, 'layers' | 'hidden' | 'heads' | 'inner' | 'vocabulary' | 'maxPositions'>,
): NewBert {
  const config = {
    model_type: 'bert',
    architectures: ['BertModel'],
    hidden_act: 'gelu',
    hidden_size: sizes.hidden,
    initializer_range: INITIALIZER_RANGE,
    intermediate_size: sizes.inner,
    layer_norm_eps: 1e-12,
    max_position_embeddings: sizes.maxPositions,
    num_attention_heads: sizes.heads,
    num_hidden_layers: sizes.layers,
    pad_token_id: 0,
    position_embedding_type: 'absolute',
    type_vocab_size: 2,
    vocab_size: sizes.vocabulary,
  };
  return { config, spec: readSpec({ config: new ConfigReader(config, 'config.json') }), layout: LAYOUT };
}
