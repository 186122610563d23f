import { type FileHandle, open } from 'node:fs/promises';

import { allocateUint8 } from '../../core/allocate.js';
import { EngineError } from '../../core/errors.js';
import { fromFloat16 } from '../../core/float16.js';
import { dequantizeRows, fromBfloat16 } from '../weights/weight-rounding.js';
import { scaleName } from '../weights/weight-types.js';

export type TensorType = 'F32' | 'F16' | 'BF16' | 'F64' | 'I64' | 'I32' | 'U32' | 'I8';

export interface TensorInfo {
  dtype: TensorType;
  shape: number[];
  /** Byte range within the data section. */
  begin: number;
  end: number;
}

const BYTES: Record<TensorType, number> = { F32: 4, F16: 2, BF16: 2, F64: 8, I64: 8, I32: 4, U32: 4, I8: 1 };

/** Headers of real models have about 100 kB. A length above this limit is damaged. */
const MAX_HEADER_BYTES = 100 * 2 ** 20;

/**
 * A safetensors file: eight bytes of header length, a JSON header, raw little-endian tensors. Tensors are read one at a
 * time. Every length is checked against the file before it is trusted.
 */
export class SafetensorsFile {
  private constructor(
    readonly path: string,
    /** All tensors except the scales of int8 matrices, which belong to those. */
    readonly tensors: ReadonlyMap<string, TensorInfo>,
    private readonly scales: ReadonlyMap<string, TensorInfo>,
    private readonly handle: FileHandle,
    private readonly dataOffset: number,
  ) {}

