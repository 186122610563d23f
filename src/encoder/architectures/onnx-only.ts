/** Architectures that ONNX Runtime computes from any model.onnx, and the native backend does not. */
import type { Architecture } from './architecture.js';
import { readTransformerSizes, TRANSFORMER_FOLDER } from './transformer.js';

/** They count positions from the id of the padding token + 1, which takes as many from the table. */
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

/** Of any other config.json, only the sizes are read. */
export const otherTransformer: Architecture = {
  name: 'another transformer',
  folder: TRANSFORMER_FOLDER,
  accepts: () => true,
  readSizes: readTransformerSizes,
};
