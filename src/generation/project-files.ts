/** The YAML files of a project, each checked against its schema. */
import { join } from 'node:path';

import { GENERATION_DATA } from './data-folder.js';
import { languagesSchema, projectSchema, registrySchema } from './project-schema.js';
import type { LanguageEntry, ModelEntry, ProjectFile } from './project-types.js';
import { type CheckedFile, readYamlFile } from './yaml-file.js';

export function readProjectFile(path: string): Promise<CheckedFile<ProjectFile>> {
  return readYamlFile(path, projectSchema);
}

/** Reads models by id. */
export async function readRegistry(path: string): Promise<Map<string, ModelEntry>> {
  const { value } = await readYamlFile(path, registrySchema);
  return new Map(value.models.map((model) => [model.id, model]));
}

/** Reads languages by code. Later tables override the package's own. */
export async function readLanguageTables(paths: readonly string[]): Promise<Map<string, LanguageEntry>> {
  const table = new Map<string, LanguageEntry>();
  for (const path of [join(GENERATION_DATA, 'registry', 'languages.yaml'), ...paths]) {
    for (const entry of (await readYamlFile(path, languagesSchema)).value.languages) table.set(entry.code, entry);
  }
  return table;
}
