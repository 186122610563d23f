import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CliResult } from '../../support/cli.js';
import { NO_POSTGRES, PostgresServer } from '../../support/postgres-server.js';
import { makeServedDataset } from '../../support/served.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { Disturbance } from '../disturbance.js';
import type { ChaosLog } from '../log.js';
import { networkFaults } from '../network.js';
import type { Part } from '../part.js';
import { lastLine, Program } from '../program.js';
import { serviceFaults } from '../service.js';
import { checkTable } from './check-table.js';
import { TableLoad } from './table-load.js';

const END_MS = 5000;
const INTERRUPTED = 143;
const LOAD_MS = 120_000;
const RETRY_MS = 2000;
const TABLE = 'loaded';

/** PostgreSQL with a dataset that is loaded again and again, and a table that changes. */
export async function makePostgresPart(scratch: string, seed: number, log: ChaosLog): Promise<Part | string> {
  if (NO_POSTGRES !== undefined) return NO_POSTGRES;
  const folder = join(scratch, 'postgres');
  mkdirSync(folder);
  const { dir } = await makeServedDataset(folder);
  const server = await PostgresServer.start();
  const network = await TcpProxy.start({ path: server.socket });
  const url = `postgres://postgres@127.0.0.1:${network.port}/postgres`;
  const disturbs = new Disturbance();
  await server.query('CREATE EXTENSION vector');
  const changes = new TableLoad({ url, table: 'changed' }, seed, disturbs, log);
  let ended: CliResult | undefined;
  const loader = new Program(
    {
      name: 'loader',
      args: () => ['index', dir, '--no-fit', '--to', url, '--table', TABLE, '--overwrite', '--json'],
      endsWithinMs: END_MS,
      endCode: INTERRUPTED,
      disturbs,
      onEnd: (result, isExplained) => {
        ended = result;
        log.count(`PostgreSQL: loads that ended with ${result.code}`);
        if (result.code === 0) return;
        log.say(`the loader ended with ${result.code}: ${lastLine(result.stderr)}`);
        log.expect(isExplained, `the loader ended although nothing was disturbed: ${lastLine(result.stderr)}`);
      },
    },
    log,
  );
  /** Returns the result; undefined if a fault ended it. */
  const loadOnce = async (): Promise<CliResult | undefined> => {
    ended = undefined;
    await loader.start();
    while (loader.child) await sleep(100);
    return ended;
  };
  return {
    name: 'postgres',
    skipped: [],
    faults: [
      ...loader.faults(),
      ...serviceFaults(
        'PostgreSQL',
        {
          start: () => server.start(),
          kill: () => server.kill('SIGKILL'),
          pause: () => server.pause(),
          resume: () => server.resume(),
        },
        disturbs,
      ),
      ...networkFaults('network of PostgreSQL', network, disturbs),
    ],
    load: async (until) => {
      const loading = (async () => {
        while (!until.aborted) if ((await loadOnce())?.code !== 0) await sleep(RETRY_MS);
      })();
      await Promise.all([loading, changes.run(until)]);
    },
    check: async () => {
      const end = performance.now() + LOAD_MS;
      let last: CliResult | undefined;
      while (last?.code !== 0 && performance.now() < end) last = await loadOnce();
      log.expect(last?.code === 0, `the dataset could not be loaded within ${LOAD_MS / 1000} s without faults`);
      await checkTable(server, TABLE, dir, log);
      await changes.check(server);
    },
    close: async () => {
      await loader.kill();
      await network.close();
      await server.stop();
    },
  };
}
