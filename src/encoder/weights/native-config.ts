/**
 * From a Hugging Face config.json to the engine's encoder configuration; what the engine cannot do is refused by name.
 */
import { EngineError } from '../../core/errors.js';
import type { NativeEncoderConfig } from '../../native/addon-types.js';

export interface PoolingChoice {
  pooling: 'mean' | 'cls';
  normalize: boolean;
}

/** True when `nativeConfig` knows the architecture of this config.json. */
export function isNativeArchitecture(config: Record<string, unknown>): boolean {
  return config['model_type'] === 'bert' || config['model_type'] === 'nomic_bert';
}

/**
 * @param config parsed config.json of a BERT or NomicBERT model, with the keys of either generation of the latter
 * @param path of that file, for messages
 * @throws EngineError `ERR_DATA` naming the key and the value that is missing or not supported
 */
export function nativeConfig(
  config: Record<string, unknown>,
  path: string,
  pooling: PoolingChoice,
): NativeEncoderConfig {
  const reader = new ConfigReader(config, path);
  // Nothing else of what the caller's object may hold: fingerprints are made of the result, wherever a folder lies.
  const choice: PoolingChoice = { pooling: pooling.pooling, normalize: pooling.normalize };
  if (config['model_type'] === 'bert') return { ...bertConfig(reader), ...choice };
  if (config['model_type'] === 'nomic_bert') return { ...nomicConfig(reader), ...choice };
  throw new EngineError(
    'ERR_DATA',
    `${path}: model_type ${JSON.stringify(config['model_type'])} is neither bert nor nomic_bert`,
  );
}

type Architecture = Omit<NativeEncoderConfig, 'pooling' | 'normalize'>;

function bertConfig(reader: ConfigReader): Architecture {
  reader.require('hidden_act', ['gelu'], 'gelu');
  reader.require('position_embedding_type', ['absolute'], 'absolute');
  reader.require('is_decoder', [false], false);
  return {
    layers: reader.size(['num_hidden_layers']),
    hidden: reader.size(['hidden_size']),
    heads: reader.size(['num_attention_heads']),
    inner: reader.size(['intermediate_size']),
    vocabulary: reader.size(['vocab_size']),
    types: reader.size(['type_vocab_size'], 2),
    maxPositions: reader.size(['max_position_embeddings']),
    ropeBase: 0,
    gated: false,
    biases: true,
    epsilon: reader.number(['layer_norm_eps'], 1e-12),
    paddingId: reader.number(['pad_token_id'], 0),
  };
}

function nomicConfig(reader: ConfigReader): Architecture {
  reader.require('activation_function', ['swiglu'], 'swiglu');
  reader.require('hidden_act', ['silu'], 'silu');
  reader.require('prenorm', [false], false);
  reader.require('rotary_emb_fraction', [1], 1);
  reader.require('rotary_emb_interleaved', [false], false);
  reader.require('rotary_scaling_factor', [null], null);
  reader.require('use_rms_norm', [false, null], false);
  reader.require('causal', [false], false);
  for (const bias of ['qkv_proj_bias', 'mlp_fc1_bias', 'mlp_fc2_bias']) reader.require(bias, [false], false);
  return {
    layers: reader.size(['n_layer', 'num_hidden_layers']),
    hidden: reader.size(['n_embd', 'hidden_size']),
    heads: reader.size(['n_head', 'num_attention_heads']),
    inner: reader.size(['n_inner', 'intermediate_size']),
    vocabulary: reader.size(['vocab_size']),
    types: reader.size(['type_vocab_size'], 2),
    // Some exports write 0 for "no learned positions"; NomicBERT is made for 8,192.
    maxPositions: reader.number(['n_positions', 'max_position_embeddings'], 8192) || 8192,
    ropeBase: reader.number(['rotary_emb_base', 'rope_theta'], reader.ropeTheta() ?? 1000),
    gated: true,
    biases: false,
    epsilon: reader.number(['layer_norm_epsilon', 'layer_norm_eps'], 1e-12),
    paddingId: 0,
  };
}

class ConfigReader {
  constructor(
    private readonly config: Record<string, unknown>,
    private readonly path: string,
  ) {}

  /** The first of `keys` that is present, as a finite number >= 0. */
  number(keys: readonly string[], fallback?: number): number {
    const key = keys.find((candidate) => this.config[candidate] !== undefined && this.config[candidate] !== null);
    if (key === undefined) {
      if (fallback !== undefined) return fallback;
      throw new EngineError('ERR_DATA', `${this.path} lacks ${keys.join(' or ')}`);
    }
    const value = this.config[key];
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
      throw new EngineError('ERR_DATA', `${this.path}: ${key} is ${JSON.stringify(value)}, not a number >= 0`);
    }
    return value;
  }

  /** The rotary base where Transformers 5 keeps it. */
  ropeTheta(): number | undefined {
    const parameters = this.config['rope_parameters'];
    if (typeof parameters !== 'object' || parameters === null) return undefined;
    const reader = new ConfigReader(parameters as Record<string, unknown>, `${this.path}: rope_parameters`);
    reader.require('rope_type', ['default'], 'default');
    return reader.number(['rope_theta']);
  }

  size(keys: readonly string[], fallback?: number): number {
    const value = this.number(keys, fallback);
    if (!Number.isInteger(value) || value < 1) {
      throw new EngineError('ERR_DATA', `${this.path}: ${keys.join(' or ')} is ${value}, not a positive integer`);
    }
    return value;
  }

  /** Refuses values other than the allowed ones; an absent key means `fallback`. */
  require(key: string, allowed: readonly unknown[], fallback: unknown): void {
    const value = this.config[key] === undefined ? fallback : this.config[key];
    if (!allowed.includes(value)) {
      const list = allowed.map((entry) => JSON.stringify(entry)).join(' or ');
      throw new EngineError(
        'ERR_DATA',
        `${this.path}: ${key} is ${JSON.stringify(value)}; the native encoder supports ${list}`,
      );
    }
  }
}
