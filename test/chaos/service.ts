import type { Disturbance } from './disturbance.js';
import type { Fault } from './fault.js';

const DOWN_S = [0, 4] as const;
const PAUSE_S = [0.5, 20] as const;

/** A server of others that univar uses. */
export interface OtherServer {
  start: () => Promise<void>;
  kill: () => Promise<void>;
  pause: () => void;
  resume: () => void;
}

/** What can happen to a server of others. */
export function serviceFaults(target: string, server: OtherServer, disturbs: Disturbance): Fault[] {
  return [
    {
      target,
      name: 'kill -9',
      seconds: DOWN_S,
      disturbs,
      begin: async () => {
        await server.kill();
        return () => server.start();
      },
    },
    {
      target,
      name: 'SIGSTOP',
      seconds: PAUSE_S,
      disturbs,
      begin: () => {
        server.pause();
        return () => server.resume();
      },
    },
  ];
}
