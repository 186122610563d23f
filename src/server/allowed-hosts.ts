import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

import { EngineError } from '../core/errors.js';
import { ApiError } from './api-error.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');
const WILDCARDS = new Set(['0.0.0.0', '::']);
const LONGEST_NAME = 100;

/**
 * The names and addresses by which clients can address this server.
 *
 * A page of another site can point its own name at this server's address (DNS rebinding). The browser then takes the
 * server for a part of that site and lets its scripts read and change everything. Only the name in `Host` tells such
 * requests apart. An address in `Host` cannot be rebound, because the browser looks up no name.
 */
export class AllowedHosts {
  readonly #names: ReadonlySet<string>;
  readonly #anyAddress: boolean;

  /**
   * @param host address or name that the server listens on; `0.0.0.0` and `::` stand for all addresses of the machine
   * @param names further names, for example that of a proxy
   * @throws EngineError `ERR_ARG_RANGE` for a name with a scheme, a port or a path
   */
  constructor(host: string, names: readonly string[] = []) {
    const own = parseAuthority(bracketed(host.replace(/%.*/, '')))?.name;
    this.#names = new Set(['localhost', ...(own === undefined ? [] : [own]), ...names.map(expectName)]);
    this.#anyAddress = own !== undefined && WILDCARDS.has(own);
  }

  /**
   * Accepts a request that was sent to this server and not by a page of another origin.
   *
   * @throws ApiError `bad_request` unless there is exactly one valid `Host`; `unknown_host` if it is not a name of this
   *   server; `cross_site` if `Origin` is not the origin of this server
   */
  expect({ headers, headersDistinct, socket }: Pick<IncomingMessage, 'headers' | 'headersDistinct' | 'socket'>): void {
    const hosts = headersDistinct['host'] ?? [];
    if (hosts.length !== 1)
      throw new ApiError('bad_request', `Expected one header "Host", got ${hosts.length || 'none'}`);
    const host = parseAuthority(hosts[0]!);
    if (!host) throw new ApiError('bad_request', 'Expected a name or an address, with or without a port, for "Host"');
    if (!this.#accepts(host.name, socket.localAddress)) {
      const name = host.name.slice(0, LONGEST_NAME);
      throw new ApiError(
        'unknown_host',
        `"${name}" is not a name of this server; if it should be, start the server with --allowed-host ${name}`,
      );
    }
    if (headers.origin !== undefined && !isSameOrigin(headers.origin, host)) {
      throw new ApiError(
        'cross_site',
        'Pages of other origins cannot use this server; a proxy in front of it must pass on the header "Host"',
      );
    }
  }

  #accepts(name: string, localAddress: string | undefined): boolean {
    const family = isIP(name);
    if (family === 0) return this.#names.has(name);
    return (
      this.#anyAddress ||
      this.#names.has(name) ||
      name === localAddress ||
      LOOPBACK.check(name, family === 6 ? 'ipv6' : 'ipv4')
    );
  }
}

interface Authority {
  /** In lower case, without a dot at the end and without brackets. */
  name: string;
  /** Empty if there is none. */
  port: string;
}

/** Parses `name`, `name:port`, `1.2.3.4:port` or `[::1]:port`; undefined for everything else. */
function parseAuthority(text: string): Authority | undefined {
  if (!/^[^\s/?#@\\]+$/.test(text)) return undefined;
  const url = URL.canParse(`ws://${text}`) ? new URL(`ws://${text}`) : undefined;
  if (!url) return undefined;
  const name = url.hostname.replace(/\.$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === '' ? undefined : { name, port: url.port };
}

/** Whether an origin is that of a page at this host. The scheme is that of the proxy, if there is one. */
function isSameOrigin(origin: string, host: Authority): boolean {
  const [, scheme, authority = ''] = /^(https?):\/\/(.*)$/i.exec(origin) ?? [];
  const { name, port } = parseAuthority(authority) ?? {};
  const defaultPort = scheme?.toLowerCase() === 'https' ? '443' : '';
  return name === host.name && (port || defaultPort) === (host.port || defaultPort);
}

/** @throws EngineError `ERR_ARG_RANGE` */
function expectName(text: string): string {
  const authority = parseAuthority(bracketed(text));
  if (!authority || /:\d*$/.test(bracketed(text)))
    throw new EngineError(
      'ERR_ARG_RANGE',
      `Expected a host name or an address, without scheme and port, for --allowed-host, got "${text}"`,
    );
  return authority.name;
}

function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}
