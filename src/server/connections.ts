import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of a server, with the request that each of them is sending or waiting for. */
export class Connections {
  readonly #requests = new Map<Socket, IncomingMessage | undefined>();

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#requests.set(socket, undefined);
      socket.once('close', () => this.#requests.delete(socket));
    });
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      this.#requests.set(socket, request);
      response.once('close', () => {
        if (this.#requests.get(socket) === request) this.#requests.set(socket, undefined);
      });
    });
  }

  /** Closes connections whose request has not arrived completely. */
  closeIncomplete(): void {
    for (const [socket, request] of this.#requests) if (!request?.complete) socket.destroy();
  }
}
