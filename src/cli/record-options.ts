import type { Command } from 'commander';

import type { QaRecord } from '../records/record.js';
import { columnMap } from './parse-options.js';

const FIELDS = ['qid', 'question', 'answer', 'model', 'lang', 'group'] as const satisfies readonly (keyof QaRecord)[];

/** Adds `--columns`. */
export function addColumnsOption(command: Command): Command {
  return command.option(
    '--columns <field=column,...>',
    `columns for ${FIELDS.join(', ')} if they have other names`,
    columnMap(FIELDS),
  );
}

/** Adds `--columns`, `--model` and `--lang`. */
export function addRecordOptions(command: Command): Command {
  return addColumnsOption(command)
    .option('--model <name>', 'model of rows without one')
    .option('--lang <code>', 'language of rows without one, for example eng, en or English');
}
