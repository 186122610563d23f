/** Folder of a project's results: its files and the states of the stages. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { systemCode, withFileErrors } from '../core/file-errors.js';
import { replaceFile } from '../core/replace-file.js';
import type { FileSummary } from './record-file.js';
import type { StageName } from './stages/stage.js';

/** File of the records of each stage. */
export const STAGE_FILES: Readonly<Record<'values' | StageName, string>> = {
  values: 'values.jsonl',
  scenarios: 'scenarios.jsonl',
  questions: 'questions.jsonl',
  filter: 'kept-questions.jsonl',
  paraphrases: 'phrasings.jsonl',
  translation: 'translations.jsonl',
  answers: 'answers.jsonl',
  'back-translation': 'qa.jsonl',
};

/** Result of a stage. */
export interface StageState {
  /** Hash of settings and input. A stage with the same fingerprint has the same result. */
  fingerprint: string;
  output: FileSummary;
  inputs: number;
  /** Number of records left out and other losses, by reason. */
  rejects: Record<string, number>;
  /** Number of calls of the stage, and how many of them failed permanently. */
  calls: number;
  failedCalls: number;
  seconds: number;
}

export class ProjectFolder {
  readonly #stages: Partial<Record<string, StageState>>;

  private constructor(
    readonly path: string,
    stages: Partial<Record<string, StageState>>,
  ) {
    this.#stages = stages;
  }

  /** Reads the states of the stages. A missing or damaged file counts as no stage done. */
  static async open(path: string): Promise<ProjectFolder> {
    try {
      const value: unknown = JSON.parse(await readFile(join(path, 'stages.json'), 'utf8'));
      return new ProjectFolder(path, typeof value === 'object' && value !== null ? value : {});
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return new ProjectFolder(path, {});
      return withFileErrors(`read ${path}`, () => Promise.reject(error as Error));
    }
  }

  file(stage: 'values' | StageName): string {
    return join(this.path, STAGE_FILES[stage]);
  }

  rejectsFile(stage: StageName): string {
    return join(this.path, 'rejects', `${stage}.jsonl`);
  }

  state(stage: StageName): StageState | undefined {
    return this.#stages[stage];
  }

  async setState(stage: StageName, state: StageState): Promise<void> {
    this.#stages[stage] = state;
    await replaceFile(join(this.path, 'stages.json'), [`${JSON.stringify(this.#stages, null, 2)}\n`]);
  }
}
