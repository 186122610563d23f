import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../../core/errors.js';
import { withFileErrors } from '../../core/file-errors.js';
import { makeFolder } from '../../core/make-folder.js';
import { GENERATION_DATA } from '../../generation/data-folder.js';
import { PROMPT_NAMES } from '../../generation/prompts.js';
import type { CliContext } from '../context.js';

/** Writes a starter project into a new or empty folder. */
export async function initProject(folder: string, context: CliContext): Promise<void> {
  await makeFolder(join(folder, 'prompts'));
  await withFileErrors(`write ${folder}`, async () => {
    const existing = (await readdir(folder)).filter((name) => name !== 'prompts');
    if (existing.length > 0 || (await readdir(join(folder, 'prompts'))).length > 0)
      throw new EngineError('ERR_DATA', `The folder ${folder} is not empty; choose a new or empty one`);
    await copyFile(join(GENERATION_DATA, 'project.yaml'), join(folder, 'project.yaml'));
    for (const name of PROMPT_NAMES)
      await copyFile(join(GENERATION_DATA, 'prompts', `${name}.md`), join(folder, 'prompts', `${name}.md`));
  });
  context.print(
    `Edit ${join(folder, 'project.yaml')} and the prompts beside it. ` +
      `Then print the plan: univar generate ${join(folder, 'project.yaml')} --dry-run`,
  );
}
