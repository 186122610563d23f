/** Architectures that only ONNX Runtime supports, from any model.onnx. */
import type { Architecture } from './architecture.js';
import { readTransformerSizes, TRANSFORMER_FOLDER } from './transformer.js';

/**
 * Models that number positions from the id of the padding token + 1, so that this many rows of the table are unused.
 */
const POSITIONS_AFTER_PADDING = ['roberta', 'xlm-roberta', 'camembert', 'mpnet'];
const DEFAULT_PADDING_ID = 1;

export const roberta: Architecture = {
  name: 'RoBERTa',
  folder: TRANSFORMER_FOLDER,
  accepts: (config) => POSITIONS_AFTER_PADDING.includes(String(config['model_type'])),
  readSizes(files) {
    const sizes = readTransformerSizes(files);
    const padding = files.config.number(['pad_token_id'], DEFAULT_PADDING_ID);
    return { ...sizes, positions: sizes.positions - padding - 1 };
  },
};

/** Fallback for all other models: reads only the sizes from config.json. */
export const otherTransformer: Architecture = {
  name: 'another transformer',
  folder: TRANSFORMER_FOLDER,
  accepts: () => true,
  readSizes: readTransformerSizes,
};
