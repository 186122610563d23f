import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { GENERATION_DATA } from '../../../src/generation/data-folder.js';
import { planProject } from '../../../src/generation/plan.js';
import { readProject } from '../../../src/generation/project.js';
import { readLanguageTables, readRegistry } from '../../../src/generation/project-files.js';
import { projectSchema } from '../../../src/generation/project-schema.js';
import { checkYaml } from '../../../src/generation/yaml-file.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const endpoints = {
  a: { kind: 'chat', url: 'http://localhost/v1' },
  t: { kind: 'libretranslate', url: 'http://localhost' },
};

function writeFile(folder: string, project: object): string {
  const path = join(folder, 'project.yaml');
  writeFileSync(path, JSON.stringify(project));
  return path;
}

describe('planProject', () => {
  it("counts the paper's corpus", async () => {
    const registry = await readRegistry(join(GENERATION_DATA, 'registry', 'models.yaml'));
    const models = [...registry.keys()].map((id) => ({ id, endpoint: 'a', price: { input: 1, output: 2 } }));
    const project = await readProject(
      writeFile(temporaryFolder(), {
        name: 'paper',
        values: 'reference',
        endpoints,
        models,
        generator: { id: 'w', endpoint: 'a' },
        translation: [{ endpoint: 't' }],
      }),
    );
    const { valueIds, seenValueIds, records, calls, total } = planProject(project);
    expect({ valueIds, seenValueIds, languages: project.languages.length }).toEqual({
      valueIds: 115,
      seenValueIds: 42,
      languages: 26,
    });
    expect(records).toMatchObject({
      scenarios: 86 * 50,
      paraphrases: 21_500,
      translation: 21_500 * 26,
      answers: 21_500 * 115,
    });
    const answers = calls.filter(({ stage }) => stage === 'answers');
    expect(answers.reduce((sum, entry) => sum + entry.calls, 0)).toBe(21_500 * 115);
    expect(answers.find(({ model }) => model === 'chatglm3-6b')).toMatchObject({
      calls: 43_000,
      completionTokens: 43_000 * 250,
    });
    expect(calls.find(({ stage }) => stage === 'scenarios')!.calls).toBe(86 * 5);
    // English is not translated. Every other answer is, with its question.
    const english = project.models.filter(({ languages }) => languages.includes('eng')).length;
    expect(calls.find(({ stage }) => stage === 'back-translation')!.calls).toBe(2 * 21_500 * (115 - english));
    expect(total.usd).toBeCloseTo(
      answers.reduce((sum, { promptTokens, completionTokens }) => sum + (promptTokens + 2 * completionTokens) / 1e6, 0),
      3,
    );
  });

  it('uses the results of an earlier run for the stages after them', async () => {
    const project = await readProject(
      writeFile(temporaryFolder(), {
        name: 'x',
        values: ['A'],
        endpoints,
        models: [{ id: 'm', endpoint: 'a' }],
        generator: 'm',
      }),
    );
    expect(planProject(project, { filter: 7 }).records).toMatchObject({
      scenarios: 50,
      filter: 7,
      paraphrases: 35,
      answers: 35,
    });
  });
});

describe('readProject', () => {
  it.each([
    [{ models: ['gpt-9'] }, /models\[0\]: the registry has no model "gpt-9"/],
    [{ models: ['aya-101'] }, /the model aya-101 has no endpoint/],
    [{ models: [{ id: 'm', endpoint: 't' }] }, /needs an endpoint of kind chat, and "t" is not one/],
    [
      {
        models: [
          { id: 'm', endpoint: 'a' },
          { id: 'm', endpoint: 'a' },
        ],
      },
      /models\[1\]: the model m is listed twice/,
    ],
    [{ models: [{ id: 'm', endpoint: 'a', languages: ['eng', 'spa'] }] }, /no entry translates between eng and spa/],
    [{ languages: ['eng', 'spa'] }, /languages\[1\]: no model supports the language spa/],
    [
      { models: [{ id: 'm', endpoint: 'a', languages: ['qqq'] }], translation: [{ endpoint: 't' }] },
      /the language qqq is not in the table/,
    ],
    [{ translation: [{ endpoint: 't', model: 'm' }] }, /translation\[0\]: expected either an endpoint or a model/],
    [{ values: ['A', 'A'] }, /"A" .* is listed twice/],
    [{ values: 'nowhere.jsonl' }, /nowhere\.jsonl: no such file/],
  ])('refuses %j', async (changes, message) => {
    const project = {
      name: 'x',
      values: ['A'],
      endpoints,
      models: [{ id: 'm', endpoint: 'a' }],
      generator: { id: 'w', endpoint: 'a' },
      ...changes,
    };
    await expect(readProject(writeFile(temporaryFolder(), project))).rejects.toMatchObject({
      code: 'ERR_DATA',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('data of the package', () => {
  it('has all languages of the models', async () => {
    const registry = await readRegistry(join(GENERATION_DATA, 'registry', 'models.yaml'));
    const languages = await readLanguageTables([]);
    expect(registry.size).toBe(15);
    expect(
      [...registry.values()]
        .flatMap(({ languages: spoken = [] }) => spoken)
        .filter((language) => !languages.has(language)),
    ).toEqual([]);
  });

  it('is documented by a valid project file', () => {
    const [, example] =
      /```yaml\n([\s\S]*?)```/.exec(readFileSync(new URL('../../../docs/generation.md', import.meta.url), 'utf8')) ??
      [];
    expect(checkYaml('docs', example!, projectSchema).value.name).toBe('my-corpus');
  });
});
