import type { TcpProxy } from '../support/tcp-proxy.js';
import type { Disturbance } from './disturbance.js';
import type { Fault } from './fault.js';

const LOST_S = [0.5, 12] as const;

/**
 * What can happen to the network in front of a server: it swallows all data, or cuts all connections.
 *
 * @param cutsAtEnd whether connections that swallowed data are cut at last; otherwise the client has to notice
 */
export function networkFaults(target: string, proxy: TcpProxy, disturbs: Disturbance, cutsAtEnd = false): Fault[] {
  return (['swallow', 'cut'] as const).map((mode) => ({
    target,
    name: mode === 'swallow' ? 'swallows all data' : 'cuts connections',
    seconds: LOST_S,
    disturbs,
    begin: () => {
      proxy.mode = mode;
      return () => {
        // Otherwise, clients would wait on connections that stay silent for ever.
        if (cutsAtEnd) proxy.mode = 'cut';
        proxy.mode = 'pass';
      };
    },
  }));
}
