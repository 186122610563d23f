/** The full-text index of a dataset: a table of SQLite's FTS5 without the texts, in one file. */
import { copyFile, rename, rm, stat } from 'node:fs/promises';
import type { Database, Statement } from 'node-sqlite3-wasm';

import { OPTIONAL_FEATURES } from '../../core/optional-features.js';
import { importOptional } from '../../core/optional-package.js';
import type { Dataset } from '../../datasets/dataset.js';
import type { Matches } from '../api-types.js';
import { separateWords } from './text-query.js';

/** More matches than this are not ranked: that would take longer than a second. */
const MOST_RANKED = 20_000;
const BEST = 'rank';
/** SQLite's page cache, in KiB. */
const CACHE_KIB = 65_536;
const SETUP = `
  PRAGMA page_size = 16384;
  PRAGMA journal_mode = OFF;
  PRAGMA synchronous = OFF;
  CREATE VIRTUAL TABLE answers USING fts5(question, answer, content = '', tokenize = 'unicode61 remove_diacritics 2');
  CREATE TABLE made (shards TEXT);
`;

type Sqlite = new (file?: string, options?: { fileMustExist?: boolean; readOnly?: boolean }) => Database;

export class TextIndex {
  private constructor(private readonly database: Database) {}

  /**
   * Opens the index of a dataset, or builds it. Answers that were added since are added to a copy, which replaces it.
   *
   * @param file undefined for an index in memory
   * @throws EngineError `ERR_DATA`, `ERR_IO`, `ERR_NATIVE_LOAD` without the package
   */
  static async open(
    dataset: Dataset,
    file: string | undefined,
    { note, onProgress }: { note: (text: string) => void; onProgress: (rows: number) => void },
  ): Promise<TextIndex> {
    const Sqlite = await importSqlite();
    const shards = dataset.manifest.shards.map(({ records }) => records.sha256);
    if (file === undefined) {
      const database = new Sqlite();
      await build(database, dataset, 0, onProgress);
      return new TextIndex(database);
    }
    await unlock(file);
    const indexed = await indexedShards(Sqlite, file, note);
    // Those of a dataset that was added to since. All others are of no use.
    const known = indexed?.every((sha256, i) => sha256 === shards[i]) ? indexed.length : 0;
    if (known !== shards.length) {
      const fresh = `${file}.new`;
      await rm(fresh, { force: true });
      await unlock(fresh);
      if (known > 0) await copyFile(file, fresh);
      const database = new Sqlite(fresh);
      try {
        await build(database, dataset, known, onProgress);
      } finally {
        database.close();
      }
      await rename(fresh, file);
    }
    const database = new Sqlite(file, { readOnly: true });
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    return new TextIndex(database);
  }

  /** Finds the first matches of a query. */
  find(query: string, limit: number): Matches {
    const counted = this.database.get('SELECT count(*) AS n FROM answers WHERE answers MATCH ?', [query]);
    const total = Number(counted!['n']);
    const isRanked = total <= MOST_RANKED;
    const order = isRanked ? ` ORDER BY ${BEST}` : '';
    const sql = `SELECT rowid AS id FROM answers WHERE answers MATCH ?${order} LIMIT ?`;
    const rows = this.database.all(sql, [query, limit]).map(({ id }) => Number(id) - 1);
    return { total, rows, isRanked };
  }

  /** Returns all matches, one bit per row, the first one lowest. */
  findAll(query: string, rows: number): Uint8Array {
    const bitmap = new Uint8Array(Math.ceil(rows / 8));
    for (const { id } of this.database.all('SELECT rowid AS id FROM answers WHERE answers MATCH ?', [query])) {
      const row = Number(id) - 1;
      if (row < rows) bitmap[row >> 3]! |= 1 << (row & 7);
    }
    return bitmap;
  }

  close(): void {
    this.database.close();
  }
}

async function importSqlite(): Promise<Sqlite> {
  const { default: sqlite } = await importOptional(OPTIONAL_FEATURES.textSearch, () => import('node-sqlite3-wasm'));
  return sqlite.Database;
}

/** Removes the lock of a process that was killed. Nobody writes to the finished file, so readers need none. */
function unlock(file: string): Promise<void> {
  return rm(`${file}.lock`, { recursive: true, force: true });
}

async function indexedShards(
  Sqlite: Sqlite,
  file: string,
  note: (text: string) => void,
): Promise<string[] | undefined> {
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  try {
    const database = new Sqlite(file, { readOnly: true });
    try {
      return JSON.parse(database.get('SELECT shards FROM made')?.['shards'] as string) as string[];
    } finally {
      database.close();
    }
  } catch {
    note(`${file} is damaged; making it again`);
    return undefined;
  }
}

async function build(
  database: Database,
  dataset: Dataset,
  firstShard: number,
  onProgress: (rows: number) => void,
): Promise<void> {
  const { shards } = dataset.manifest;
  database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
  if (firstShard === 0) database.exec(SETUP);
  let row = shards.slice(0, firstShard).reduce((sum, { rows }) => sum + rows, 0);
  const insert: Statement = database.prepare('INSERT INTO answers (rowid, question, answer) VALUES (?, ?, ?)');
  try {
    for (let shard = firstShard; shard < shards.length; shard++) {
      database.exec('BEGIN');
      for await (const block of dataset.shardRecordBlocks(shard)) {
        for (const { question, answer } of block) insert.run([++row, separateWords(question), separateWords(answer)]);
        onProgress(row);
      }
      database.exec('COMMIT');
    }
  } finally {
    insert.finalize();
  }
  database.run('DELETE FROM made');
  database.run('INSERT INTO made VALUES (?)', [JSON.stringify(shards.map(({ records }) => records.sha256))]);
}
