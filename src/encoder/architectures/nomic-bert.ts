/** NomicBERT (Nussbaum et al., arXiv 2402.01613): BERT with rotary positions, SwiGLU and without biases. */
import type { Architecture } from './architecture.js';
import type { ConfigReader } from './config-reader.js';
import { HEADS_AND_BUFFERS, TRANSFORMER_FOLDER, WRAPPERS } from './transformer.js';
import { transformerLayout } from './transformer-layout.js';
import type { TensorNames } from './transformer-names.js';

/** Names of the published weights. */
const PUBLISHED: TensorNames = {
  layer: 'encoder.layers.',
  embeddingNorm: 'emb_ln',
  norm: ['weight', 'bias'],
  qkv: ['attn.Wqkv'],
  out: 'attn.out_proj',
  norm1: 'norm1',
  fc1: ['mlp.fc11', 'mlp.fc12'],
  fc2: 'mlp.fc2',
  norm2: 'norm2',
};

/** Names of the class in Transformers, which has a tensor each for queries, keys and values. */
const TRANSFORMERS: TensorNames = {
  layer: 'layers.',
  embeddingNorm: 'embeddings.LayerNorm',
  norm: ['weight', 'bias'],
  qkv: ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
  out: 'self_attn.o_proj',
  norm1: 'post_attention_layernorm',
  fc1: ['mlp.up_proj', 'mlp.gate_proj'],
  fc2: 'mlp.down_proj',
  norm2: 'post_mlp_layernorm',
};

/** The length that it is made for; some configurations name none, or 0. */
const DEFAULT_POSITIONS = 8192;

export const nomicBert: Architecture = {
  name: 'NomicBERT',
  folder: TRANSFORMER_FOLDER,
  accepts: (config) => config['model_type'] === 'nomic_bert',
  readSizes: ({ config }) => ({
    dim: config.optionalSize(['n_embd', 'hidden_size']),
    vocabSize: config.size(['vocab_size']),
    // There is no table of positions; some configurations say so with 0.
    positions: config.number(['max_position_embeddings', 'n_positions'], 0) || Infinity,
  }),
  native: {
    readSpec({ config }) {
      config.require('activation_function', ['swiglu'], 'swiglu');
      config.require('hidden_act', ['silu'], 'silu');
      config.require('prenorm', [false], false);
      config.require('rotary_emb_fraction', [1], 1);
      config.require('rotary_emb_interleaved', [false], false);
      config.require('rotary_scaling_factor', [null], null);
      config.require('use_rms_norm', [false, null], false);
      config.require('causal', [false], false);
      for (const bias of ['qkv_proj_bias', 'mlp_fc1_bias', 'mlp_fc2_bias']) config.require(bias, [false], false);
      return {
        layers: config.size(['n_layer', 'num_hidden_layers']),
        hidden: config.size(['n_embd', 'hidden_size']),
        heads: config.size(['n_head', 'num_attention_heads']),
        inner: config.size(['n_inner', 'intermediate_size']),
        vocabulary: config.size(['vocab_size']),
        types: config.size(['type_vocab_size'], 2),
        maxPositions: config.number(['n_positions', 'max_position_embeddings'], 0) || DEFAULT_POSITIONS,
        positions: 'rotary',
        ropeBase: config.number(['rotary_emb_base', 'rope_theta'], ropeTheta(config) ?? 1000),
        embeddingNorm: true,
        activation: 'swiglu',
        biases: false,
        epsilon: config.number(['layer_norm_epsilon', 'layer_norm_eps'], 1e-12),
        paddingId: 0,
      };
    },
    layouts: [
      transformerLayout('encoder.layers.0.attn.Wqkv.weight', PUBLISHED),
      transformerLayout('layers.0.self_attn.q_proj.weight', TRANSFORMERS),
    ],
    prefixes: ['', 'bert.', ...WRAPPERS],
    ignored: HEADS_AND_BUFFERS,
    kept: /^pooler\./,
  },
};

/** The rotary base as Transformers 5 writes it. */
function ropeTheta(config: ConfigReader): number | undefined {
  const parameters = config.section('rope_parameters');
  parameters?.require('rope_type', ['default'], 'default');
  return parameters?.number(['rope_theta']);
}
