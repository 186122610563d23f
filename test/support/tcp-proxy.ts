import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';

/** `pass` forwards everything; `swallow` accepts and reads, and never answers; `cut` closes connections at once. */
export type ProxyMode = 'pass' | 'swallow' | 'cut';

/**
 * A server on a free port that forwards to another one, as a network that can fail. Data that were swallowed are lost:
 * connections that were open then stay silent, also after the proxy passes again, until one end closes them.
 */
export class TcpProxy {
  readonly #sockets = new Set<Socket>();
  /** Ends of connections whose other end closed while nothing got through. */
  readonly #halfOpen = new Set<Socket>();
  #mode: ProxyMode;

  private constructor(
    private readonly server: Server,
    target: NetConnectOpts | undefined,
    mode: ProxyMode,
  ) {
    this.#mode = mode;
    server.on('connection', (socket) => this.#accept(socket, target));
  }

  /** @param target server to forward to; without one, the proxy only swallows */
  static async start(target?: NetConnectOpts): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, target, target ? 'pass' : 'swallow');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The proxy does not listen');
    return address.port;
  }

  /** Open connections, on both sides. */
  get connections(): number {
    return this.#sockets.size;
  }

  set mode(mode: ProxyMode) {
    this.#mode = mode;
    if (mode === 'cut') this.#destroyAll();
    if (mode === 'swallow') return;
    // As keep-alive does soon after a network is back.
    for (const socket of this.#halfOpen) socket.destroy();
    this.#halfOpen.clear();
  }

  async close(): Promise<void> {
    this.#destroyAll();
    this.server.close();
    await once(this.server, 'close');
  }

  #accept(socket: Socket, target: NetConnectOpts | undefined): void {
    if (this.#mode === 'cut') return void socket.destroy();
    this.#keep(socket);
    if (!target || this.#mode === 'swallow') return void socket.resume();
    const other = connect(target);
    this.#keep(other);
    let isDead = false;
    for (const [from, to] of [
      [socket, other],
      [other, socket],
    ] as const) {
      from.on('data', (bytes) => {
        isDead ||= this.#mode === 'swallow';
        if (!isDead) to.write(bytes);
      });
      from.on('close', () => {
        if (this.#mode === 'swallow') this.#halfOpen.add(to);
        else to.destroy();
      });
    }
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
