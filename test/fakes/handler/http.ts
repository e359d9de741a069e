import type { HandlerReply, OpenedHandler } from '../../contracts/handler.ts';

/** Asks a function that listens on this machine. */
export const callOver =
  (port: number): OpenedHandler['call'] =>
  async (method, path, headers = {}, body): Promise<HandlerReply> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: new Uint8Array(await response.arrayBuffer()),
    };
  };
