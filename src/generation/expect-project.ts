import { expectArray, expectInteger, expectObject, expectPath, expectString, fail } from '../core/validate.js';

/**
 * Refuses what `readProject` cannot have made. Its entries are not looked into: they were checked when the file was
 * read.
 *
 * @throws EngineError `ERR_ARG_TYPE`, `ERR_ARG_RANGE`
 */
export function expectProject(value: unknown): void {
  const project = expectObject(value, 'project');
  expectString(project['name'], 'project.name');
  expectPath(project['out'], 'project.out');
  expectPath(project['encoder'], 'project.encoder');
  expectInteger(project['seed'], 'project.seed', 0);
  for (const name of ['values', 'models']) expectArray(project[name], `project.${name}`, expectObject);
  expectArray(project['languages'], 'project.languages', expectString);
  for (const name of OBJECTS) expectObject(project[name], `project.${name}`);
  for (const name of ['translators', 'languageTable'])
    if (!(project[name] instanceof Map)) fail('ERR_ARG_TYPE', 'a Map', `project.${name}`, project[name]);
}

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
  'generator',
  'prompts',
];
