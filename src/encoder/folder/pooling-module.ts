/** 1_Pooling/config.json of sentence-transformers. */
import { EngineError } from '../../core/errors.js';
import { type Json, readJson } from '../../core/json-file.js';
import { POOLING_MODES, type Pooling } from '../../native/pooling.js';
import { ConfigReader } from '../architectures/config-reader.js';

/** Most folders have one flag per mode, newer ones name the mode as `pooling_mode`. */
const FLAGS: Record<Pooling, string> = { cls: 'pooling_mode_cls_token', mean: 'pooling_mode_mean_tokens' };
/** Flags of modes that are not computed here, which some libraries expect to find. */
const OTHER_FLAGS = ['pooling_mode_max_tokens', 'pooling_mode_mean_sqrt_len_tokens'];

export interface PoolingModule {
  mode: Pooling;
  /** Width of a vector, if the file says it. */
  dim: number | undefined;
}

/**
 * @param hasPrompt whether a default prompt is put before every text
 * @throws EngineError `ERR_DATA`
 */
export async function readPooling(file: string, hasPrompt: boolean): Promise<PoolingModule> {
  const config = await readJson(file);
  const modes = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true);
  const named = config['pooling_mode'];
  if (typeof named === 'string') modes.push(named);
  const mode = POOLING_MODES.find((known) => modes[0] === known || modes[0] === FLAGS[known]);
  if (mode === undefined || modes.length !== 1) {
    throw new EngineError(
      'ERR_DATA',
      `${file}: supported is pooling by ${POOLING_MODES.join(' or ')}, got ${modes.join(' + ') || 'no mode'}`,
    );
  }
  if (hasPrompt && config['include_prompt'] === false) {
    throw new EngineError('ERR_DATA', `${file}: include_prompt = false with a default prompt is not supported`);
  }
  const reader = new ConfigReader(config, file);
  return { mode, dim: reader.optionalSize(['word_embedding_dimension', 'embedding_dimension']) };
}

/** The contents of that file. */
export function describePooling(pooling: Pooling, dim: number): Json {
  return {
    word_embedding_dimension: dim,
    ...Object.fromEntries(Object.entries(FLAGS).map(([mode, flag]) => [flag, mode === pooling])),
    ...Object.fromEntries(OTHER_FLAGS.map((flag) => [flag, false])),
  };
}
