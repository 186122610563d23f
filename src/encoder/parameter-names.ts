/**
 * Where the engine's parameters lie in checkpoints: names of BERT and of both NomicBERT layouts, mapped to rows of the
 * engine's tensors (native/encoder/config.cc).
 */
import { EngineError } from '../core/errors.js';
import type { NativeEncoderConfig } from '../native/addon-types.js';

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

export type CheckpointLayout = 'bert' | 'nomic' | 'nomic-split';

/** Outer prefixes that wrappers put before every name. */
const PREFIXES = ['', 'trunk.', 'bert.', 'model.', 'encoder.trunk.', '0.auto_model.'];

/** Tensors of heads and buffers that an encoder does not need. */
const IGNORED = /^(cls\.|pooler\.|embeddings\.position_ids$|.*rotary_emb\.inv_freq$|.*norm_factor$)/;

/** The layout and outer prefix of a checkpoint, from its tensor names alone. */
export function detectLayout(names: ReadonlySet<string>, path: string): { layout: CheckpointLayout; prefix: string } {
  const marks: [CheckpointLayout, string][] = [
    ['bert', 'encoder.layer.0.attention.self.query.weight'],
    ['nomic', 'encoder.layers.0.attn.Wqkv.weight'],
    ['nomic-split', 'encoder.layers.0.attn.q_proj.weight'],
    ['nomic-split', 'layers.0.self_attn.q_proj.weight'],
  ];
  for (const prefix of PREFIXES) {
    for (const [layout, mark] of marks) {
      if (names.has(prefix + mark)) return { layout, prefix };
    }
  }
  const some = [...names].slice(0, 5).join(', ');
  throw new EngineError('ERR_DATA', `${path} is neither a BERT nor a NomicBERT checkpoint; its first tensors are ${some}`);
}

/** Every tensor that the engine needs. */
export function parameterSources(layout: CheckpointLayout, config: NativeEncoderConfig): ParameterSource[] {
  const sources: ParameterSource[] = [];
  const add = (file: string, parameter: string, rows: number, row = 0): void => void sources.push({ file, parameter, row, rows });
  const { hidden, inner } = config;
  const bert = layout === 'bert';
  add('embeddings.word_embeddings.weight', 'word', config.vocabulary);
  if (config.ropeBase === 0) add('embeddings.position_embeddings.weight', 'position', config.maxPositions);
  if (config.types > 0) add('embeddings.token_type_embeddings.weight', 'type', config.types);
  for (const kind of ['weight', 'bias']) add(bert ? `embeddings.LayerNorm.${kind}` : `emb_ln.${kind}`, `norm.${kind}`, hidden);

  for (let i = 0; i < config.layers; i++) {
    const from = bert ? `encoder.layer.${i}.` : `encoder.layers.${i}.`;
    const to = `layer.${i}.`;
    const linear = (file: string, parameter: string, rows: number, row = 0): void => {
      add(`${from}${file}.weight`, `${to}${parameter}.weight`, rows, row);
      if (config.biases) add(`${from}${file}.bias`, `${to}${parameter}.bias`, rows, row);
    };
    const norm = (file: string, parameter: string): void => {
      for (const kind of ['weight', 'bias']) add(`${from}${file}.${kind}`, `${to}${parameter}.${kind}`, hidden);
    };
    if (bert) {
      ['query', 'key', 'value'].forEach((part, n) => linear(`attention.self.${part}`, 'qkv', hidden, n * hidden));
      linear('attention.output.dense', 'out', hidden);
      norm('attention.output.LayerNorm', 'norm1');
      linear('intermediate.dense', 'fc1', inner);
      linear('output.dense', 'fc2', hidden);
      norm('output.LayerNorm', 'norm2');
    } else {
      if (layout === 'nomic') linear('attn.Wqkv', 'qkv', 3 * hidden);
      else ['q', 'k', 'v'].forEach((part, n) => linear(`attn.${part}_proj`, 'qkv', hidden, n * hidden));
      linear(layout === 'nomic' ? 'attn.out_proj' : 'attn.o_proj', 'out', hidden);
      norm('norm1', 'norm1');
      linear('mlp.fc11', 'fc1', inner);
      linear('mlp.fc12', 'fc1', inner, inner);
      linear('mlp.fc2', 'fc2', hidden);
      norm('norm2', 'norm2');
    }
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
