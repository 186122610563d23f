import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client } from 'pg';

/** Newest version of Debian's PostgreSQL with pgvector 0.8 or later. */
const VERSION = listOf('/usr/lib/postgresql')
  .filter(hasPgvector)
  .sort((a, b) => Number(b) - Number(a))[0];
const BIN = `/usr/lib/postgresql/${VERSION}/bin`;

/** Reason to skip tests with PostgreSQL; undefined if they can run. */
export const NO_POSTGRES =
  VERSION === undefined
    ? 'PostgreSQL with pgvector 0.8 is not installed (Debian: apt-get install postgresql-17 postgresql-17-pgvector)'
    : undefined;

/** Role with a password. All other roles are trusted. */
export const GUARDED = { user: 'guarded', password: 'a/b@c' };

/** A private PostgreSQL server, reached by a socket in its folder and not over the network. */
export class PostgresServer {
  #child: ChildProcess | undefined;

  private constructor(private readonly folder: string) {}

  /** @param settings lines of postgresql.conf. @default little memory, and one process for each graph */
  static async start(
    settings = 'shared_buffers = 32MB\nmax_parallel_maintenance_workers = 0\n',
  ): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'univar-postgres-'));
    const { uid, gid } = serverUser();
    if (uid !== undefined) chownSync(folder, uid, gid!);
    const data = join(folder, 'data');
    const made = spawnSync(
      `${BIN}/initdb`,
      ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '--no-locale', '--encoding=UTF8'],
      { uid, gid, cwd: '/', encoding: 'utf8' },
    );
    if (made.status !== 0) throw new Error(made.stderr);
    const rules = join(data, 'pg_hba.conf');
    writeFileSync(rules, `local all ${GUARDED.user} scram-sha-256\n${readFileSync(rules, 'utf8')}`);
    appendFileSync(
      join(data, 'postgresql.conf'),
      `listen_addresses = ''\nunix_socket_directories = '${folder}'\nfsync = off\n${settings}`,
    );
    const server = new PostgresServer(folder);
    await server.start();
    await server.query(`CREATE ROLE ${GUARDED.user} LOGIN PASSWORD '${GUARDED.password}'`);
    return server;
  }

  /** @param options settings of the session, such as `-c enable_seqscan=off` */
  url({
    database = 'postgres',
    user = 'postgres',
    options = '',
  }: {
    database?: string;
    user?: string;
    options?: string;
  } = {}): string {
    const setting = options === '' ? '' : `&options=${encodeURIComponent(options)}`;
    return `postgres://${user}@/${database}?host=${this.folder}${setting}`;
  }

  /** Path of its socket. */
  get socket(): string {
    return join(this.folder, '.s.PGSQL.5432');
  }

  /** Starts or restarts the server with all committed data. */
  async start(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      // After a crash, it does not start until all processes of the old server have ended.
      if (this.#child?.exitCode !== null)
        this.#child = spawn(`${BIN}/postgres`, ['-D', join(this.folder, 'data')], {
          ...serverUser(),
          cwd: '/',
          stdio: 'ignore',
        });
      try {
        await this.query('SELECT 1');
        return;
      } catch (error) {
        if (attempt > 400) throw error;
        await sleep(25);
      }
    }
  }

  /** Runs statements over a new connection and returns the rows of the last. */
  async query(text: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.url({ database }) });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const results = [await client.query<Record<string, unknown>>(text)].flat();
      return results.at(-1)!.rows;
    } finally {
      await client.end();
    }
  }

  /** Stops the server and removes its folder. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true });
  }

  /** Stops all its processes, without closing connections, until {@link resume}. */
  pause(): void {
    this.#signalAll('SIGSTOP');
  }

  resume(): void {
    this.#signalAll('SIGCONT');
  }

  /**
   * Kills the server like a crash: uncommitted data are lost.
   *
   * @param signal with `SIGKILL`, the main process does not even tell the others
   */
  async kill(signal: 'SIGQUIT' | 'SIGKILL' = 'SIGQUIT'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  /** CPU time that its processes have used so far, also those that have ended. */
  get cpuSeconds(): number {
    const TICKS_PER_SECOND = 100;
    let ticks = 0;
    for (const [i, pid] of this.#processes.entries()) {
      const path = `/proc/${pid}/stat`;
      if (!existsSync(path)) continue; // has ended meanwhile
      const fields = readFileSync(path, 'utf8').split(') ').at(-1)!.split(' ').map(Number);
      for (const value of fields.slice(11, i === 0 ? 15 : 13)) ticks += value; // user, system; those of ended children
    }
    return ticks / TICKS_PER_SECOND;
  }

  /** The main process, and those that it has started. */
  get #processes(): number[] {
    const pid = this.#child?.pid;
    if (pid === undefined) return [];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return [pid, ...children.map(Number)];
  }

  #signalAll(signal: NodeJS.Signals): void {
    for (const pid of this.#processes) process.kill(pid, signal);
  }
}

/** Returns Debian's user for the server if this process is root, because the server refuses to run as root. */
function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [, , uid, gid] = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith('postgres:'))!
    .split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

function hasPgvector(version: string): boolean {
  const control = `/usr/share/postgresql/${version}/extension/vector.control`;
  const [, minor] = /default_version = '0\.(\d+)/.exec(existsSync(control) ? readFileSync(control, 'utf8') : '') ?? [];
  return Number(minor) >= 8 && existsSync(`/usr/lib/postgresql/${version}/bin/initdb`);
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