  /** @throws EngineError `ERR_DATA` naming the file and the problem */
  static async open(path: string): Promise<SafetensorsFile> {
    const handle = await open(path, 'r').catch((cause: unknown) => {
      throw new EngineError('ERR_DATA', `Cannot open ${path}`, { cause });
    });
    try {
      const { size } = await handle.stat();
      const prefix = Buffer.alloc(8);
      const { bytesRead } = await handle.read(prefix, 0, 8, 0);
      const length = bytesRead === 8 ? Number(prefix.readBigUInt64LE()) : 0;
      if (length < 2 || length > MAX_HEADER_BYTES || 8 + length > size) {
        throw new EngineError('ERR_DATA', `${path} is not a safetensors file or is truncated (${size} bytes)`);
      }
      const header = Buffer.alloc(length);
      await handle.read(header, 0, length, 8);
      return new SafetensorsFile(
        path,
        ...separateScales(parseHeader(path, header, size - 8 - length)),
        handle,
        8 + length,
      );
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Reads a tensor as float32. Converts F16, BF16, F64, and int8 matrices with a scale per row. */
  async readFloat32(name: string): Promise<Float32Array> {
    const info = this.info(name);
    const { dtype } = info;
    const bytes = await this.readBytes(name);
    switch (dtype) {
      case 'F32':
        return new Float32Array(bytes);
      case 'F64':
        return Float32Array.from(new Float64Array(bytes));
      case 'BF16':
        return fromBfloat16(new Uint16Array(bytes));
      case 'F16':
        return fromFloat16(new Uint16Array(bytes));
      case 'I8':
        return dequantizeRows({ codes: new Int8Array(bytes), scales: await this.readScales(name, info) });
      default:
        throw new EngineError(
          'ERR_DATA',
          `Tensor "${name}" of ${this.path} has type ${dtype}, which is not a floating-point type`,
        );
    }
  }

  /** Reads an int8 matrix and the scales of its rows without converting them. */
  async readInt8(name: string): Promise<{ rows: Int8Array; scales: Float32Array }> {
    const scales = await this.readScales(name, this.info(name));
    return { rows: new Int8Array(await this.readBytes(name)), scales };
  }

  /** Reads the raw bytes of a tensor. */
  async readBytes(name: string): Promise<ArrayBuffer> {
    return this.readRange(name, this.info(name));
  }

  private async readRange(name: string, { begin, end }: TensorInfo): Promise<ArrayBuffer> {
    const bytes = allocateUint8(end - begin, `the tensor "${name}"`).buffer;
    let done = 0;
    while (done < bytes.byteLength) {
      const { bytesRead } = await this.handle.read(
        new Uint8Array(bytes, done),
        0,
        bytes.byteLength - done,
        this.dataOffset + begin + done,
      );
      if (bytesRead === 0) throw new EngineError('ERR_DATA', `${this.path} ends inside tensor "${name}"`);
      done += bytesRead;
    }
    return bytes;
  }

  /** Returns the byte range of a tensor within the file. */
  location(name: string): { offset: number; length: number } {
    const { begin, end } = this.info(name);
    return { offset: this.dataOffset + begin, length: end - begin };
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  /** Reads the row scales of an int8 matrix. */
  private async readScales(name: string, { shape }: TensorInfo): Promise<Float32Array> {
    const bad = (why: string): never => {
      throw new EngineError('ERR_DATA', `Tensor "${name}" of ${this.path} holds int8, but ${why}`);
    };
    const scale = scaleName(name);
    const info = this.scales.get(name);
    if (info === undefined) return bad(`the tensor "${scale}" with the scale of each row is missing`);
    const [rows = 0] = shape;
    const fits = shape.length === 2 && info.dtype === 'F32' && [`${rows}`, `${rows},1`].includes(info.shape.join());
    if (!fits)
      return bad(
        `"${scale}" is ${info.dtype} [${info.shape.join(', ')}] for a shape of [${shape.join(', ')}], ` +
          `not F32 [${rows}, 1]`,
      );
    const scales = new Float32Array(await this.readRange(scale, info));
    const wrong = scales.findIndex((step) => !(step >= 0 && step < Infinity));
    return wrong === -1 ? scales : bad(`"${scale}" is ${scales[wrong]!} in row ${wrong}`);
  }

  private info(name: string): TensorInfo {
    const info = this.tensors.get(name);
    if (info === undefined) throw new EngineError('ERR_DATA', `${this.path} has no tensor "${name}"`);
    return info;
  }
}

function parseHeader(path: string, header: Buffer, dataBytes: number): Map<string, TensorInfo> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(header.toString('utf8'));
  } catch (cause) {
    throw new EngineError('ERR_DATA', `The header of ${path} is not valid JSON`, { cause });
  }
  const tensors = new Map<string, TensorInfo>();
  for (const [name, value] of Object.entries(parsed as Record<string, unknown>)) {
    if (name === '__metadata__') continue;
    tensors.set(name, parseTensor(path, name, value, dataBytes));
  }
  return tensors;
}

/** Separates the scales of int8 matrices, by the names of the matrices, from all other tensors. */
function separateScales(
  all: Map<string, TensorInfo>,
): [tensors: Map<string, TensorInfo>, scales: Map<string, TensorInfo>] {
  const scales = new Map<string, TensorInfo>();
  for (const [name, { dtype }] of all) {
    const info = dtype === 'I8' ? all.get(scaleName(name)) : undefined;
    if (info) scales.set(name, info);
  }
  const steps = new Set(scales.values());
  return [new Map([...all].filter(([, info]) => !steps.has(info))), scales];
}

function parseTensor(path: string, name: string, value: unknown, dataBytes: number): TensorInfo {
  const bad = (why: string): never => {
    throw new EngineError('ERR_DATA', `Tensor "${name}" of ${path}: ${why}`);
  };
  if (typeof value !== 'object' || value === null) return bad('its entry is not an object');
  const { dtype, shape, data_offsets: range } = value as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  if (typeof dtype !== 'string' || !Object.hasOwn(BYTES, dtype)) return bad(`type ${String(dtype)} is not supported`);
  const isSize = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isSize)) return bad('its shape is not a list of sizes');
  if (!Array.isArray(range) || range.length !== 2 || !range.every(isSize)) return bad('its byte range is damaged');
  const [begin, end] = range as [number, number];
  const type = dtype as TensorType;
  const bytes = shape.reduce((product, size) => product * size, BYTES[type]);
  if (end - begin !== bytes) return bad(`its byte range has ${end - begin} bytes, but its shape needs ${bytes}`);
  if (end > dataBytes) return bad(`it ends at byte ${end} of ${dataBytes}: the file is truncated`);
  return { dtype: type, shape, begin, end };
}
