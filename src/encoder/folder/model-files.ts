import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { readJson } from '../../core/json-file.js';
import type { Architecture, FolderLayout, ModelFiles } from '../architectures/architecture.js';
import { ConfigReader } from '../architectures/config-reader.js';
import { ARCHITECTURES } from '../architectures/index.js';
import { SafetensorsFile } from '../formats/safetensors.js';

/** A JSON file that may be absent, which counts as empty. @throws EngineError `ERR_DATA` if it is damaged */
export async function openConfig(path: string): Promise<ConfigReader> {
  return new ConfigReader(existsSync(path) ? await readJson(path) : {}, path);
}

/** @param folder of the first module. @throws EngineError `ERR_DATA` if config.json is damaged */
export async function openModelFiles(folder: string): Promise<ModelFiles> {
  return {
    config: await openConfig(join(folder, 'config.json')),
    async readShapes() {
      const file = await SafetensorsFile.open(join(folder, 'model.safetensors'));
      try {
        return new Map([...file.tensors].map(([name, { shape }]) => [name, shape]));
      } finally {
        await file.close();
      }
    },
  };
}

/** @throws EngineError `ERR_DATA` if no architecture with this layout accepts the configuration */
export function findArchitecture(layout: FolderLayout, { json, path }: ConfigReader): Architecture {
  const found = ARCHITECTURES.find((architecture) => architecture.folder === layout && architecture.accepts(json));
  if (found === undefined) throw new EngineError('ERR_DATA', `${path} describes none of the known architectures`);
  return found;
}
