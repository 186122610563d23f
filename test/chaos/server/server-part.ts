import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openDataset } from '../../../src/datasets/dataset.js';
import { freePort } from '../../support/redis-server.js';
import { makeServedDataset } from '../../support/served.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { Disk } from '../disk.js';
import { Disturbance } from '../disturbance.js';
import type { ChaosLog } from '../log.js';
import { networkFaults } from '../network.js';
import type { Part } from '../part.js';
import { lastLine, Program } from '../program.js';
import { makeChanges } from './changes.js';
import { checkRows, countLost } from './check-rows.js';
import { Client } from './client.js';
import { beHostile } from './hostile-client.js';
import { Ledger } from './ledger.js';
import { makeReads } from './reads.js';

const DISK_MB = 256;
const MAX_BODY_MIB = 2;
const DRAIN_S = 5;
/** Time for the end of a server beyond that for its requests. */
const END_S = 5;
const CHANGING = 4;
const READING = 3;
const HOSTILE = 2;
const KEY = 'chaos-key-of-the-clients';

/** `univar serve` of a small dataset, with clients that change it, clients that read it, and hostile ones. */
export async function makeServerPart(scratch: string, seed: number, log: ChaosLog): Promise<Part> {
  const disk = await Disk.make(join(scratch, 'served'), DISK_MB);
  const { dir } = await makeServedDataset(disk.folder);
  rmSync(join(dir, 'index.json')); // exact search finds all rows
  const { dim } = await openDataset(dir);
  const keys = join(scratch, 'keys');
  writeFileSync(keys, `${KEY} admin\n`);
  const port = await freePort();
  const disturbs = new Disturbance();
  const network = await TcpProxy.start({ port, host: '127.0.0.1' });
  const server = new Program(
    {
      name: 'server',
      args: () => [
        ...['serve', '--index', dir, '--port', String(port), '--json', '--api-key-file', keys],
        ...['--max-body', String(MAX_BODY_MIB), '--drain-timeout', String(DRAIN_S), '--log-level', 'error'],
      ],
      ready: /}\n/,
      endsWithinMs: 1000 * (DRAIN_S + END_S),
      endCode: 0,
      disturbs,
      keep: true,
      onEnd: ({ code, stderr }, isExplained) => {
        log.say(`the server ended with ${code}: ${lastLine(stderr)}`);
        log.expect(isExplained, `the server ended although nothing was disturbed: ${lastLine(stderr)}`);
      },
    },
    log,
  );
  await server.start();
  const ledger = new Ledger();
  const client = (through: number): Client =>
    new Client({ url: `http://127.0.0.1:${through}`, key: KEY, disturbs, log });
  const target = { port, key: KEY, maxBody: MAX_BODY_MIB * 2 ** 20 };
  return {
    name: 'server',
    skipped: disk.reason === undefined ? [] : [`full disk of the server: ${disk.reason}`],
    faults: [
      ...server.faults(),
      ...networkFaults('network of the server', network, disturbs, true),
      ...disk.faults('disk of the server', disturbs),
    ],
    load: async (until) => {
      const each = (count: number, act: (seed: number) => Promise<void>): Promise<void>[] =>
        Array.from({ length: count }, (_, i) => act(100 * seed + i));
      const clients = client(network.port);
      await Promise.all([
        ...each(CHANGING, (own) => makeChanges({ client: clients, ledger, dim, seed: own, log }, until)),
        ...each(READING, (own) => makeReads(clients, own + 10, until)),
        ...each(HOSTILE, (own) => beHostile(target, { seed: own + 20, disturbs, log }, until)),
      ]);
    },
    check: async () => {
      await server.start();
      log.expect(
        (await countLost(client(port), ledger)) === 0,
        'acknowledged answers are not found before the restart',
      );
      await server.terminate();
      await checkRows(dir, ledger, log);
      await server.start();
      const lost = await countLost(client(port), ledger);
      log.expect(lost === 0, `${lost} acknowledged answers are not found after the restart`);
      await server.terminate();
    },
    close: async () => {
      await server.kill();
      await network.close();
      disk.close();
    },
  };
}
