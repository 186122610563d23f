/** Writes small ONNX graphs as protobuf, so that tests can load every kind of model. */
export interface TensorSpec {
  name: string;
  dims: number[];
  /** float32 values inside the file, or the name of a file beside it that holds them from its start. */
  data: Float32Array | string;
}

export interface ValueSpec {
  name: string;
  type: keyof typeof ELEMENT_TYPES;
  dims: (number | string)[];
}

export interface NodeSpec {
  op: string;
  inputs: string[];
  outputs: string[];
  /** Tensor in the attribute `value` of a Constant node. */
  value?: TensorSpec;
  /** A graph as attribute `body`, as nodes of type Loop have it. */
  body?: GraphSpec;
}

export interface GraphSpec {
  inputs: ValueSpec[];
  outputs: ValueSpec[];
  nodes: NodeSpec[];
  weights: TensorSpec[];
}

const ELEMENT_TYPES = { float32: 1, int32: 6, int64: 7, float16: 10 } as const;

export function onnxModel(graph: GraphSpec): Buffer {
  return Buffer.concat([integer(1, 8), message(8, integer(2, 17)), message(7, onnxGraph(graph))]);
}

function onnxGraph(graph: GraphSpec): Buffer {
  return Buffer.concat([
    ...graph.nodes.map((spec) => message(1, node(spec))),
    text(2, 'graph'),
    ...graph.weights.map((spec) => message(5, tensor(spec))),
    ...graph.inputs.map((spec) => message(11, value(spec))),
    ...graph.outputs.map((spec) => message(12, value(spec))),
  ]);
}

function node({ op, inputs, outputs, value: constant, body }: NodeSpec): Buffer {
  const attribute =
    constant && message(5, Buffer.concat([text(1, 'value'), message(5, tensor(constant)), integer(20, 4)]));
  return Buffer.concat([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    attribute ?? Buffer.of(),
    body ? message(5, Buffer.concat([text(1, 'body'), message(6, onnxGraph(body)), integer(20, 5)])) : Buffer.of(),
  ]);
}

function tensor({ name, dims, data }: TensorSpec): Buffer {
  const head = [...dims.map((dim) => integer(1, dim)), integer(2, ELEMENT_TYPES.float32), text(8, name)];
  if (typeof data !== 'string')
    return Buffer.concat([...head, message(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength))]);
  const bytes = String(4 * dims.reduce((product, dim) => product * dim, 1));
  const entries = Object.entries({ offset: '0', length: bytes, location: data });
  return Buffer.concat([
    ...head,
    ...entries.map(([key, entry]) => message(13, Buffer.concat([text(1, key), text(2, entry)]))),
    integer(14, 1),
  ]);
}

function value({ name, type, dims }: ValueSpec): Buffer {
  const shape = dims.map((dim) => message(1, typeof dim === 'number' ? integer(1, dim) : text(2, dim)));
  const tensorType = Buffer.concat([integer(1, ELEMENT_TYPES[type]), message(2, Buffer.concat(shape))]);
  return Buffer.concat([text(1, name), message(2, message(1, tensorType))]);
}

function varint(number: number): number[] {
  return number < 0x80 ? [number] : [(number % 0x80) + 0x80, ...varint(Math.floor(number / 0x80))];
}

function integer(field: number, content: number): Buffer {
  return Buffer.from([...varint(field * 8), ...varint(content)]);
}

function message(field: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
}

function text(field: number, content: string): Buffer {
  return message(field, Buffer.from(content));
}
