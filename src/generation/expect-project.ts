import { expectInteger, expectObject, expectPath, expectString } from '../core/validate.js';
import { expectOwnObjects } from './own-objects.js';
import type { Project } from './project.js';

const OBJECTS = [
  'scenarios',
  'questions',
  'filter',
  'paraphrases',
  'answers',
  'budget',
  'failures',
  'report',
  'endpoints',
  'values',
  'models',
  'generator',
  'languages',
  'translators',
  'languageTable',
  'prompts',
] as const satisfies readonly (keyof Project)[];

/**
 * Expects a project from `readProject`, which checked that its objects fit together. A copy can have other strings and
 * numbers, such as another `out`.
 *
 * @returns a copy, because the caller may change the object while the call runs
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`
 */
export function expectProject(value: unknown): Project {
  const project = { ...expectObject(value, 'project') };
  expectString(project['name'], 'project.name');
  expectPath(project['out'], 'project.out');
  expectPath(project['encoder'], 'project.encoder');
  expectInteger(project['seed'], 'project.seed', 0);
  expectOwnObjects(project, 'project', OBJECTS, 'readProject');
  return project as unknown as Project;
}
