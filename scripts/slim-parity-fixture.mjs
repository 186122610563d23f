// Makes test/fixtures/parity from a folder with the full parity fixtures: config, weights and losses unchanged, and the
// reference in float32 without the gradients of two modes. Usage: node scripts/slim-parity-fixture.mjs FULL_FOLDER
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const from = process.argv[2];
const to = resolve(import.meta.dirname, '../test/fixtures/parity');
const DROPPED = /^grad\.(one|supcon)\./;

for (const name of ['bert-tiny', 'nomic-tiny']) {
  mkdirSync(join(to, name), { recursive: true });
  for (const file of ['config.json', 'model.safetensors', 'reference.json'])
    cpSync(join(from, name, file), join(to, name, file));
  const full = readFileSync(join(from, name, 'reference.safetensors'));
  const headerBytes = Number(full.readBigUInt64LE());
  const header = JSON.parse(full.toString('utf8', 8, 8 + headerBytes));
  const slim = {};
  const parts = [];
  let offset = 0;
  for (const tensor of Object.keys(header).sort()) {
    if (tensor === '__metadata__' || DROPPED.test(tensor)) continue;
    const {
      dtype,
      shape,
      data_offsets: [begin, end],
    } = header[tensor];
    const bytes = Uint8Array.from(full.subarray(8 + headerBytes + begin, 8 + headerBytes + end));
    const values = dtype === 'F64' ? Float32Array.from(new Float64Array(bytes.buffer)) : bytes;
    parts.push(Buffer.from(values.buffer));
    slim[tensor] = {
      dtype: dtype === 'F64' ? 'F32' : dtype,
      shape,
      data_offsets: [offset, (offset += values.byteLength)],
    };
  }
  const json = Buffer.from(JSON.stringify(slim).padEnd(Math.ceil(JSON.stringify(slim).length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(join(to, name, 'reference.safetensors'), Buffer.concat([length, json, ...parts]));
}
