/**
 * A transformer as an ONNX graph: what native/encoder/transformer.cc computes, in the operations of opset 17. Between
 * attentions, hidden states are [tokens, hidden], so that every projection is one Gemm with the weight as PyTorch stores
 * it.
 */
import type { EncoderSpec } from '../../native/encoder-types.js';
import type { OnnxGraph, OnnxNode, OnnxTensor, OnnxValue, TensorData } from '../formats/onnx-writer.js';
import { TABLES, type TensorNames } from './transformer-names.js';

/** Added to the scores of padding: far below every score, far above the overflow of float32. */
const MASKED = -1e30;

/** See {@link CheckpointLayout.graph}. */
export function transformerGraph(
  names: TensorNames,
  spec: EncoderSpec,
  weights: ReadonlyMap<string, OnnxTensor>,
): OnnxGraph {
  return new TransformerGraph(names, spec, weights).build();
}

class TransformerGraph {
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers = new Map<string, OnnxTensor>();
  /** Cosines and sines of the rotary angles, [sequence, headDim / 2]. */
  #rotary: { cosines: string; sines: string } | undefined;

  constructor(
    private readonly names: TensorNames,
    private readonly spec: EncoderSpec,
    private readonly weights: ReadonlyMap<string, OnnxTensor>,
  ) {}

  build(): OnnxGraph {
    const { layers, hidden, positions, types } = this.spec;
    const shape = this.#op('Shape', ['input_ids']);
    const mask = this.#mask();
    if (positions === 'rotary') this.#rotary = this.#angles(shape);
    let states = this.#embeddings(shape);
    for (let i = 0; i < layers; i++) states = this.#layer(states, i, shape, mask);
    const outputShape = this.#op('Concat', [shape, this.#integers([hidden])], { axis: 0 });
    this.#nodes.push({ op: 'Reshape', inputs: [states, outputShape], outputs: ['last_hidden_state'], attributes: {} });
    const input = (name: string): OnnxValue => ({ name, type: 'int64', dims: ['batch', 'sequence'] });
    return {
      nodes: this.#nodes,
      initializers: [...this.#initializers.values()],
      inputs: ['input_ids', 'attention_mask', ...(types > 0 ? ['token_type_ids'] : [])].map(input),
      outputs: [{ name: 'last_hidden_state', type: 'float', dims: ['batch', 'sequence', hidden] }],
    };
  }

  /** 0 at tokens, {@link MASKED} at padding, [batch, 1, 1, sequence]. */
  #mask(): string {
    const mask = this.#op('Cast', [this.#op('Unsqueeze', ['attention_mask', this.#integers([1, 2])])], { to: 1 });
    return this.#op('Mul', [this.#op('Sub', [this.#scalar(1), mask]), this.#scalar(MASKED)]);
  }

