import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type CliResult, runCli } from '../support/cli.js';
import { GRAPH_ONLY, PgVectorScene } from '../support/pgvector-scene.js';
import { NO_POSTGRES } from '../support/postgres-server.js';

const SAMPLE = fileURLToPath(new URL('../../examples/quickstart/answers.jsonl.gz', import.meta.url));

describe.skipIf(NO_POSTGRES !== undefined)(
  `an index in PostgreSQL on the command line${NO_POSTGRES === undefined ? '' : ` (${NO_POSTGRES})`}`,
  () => {
    const scene = new PgVectorScene();
    const shard = new PgVectorScene();
    const scratch = mkdtempSync(join(tmpdir(), 'univar-pgvector-'));
    const [values, others] = [join(scratch, 'values'), join(scratch, 'others')];
    const text = 'Everyone should decide that for themselves.';
    const ranking = ({ stdout }: CliResult): unknown =>
      (JSON.parse(stdout) as { texts: { ranking: { valueId: string; votes: number }[] }[] }).texts[0]!.ranking.map(
        ({ valueId, votes }) => [valueId, votes],
      );

    beforeAll(async () => {
      const lines = gunzipSync(readFileSync(SAMPLE)).toString().trimEnd().split('\n');
      const encoder = join(scratch, 'encoder');
      expect((await runCli(['random-encoder', '--layers', '1', '--hidden', '32', '--out', encoder])).code).toBe(0);
      for (const [folder, some] of [
        [values, lines.slice(0, 300)],
        [others, lines.slice(300, 500)],
      ] as const) {
        writeFileSync(`${folder}.jsonl`, `${some.join('\n')}\n`);
        expect(
          await runCli(['embed', `${folder}.jsonl`, '--encoder', encoder, '--out', folder], {
            env: { UNIVAR_THREADS: '1' },
          }),
        ).toMatchObject({ code: 0 });
      }
    });
    afterAll(() => {
      rmSync(scratch, { recursive: true });
    });

    it('loads a dataset and identifies like exact search', async () => {
      const loaded = await runCli(['index', values, '--no-fit', '--to', scene.server.url(), '--json']);
      expect(JSON.parse(loaded.stdout)).toMatchObject({
        table: 'univar',
        factory: 'HNSW32',
        metric: 'l2',
        rows: 300,
      });
      const inDatabase = await runCli([
        'identify',
        values,
        '--index',
        scene.server.url({ options: GRAPH_ONLY }),
        '--text',
        text,
        '--json',
        '--ef-search',
        '300',
      ]);
      expect(inDatabase).toMatchObject({ code: 0, stderr: '' });
      expect(ranking(inDatabase)).toEqual(
        ranking(await runCli(['identify', values, '--exact', '--text', text, '--json'])),
      );
      const filtered = ['identify', values, '--text', text, '--json', '--filter-lang', 'eng', '--filter-model'];
      const [model] = (await scene.server.query('SELECT model FROM univar LIMIT 1')).map((row) => String(row['model']));
      const found = await runCli([...filtered, model!, '--index', scene.server.url(), '--ef-search', '300']);
      expect(found).toMatchObject({ code: 0, stderr: '' });
      expect(ranking(found)).toEqual(ranking(await runCli([...filtered, model!, '--exact'])));
      const models = await scene.server.query('SELECT DISTINCT model, lang FROM univar ORDER BY model');
      expect(models[0]).toEqual({ model: 'llama-2-13b-chat-hf', lang: 'eng' });
    });

    it('rejects a table of other embeddings, and replaces one only on request', async () => {
      expect(await runCli(['identify', others, '--index', scene.server.url(), '--text', text])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /holds 300 vectors of 32 entries, which are not the 200 vectors of .*others/,
        ) as string,
      });
      const at = ['--table', 'others'];
      await runCli(['index', others, '--no-fit', '--to', scene.server.url(), ...at]);
      const wrong = await runCli(['identify', values, '--index', scene.server.url(), ...at, '--text', text]);
      expect(wrong.stderr).toContain('--to URL --table NAME", or replace those with');
      expect(wrong.stderr).toContain('--to URL --table others --overwrite"');
      expect(await runCli(['index', others, '--no-fit', '--to', scene.server.url()])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('replace it (--overwrite)') as string,
      });
      expect(
        await runCli([
          'index',
          others,
          '--no-fit',
          '--to',
          scene.server.url(),
          '--overwrite',
          '--factory',
          'HNSW8,SQfp16',
        ]),
      ).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('Indexed 200 vectors with HNSW8,SQfp16 (l2)') as string,
      });
      expect((await runCli(['identify', others, '--index', scene.server.url(), '--text', text])).code).toBe(0);
    });

    it('loads a dataset into two servers, and identifies by the URL of the first', async () => {
      const at = ['--table', 'two', '--json'];
      const urls = ['--to', scene.server.url(), '--shard', shard.server.url()];
      const loaded = await runCli(['index', values, '--no-fit', ...urls, ...at]);
      const report = JSON.parse(loaded.stdout) as { places: string[] };
      expect(report).toMatchObject({ table: 'two', rows: 300, selfRecall: 1 });
      expect(report.places).toHaveLength(2);
      const asked = ['identify', values, '--text', text, '--json', '--ef-search', '300'];
      const found = await runCli([...asked, '--index', scene.server.url(), '--table', 'two']);
      expect(found).toMatchObject({ code: 0, stderr: '' });
      expect(ranking(found)).toEqual(ranking(await runCli(['identify', values, '--exact', '--text', text, '--json'])));
    });

    it('rejects options that cannot be combined', async () => {
      for (const args of [
        ['index', values, '--table', 'x'],
        ['index', values, '--overwrite'],
        ['index', values, '--shard', scene.server.url()],
        ['identify', values, '--table', 'x', '--text', text],
        ['identify', values, '--exact', '--index', scene.server.url(), '--text', text],
        ['index', values, '--no-fit', '--to', 'mysql://host/x'],
      ]) {
        expect((await runCli(args)).code).toBe(2);
      }
    });
  },
);
