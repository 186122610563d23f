/**
 * Where the engine's parameters lie in checkpoints: names of BERT and of both NomicBERT layouts (`nomic` of the
 * published weights, `nomic-split` of the class in Transformers), mapped to rows of the engine's tensors
 * (native/encoder/config.cc).
 */
import { EngineError } from '../../core/errors.js';
import type { NativeEncoderConfig } from '../../native/addon-types.js';

/** One tensor of a checkpoint and the place of its first row in the engine's tensor. */
export interface ParameterSource {
  /** Name in the checkpoint, without an outer prefix. */
  file: string;
  /** Name in the engine. */
  parameter: string;
  /** First row of the engine's tensor; a vector counts its entries as rows. */
  row: number;
  /** Rows of the checkpoint's tensor. */
  rows: number;
}

/** `bert-gamma`: BERT as its first checkpoints name the layer norms. */
export type CheckpointLayout = 'bert' | 'bert-gamma' | 'nomic' | 'nomic-split';

/** Word embeddings, whose table may have more rows than the tokenizer has words. */
export const WORDS = 'embeddings.word_embeddings.weight';

/** Outer prefixes that wrappers put before every name. */
const PREFIXES = ['', 'trunk.', 'bert.', 'model.', 'encoder.trunk.', '0.auto_model.'];

/** Tensors of heads and buffers that an encoder does not need. */
const IGNORED = /^(cls\.|pooler\.|embeddings\.position_ids$|.*rotary_emb\.inv_freq$|.*norm_factor$)/;

/** The layout and outer prefix of a checkpoint, from its tensor names alone. */
export function detectLayout(names: ReadonlySet<string>, path: string): { layout: CheckpointLayout; prefix: string } {
  const marks: [CheckpointLayout, string][] = [
    ['bert-gamma', 'embeddings.LayerNorm.gamma'],
    ['bert', 'encoder.layer.0.attention.self.query.weight'],
    ['nomic', 'encoder.layers.0.attn.Wqkv.weight'],
    ['nomic-split', 'layers.0.self_attn.q_proj.weight'],
  ];
  for (const prefix of PREFIXES) {
    for (const [layout, mark] of marks) {
      if (names.has(prefix + mark)) return { layout, prefix };
    }
  }
  const some = [...names].slice(0, 5).join(', ');
  throw new EngineError(
    'ERR_DATA',
    `${path} is neither a BERT nor a NomicBERT checkpoint; its first tensors are ${some}`,
  );
}

/** What the tensors of a layout are called. */
export interface TensorNames {
  /** Before the number of a layer. */
  layer: string;
  embeddingNorm: string;
  /** Scale and shift of a layer norm. */
  norm: readonly [string, string];
  /** One tensor for queries, keys and values, or one each. */
  qkv: readonly string[];
  out: string;
  norm1: string;
  /** The inner projection; of a gated MLP the up branch and the gate. */
  fc1: readonly string[];
  fc2: string;
  norm2: string;
}

const BERT: TensorNames = {
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

export const TENSOR_NAMES: Readonly<Record<CheckpointLayout, TensorNames>> = {
  bert: BERT,
  'bert-gamma': { ...BERT, norm: ['gamma', 'beta'] },
  nomic: {
    layer: 'encoder.layers.',
    embeddingNorm: 'emb_ln',
    norm: ['weight', 'bias'],
    qkv: ['attn.Wqkv'],
    out: 'attn.out_proj',
    norm1: 'norm1',
    fc1: ['mlp.fc11', 'mlp.fc12'],
    fc2: 'mlp.fc2',
    norm2: 'norm2',
  },
  'nomic-split': {
    layer: 'layers.',
    embeddingNorm: 'embeddings.LayerNorm',
    norm: ['weight', 'bias'],
    qkv: ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
    out: 'self_attn.o_proj',
    norm1: 'post_attention_layernorm',
    fc1: ['mlp.up_proj', 'mlp.gate_proj'],
    fc2: 'mlp.down_proj',
    norm2: 'post_mlp_layernorm',
  },
};

/** Every tensor that the engine needs. */
export function parameterSources(layout: CheckpointLayout, config: NativeEncoderConfig): ParameterSource[] {
  const sources: ParameterSource[] = [];
  const names = TENSOR_NAMES[layout];
  const { hidden, inner } = config;
  const add = (file: string, parameter: string, rows: number, row = 0): void =>
    void sources.push({ file, parameter, row, rows });
  const norm = (file: string, parameter: string): void => {
    add(`${file}.${names.norm[0]}`, `${parameter}.weight`, hidden);
    add(`${file}.${names.norm[1]}`, `${parameter}.bias`, hidden);
  };
  /** The parts lie below each other in the engine's matrix of `rows` rows. */
  const linear = (from: string, parts: readonly string[], parameter: string, rows: number): void => {
    parts.forEach((part, n) => {
      const own = rows / parts.length;
      add(`${from}${part}.weight`, `${parameter}.weight`, own, n * own);
      if (config.biases) add(`${from}${part}.bias`, `${parameter}.bias`, own, n * own);
    });
  };

  add(WORDS, 'word', config.vocabulary);
  if (config.ropeBase === 0) add('embeddings.position_embeddings.weight', 'position', config.maxPositions);
  if (config.types > 0) add('embeddings.token_type_embeddings.weight', 'type', config.types);
  norm(names.embeddingNorm, 'norm');
  for (let i = 0; i < config.layers; i++) {
    const from = `${names.layer}${i}.`;
    const to = `layer.${i}.`;
    linear(from, names.qkv, `${to}qkv`, 3 * hidden);
    linear(from, [names.out], `${to}out`, hidden);
    norm(from + names.norm1, `${to}norm1`);
    linear(from, names.fc1, `${to}fc1`, config.gated ? 2 * inner : inner);
    linear(from, [names.fc2], `${to}fc2`, hidden);
    norm(from + names.norm2, `${to}norm2`);
  }
  return sources;
}

/** Names in the checkpoint that are neither needed nor known to be superfluous. */
export function unknownNames(names: Iterable<string>, prefix: string, sources: readonly ParameterSource[]): string[] {
  const known = new Set(sources.map((source) => source.file));
  return [...names].filter((name) => {
    const inner = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    return !known.has(inner) && !IGNORED.test(inner) && !IGNORED.test(name);
  });
}
