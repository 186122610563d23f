import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { RECORDED_MODELS } from './replay-server.js';

/** Returns a project with 3 values, 3 models and 2 languages. `changes` override its settings. */
export function projectOf(url: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'small',
    values: ['Honesty', 'Freedom', 'Helpful'],
    endpoints: {
      replay: { kind: 'chat', url, concurrency: 4 },
      libre: { kind: 'libretranslate', url: url.replace('/v1', '') },
    },
    models: RECORDED_MODELS.map((id) => ({
      id,
      endpoint: 'replay',
      languages: ['eng', 'spa'],
      price: { input: 1, output: 2 },
    })),
    generator: { id: 'writer', endpoint: 'replay' },
    translation: [{ endpoint: 'libre' }],
    scenarios: { perValue: 3, perCall: 2 },
    paraphrases: { perQuestion: 1 },
    ...changes,
  };
}

/** Writes a project file into `folder`. It is JSON, which is also YAML. */
export function writeProject(folder: string, url: string, changes: Record<string, unknown> = {}): string {
  const path = join(folder, 'project.yaml');
  writeFileSync(path, JSON.stringify(projectOf(url, changes), null, 2));
  return path;
}