  #embeddings(shape: string): string {
    const { hidden, positions, types } = this.spec;
    let sum = this.#op('Gather', [this.#weight(TABLES.word), 'input_ids']);
    if (types > 0) sum = this.#op('Add', [sum, this.#op('Gather', [this.#weight(TABLES.type), 'token_type_ids'])]);
    if (positions === 'learned') {
      const length = this.#op('Gather', [shape, this.#integers([1])]);
      const rows = this.#op('Slice', [this.#weight(TABLES.position), this.#integers([0]), length, this.#integers([0])]);
      sum = this.#op('Add', [sum, rows]);
    }
    const flat = this.#op('Reshape', [sum, this.#integers([-1, hidden])]);
    return this.spec.embeddingNorm ? this.#norm(flat, this.names.embeddingNorm) : flat;
  }

  #layer(states: string, i: number, shape: string, mask: string): string {
    const prefix = `${this.names.layer}${i}.`;
    const { qkv, out, norm1, fc1, fc2, norm2 } = this.names;
    const project = (from: string, parts: readonly string[]): string[] =>
      parts.map((part) => this.#linear(from, prefix + part));
    const projected = project(states, qkv);
    const parts = projected.length === 1 ? this.#split(projected[0]!, 3, 1) : projected;
    const attended = this.#linear(this.#attention(parts, shape, mask), prefix + out);
    const middle = this.#norm(this.#op('Add', [states, attended]), prefix + norm1);
    const inner = this.#activation(project(middle, fc1));
    return this.#norm(this.#op('Add', [middle, this.#linear(inner, prefix + fc2)]), prefix + norm2);
  }

  /** softmax(Q K^T / sqrt(d) + mask) V per head, from and to [tokens, hidden]. */
  #attention(parts: readonly string[], shape: string, mask: string): string {
    const { hidden, heads } = this.spec;
    const headDim = hidden / heads;
    const split = this.#op('Concat', [shape, this.#integers([heads, headDim])], { axis: 0 });
    const [query, key, value] = parts.map((part) =>
      this.#op('Transpose', [this.#op('Reshape', [part, split])], { perm: [0, 2, 1, 3] }),
    ) as [string, string, string];
    const transposed = this.#op('Transpose', [this.#rotate(key)], { perm: [0, 1, 3, 2] });
    const scores = this.#op('Mul', [
      this.#op('MatMul', [this.#rotate(query), transposed]),
      this.#scalar(1 / Math.sqrt(headDim)),
    ]);
    const probabilities = this.#op('Softmax', [this.#op('Add', [scores, mask])], { axis: 3 });
    const context = this.#op('Transpose', [this.#op('MatMul', [probabilities, value])], { perm: [0, 2, 1, 3] });
    return this.#op('Reshape', [context, this.#integers([-1, hidden])]);
  }

  /**
   * Angle p * base^(-2m / headDim) of position p and pair m. Computed from the positions, which a graph of any length
   * is small with, and in double precision, which keeps far positions exact; ONNX Runtime has a sine of doubles but no
   * cosine.
   */
  #angles(shape: string): { cosines: string; sines: string } {
    const { hidden, heads, ropeBase } = this.spec;
    const headDim = hidden / heads;
    const frequencies = Float64Array.from({ length: headDim / 2 }, (_, m) => ropeBase ** ((-2 * m) / headDim));
    const length = this.#op('Gather', [shape, this.#constant('int64', [], BigInt64Array.of(1n))]);
    const count = this.#op('Range', [
      this.#constant('int64', [], BigInt64Array.of(0n)),
      length,
      this.#constant('int64', [], BigInt64Array.of(1n)),
    ]);
    const positions = this.#op('Unsqueeze', [this.#op('Cast', [count], { to: 11 }), this.#integers([1])]);
    const angles = this.#op('Mul', [positions, this.#constant('double', [frequencies.length], frequencies)]);
    const shifted = this.#op('Add', [angles, this.#constant('double', [], Float64Array.of(Math.PI / 2))]);
    return {
      cosines: this.#op('Cast', [this.#op('Sin', [shifted])], { to: 1 }),
      sines: this.#op('Cast', [this.#op('Sin', [angles])], { to: 1 }),
    };
  }

  /** Turns the pairs (m, m + headDim / 2) of [batch, heads, sequence, headDim] if positions are rotary. */
  #rotate(x: string): string {
    if (!this.#rotary) return x;
    const { cosines, sines } = this.#rotary;
    const [first, second] = this.#split(x, 2, 3) as [string, string];
    const times = (a: string, b: string): string => this.#op('Mul', [a, b]);
    const low = this.#op('Sub', [times(first, cosines), times(second, sines)]);
    const high = this.#op('Add', [times(second, cosines), times(first, sines)]);
    return this.#op('Concat', [low, high], { axis: 3 });
  }

  /** @param projected `fc1`, in as many parts as the checkpoint has tensors */
  #activation(projected: readonly string[]): string {
    switch (this.spec.activation) {
      case 'gelu':
        return this.#gelu(projected[0]!);
      case 'swiglu': {
        const [up, gate] = projected.length === 1 ? this.#split(projected[0]!, 2, 1) : projected;
        return this.#op('Mul', [up!, this.#op('Mul', [gate!, this.#op('Sigmoid', [gate!])])]);
      }
    }
  }

  /** x / 2 * (1 + erf(x / sqrt(2))). */
  #gelu(x: string): string {
    const erf = this.#op('Erf', [this.#op('Div', [x, this.#scalar(Math.SQRT2)])]);
    return this.#op('Mul', [this.#op('Mul', [x, this.#op('Add', [erf, this.#scalar(1)])]), this.#scalar(0.5)]);
  }

  #linear(x: string, name: string): string {
    const bias = this.spec.biases ? [this.#weight(`${name}.bias`)] : [];
    return this.#op('Gemm', [x, this.#weight(`${name}.weight`), ...bias], { transB: 1 });
  }

  #norm(x: string, name: string): string {
    const [scale, shift] = this.names.norm;
    return this.#op('LayerNormalization', [x, this.#weight(`${name}.${scale}`), this.#weight(`${name}.${shift}`)], {
      axis: 1,
      epsilon: this.spec.epsilon,
    });
  }

  /** Equal parts along an axis. */
  #split(x: string, count: number, axis: number): string[] {
    const outputs = Array.from({ length: count }, (_, i) => `split_${this.#nodes.length}_${i}`);
    this.#nodes.push({ op: 'Split', inputs: [x], outputs, attributes: { axis } });
    return outputs;
  }

  #op(op: string, inputs: readonly string[], attributes: OnnxNode['attributes'] = {}): string {
    const output = `${op.toLowerCase()}_${this.#nodes.length}`;
    this.#nodes.push({ op, inputs, outputs: [output], attributes });
    return output;
  }

  #weight(name: string): string {
    this.#initializers.set(name, this.weights.get(name)!);
    return name;
  }

  #scalar(value: number): string {
    return this.#constant('float', [], Float32Array.of(value));
  }

  #integers(values: readonly number[]): string {
    return this.#constant('int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  #constant(type: OnnxTensor['type'], dims: readonly number[], data: TensorData & ArrayBufferView): string {
    const name = `${type}_${dims.join('x')}_${Array.from(data as ArrayLike<number | bigint>).join('_')}`;
    this.#initializers.set(name, { name, type, dims, data });
    return name;
  }
}
