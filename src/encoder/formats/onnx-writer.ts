/**
 * Writes ONNX graphs as protobuf: the few messages of onnx.proto (IR version 8, opset 17) that an encoder needs.
 * Messages are lists of byte arrays, so that gigabytes of weights are not copied once per nesting level.
 */
type Pieces = readonly Uint8Array[];

export type ElementType = 'float' | 'int64' | 'double';
/** Values inside the graph, or a byte range of a file beside it. */
export type TensorData =
  | Float32Array
  | BigInt64Array
  | Float64Array
  | { location: string; offset: number; length: number };

export interface OnnxTensor {
  name: string;
  type: ElementType;
  dims: readonly number[];
  data: TensorData;
}

export interface OnnxValue {
  name: string;
  type: ElementType;
  /** Sizes, or names of variable sizes. */
  dims: readonly (number | string)[];
}

export interface OnnxNode {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  /** Integers and lists of integers; floats for the names in {@link FLOAT_ATTRIBUTES}. */
  attributes: Readonly<Record<string, number | readonly number[]>>;
}

export interface OnnxGraph {
  nodes: readonly OnnxNode[];
  initializers: readonly OnnxTensor[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
}

const IR_VERSION = 8;
/** The first opset with LayerNormalization. */
const OPSET = 17;
const ELEMENT_TYPES: Record<ElementType, number> = { float: 1, int64: 7, double: 11 };
const ATTRIBUTE = { float: 1, int: 2, ints: 7 } as const;
const FLOAT_ATTRIBUTES: ReadonlySet<string> = new Set(['epsilon']);
const EXTERNAL = 1;

/** Encodes a graph as the contents of a file, in pieces to write one after the other. */
export function encodeOnnx(graph: OnnxGraph): Pieces {
  return [
    ...integer(1, IR_VERSION),
    ...text(2, 'univar'),
    ...message(7, encodeGraph(graph)),
    ...message(8, integer(2, OPSET)),
  ];
}

function encodeGraph({ nodes, initializers, inputs, outputs }: OnnxGraph): Pieces {
  return [
    ...nodes.flatMap((node) => message(1, encodeNode(node))),
    ...text(2, 'encoder'),
    ...initializers.flatMap((tensor) => message(5, encodeTensor(tensor))),
    ...inputs.flatMap((value) => message(11, encodeValue(value))),
    ...outputs.flatMap((value) => message(12, encodeValue(value))),
  ];
}

function encodeNode({ op, inputs, outputs, attributes }: OnnxNode): Pieces {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...outputs.flatMap((name) => text(2, name)),
    ...text(3, outputs[0]!),
    ...text(4, op),
    ...Object.entries(attributes).flatMap(([name, value]) => message(5, encodeAttribute(name, value))),
  ];
}

function encodeAttribute(name: string, value: number | readonly number[]): Pieces {
  if (typeof value !== 'number')
    return [...text(1, name), ...value.flatMap((entry) => integer(8, entry)), ...integer(20, ATTRIBUTE.ints)];
  if (FLOAT_ATTRIBUTES.has(name)) return [...text(1, name), ...float(2, value), ...integer(20, ATTRIBUTE.float)];
  return [...text(1, name), ...integer(3, value), ...integer(20, ATTRIBUTE.int)];
}

function encodeTensor({ name, type, dims, data }: OnnxTensor): Pieces {
  const head = [...dims.flatMap((dim) => integer(1, dim)), ...integer(2, ELEMENT_TYPES[type]), ...text(8, name)];
  if (ArrayBuffer.isView(data))
    return [...head, ...message(9, [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)])];
  const entries = Object.entries(data).map(([key, value]) => [...text(1, key), ...text(2, String(value))]);
  return [...head, ...entries.flatMap((entry) => message(13, entry)), ...integer(14, EXTERNAL)];
}

function encodeValue({ name, type, dims }: OnnxValue): Pieces {
  const shape = dims.flatMap((dim) => message(1, typeof dim === 'number' ? integer(1, dim) : text(2, dim)));
  const tensorType = [...integer(1, ELEMENT_TYPES[type]), ...message(2, shape)];
  return [...text(1, name), ...message(2, message(1, tensorType))];
}

/** Encodes a varint field. All integers in these graphs are >= 0. */
function integer(field: number, value: number): Pieces {
  return [Uint8Array.from([...varint(field * 8), ...varint(value)])];
}

function float(field: number, value: number): Pieces {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return [Uint8Array.from(varint(field * 8 + 5)), bytes];
}

function text(field: number, value: string): Pieces {
  return message(field, [Buffer.from(value)]);
}

function message(field: number, content: Pieces): Pieces {
  const length = content.reduce((sum, piece) => sum + piece.length, 0);
  return [Uint8Array.from([...varint(field * 8 + 2), ...varint(length)]), ...content];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) + 0x80);
  return [...bytes, value];
}
