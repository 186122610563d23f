import type { Client } from 'pg';

import { isDatabaseError } from './errors.js';
import { queryOnce } from './query-once.js';

const CHECK_MS = 5000;
/** Time for one check. Connections of {@link QueryWatchOptions.connection} have their own limit, which is shorter. */
const ANSWER_MS = 4500;
/** Checks without an answer, one after the other, after which the server counts as lost. */
const MAX_FAILURES = 5;

const STATE = `
  SELECT a.state, a.wait_event_type AS wait, p.phase,
    p.blocks_done AS "blocksDone", p.blocks_total AS "blocksTotal", p.tuples_done AS "tuplesDone",
    (SELECT string_agg(b.pid || coalesce(' (' || nullif(b.application_name, '') || ')', ''), ', ')
     FROM pg_stat_activity b WHERE b.pid = ANY(pg_blocking_pids(a.pid))) AS blockers
  FROM pg_stat_activity a LEFT JOIN pg_stat_progress_create_index p USING (pid) WHERE a.pid = $1`;

interface BackendState {
  state: string | null;
  wait: string | null;
  phase: string | null;
  blocksDone: string | null;
  blocksTotal: string | null;
  tuplesDone: string | null;
  blockers: string | null;
}

/** A connection, as this process sees it. */
export interface LinkState {
  /** Whether we wait for the server, and not for our caller. */
  waits: boolean;
  /** Bytes sent and received so far. */
  bytes: number;
  /** Whether the process of the connection is surely the one that is asked about: not behind a pooler. */
  isDirect: boolean;
}

export interface QueryWatchOptions {
  /** Process on the server that runs the queries. */
  pid: number;
  /** Database and server, for messages. */
  place: string;
  /** Creates a connection, not opened yet, that gives up after a few seconds. */
  connection: () => Client;
  /** Returns what the watched connection is doing. */
  link: () => LinkState;
  onNotice: (text: string) => void;
  /** Called once if the server does not answer any more, with the reason. */
  onLost: (reason: string) => void;
}

/**
 * Looks every five seconds over a second connection at what a query waits for, and tells the user, first after five
 * seconds and then at doubling intervals. A long query alone says nothing about the server: building a graph can take
 * hours, and a network that swallows packets leaves a connection open for as long. If the server answers, but waits for
 * us while we wait for it, the result was lost on the way: the connection is given up like a silent server.
 */
export class QueryWatch {
  readonly #timer: NodeJS.Timeout;
  readonly #start = performance.now();
  #lastAnswer = this.#start;
  #nextNotice = 0;
  #failures = 0;
  #bytes = -1;
  #isChecking = false;
  #isStopped = false;

  constructor(private readonly options: QueryWatchOptions) {
    this.#timer = setInterval(() => void this.#check(), CHECK_MS).unref();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    try {
      const found = await this.#ask();
      if (this.#isStopped) return;
      if (found === 'silent' || this.#isCutOff(found)) this.#fail();
      else {
        this.#failures = 0;
        this.#lastAnswer = performance.now();
        const waits = typeof found === 'string' ? undefined : describeWait(found);
        if (waits !== undefined) this.#notify(`${this.options.place}: ${waits}`);
      }
    } finally {
      this.#isChecking = false;
    }
  }

  /** Returns the state of the process, or why there is none. */
  async #ask(): Promise<BackendState | 'gone' | 'untold' | 'silent'> {
    try {
      const rows = await queryOnce<BackendState>(this.options.connection(), STATE, [this.options.pid], ANSWER_MS);
      return rows[0] ?? 'gone';
    } catch (error) {
      return isDatabaseError(error) ? 'untold' : 'silent'; // too many connections, for example, is an answer
    }
  }

  /** Whether both sides wait for each other, and nothing has moved since the last check. */
  #isCutOff(found: BackendState | 'gone' | 'untold'): boolean {
    const { waits, bytes, isDirect } = this.options.link();
    const hasMoved = bytes !== this.#bytes;
    this.#bytes = bytes;
    if (!waits || hasMoved || found === 'untold') return false;
    return found === 'gone' ? isDirect : waitsForUs(found);
  }

  #fail(): void {
    const silent = `has not answered for ${seconds(performance.now() - this.#lastAnswer)}`;
    if (++this.#failures === MAX_FAILURES) {
      this.stop();
      this.options.onLost(`the server ${silent}`);
    } else this.options.onNotice(`${this.options.place} ${silent} (check ${this.#failures} of ${MAX_FAILURES})`);
  }

  #notify(text: string): void {
    const passed = performance.now() - this.#start;
    if (passed < this.#nextNotice) return;
    this.#nextNotice = 2 * passed - CHECK_MS / 2; // before the tick at twice the time
    this.options.onNotice(text);
  }
}

/** Says what a process waits for; undefined if it waits for us. */
function describeWait({ state, wait, phase, blocksDone, blocksTotal, tuplesDone, blockers }: BackendState) {
  if (blockers !== null) return `waiting for a lock that another session holds, process ${blockers}`;
  if (phase !== null) {
    const blocks = Number(blocksTotal) > 0 ? `, block ${blocksDone} of ${blocksTotal}` : '';
    return `${phase}${blocks}${Number(tuplesDone) > 0 ? `, ${tuplesDone} vectors` : ''}`;
  }
  return waitsForUs({ state, wait }) ? undefined : 'waiting for the result of a query';
}

/** Whether a process has nothing to do until it hears from us. */
function waitsForUs({ state, wait }: Pick<BackendState, 'state' | 'wait'>): boolean {
  return state !== 'active' || wait === 'Client';
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
