/** Where the parameters of the native transformer (native/encoder/parameters.cc) lie in checkpoints. */
import type { EncoderSpec } from '../../native/encoder-types.js';
import type { CheckpointLayout, ParameterSource } from './architecture.js';
import { transformerGraph } from './transformer-graph.js';
import { BRANCHES, TABLES, type TensorNames } from './transformer-names.js';

export function transformerLayout(mark: string, names: TensorNames): CheckpointLayout {
  return {
    mark,
    sources: (spec) => transformerSources(names, spec),
    graph: (spec, weights) => transformerGraph(names, spec, weights),
  };
}

function transformerSources(names: TensorNames, spec: EncoderSpec): ParameterSource[] {
  const sources: ParameterSource[] = [];
  const { hidden, inner } = spec;
  const add = (file: string, parameter: string, rows: number, row = 0): void =>
    void sources.push({ file, parameter, row, rows });
  const norm = (file: string, parameter: string): void => {
    add(`${file}.${names.norm[0]}`, `${parameter}.weight`, hidden);
    add(`${file}.${names.norm[1]}`, `${parameter}.bias`, hidden);
  };
  /** The parts lie below each other in the native matrix of `rows` rows. */
  const linear = (from: string, parts: readonly string[], parameter: string, rows: number): void => {
    parts.forEach((part, n) => {
      const own = rows / parts.length;
      add(`${from}${part}.weight`, `${parameter}.weight`, own, n * own);
      if (spec.biases) add(`${from}${part}.bias`, `${parameter}.bias`, own, n * own);
    });
  };

  add(TABLES.word, 'word', spec.vocabulary);
  if (spec.positions === 'learned') add(TABLES.position, 'position', spec.maxPositions);
  if (spec.types > 0) add(TABLES.type, 'type', spec.types);
  if (spec.embeddingNorm) norm(names.embeddingNorm, 'norm');
  for (let i = 0; i < spec.layers; i++) {
    const from = `${names.layer}${i}.`;
    const to = `layer.${i}.`;
    linear(from, names.qkv, `${to}qkv`, 3 * hidden);
    linear(from, [names.out], `${to}out`, hidden);
    norm(from + names.norm1, `${to}norm1`);
    linear(from, names.fc1, `${to}fc1`, BRANCHES[spec.activation] * inner);
    linear(from, [names.fc2], `${to}fc2`, hidden);
    norm(from + names.norm2, `${to}norm2`);
  }
  return sources;
}
