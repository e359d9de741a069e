import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** A proxy on loopback as companies have one: it forwards plain requests, and opens tunnels. */
export class HttpProxy {
  /** URL of each request that came through, and the first line of what came through a tunnel. */
  readonly seen: string[] = [];
  readonly #server: Server = createServer((requests, answer) => {
    this.seen.push(requests.url ?? '');
    const onward = request(requests.url ?? '', { method: requests.method, headers: requests.headers }, (from) => {
      answer.writeHead(from.statusCode ?? 502, from.headers);
      from.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    requests.pipe(onward);
  });

  /** Where tunnels to a place really lead, as `host:port`. */
  readonly #elsewhere: ReadonlyMap<string, string>;

  /** A tunnel is what Node opens for https, and for all of fetch. */
  private constructor(elsewhere: ReadonlyMap<string, string>) {
    this.#elsewhere = elsewhere;
    this.#server.on('connect', (requests, socket, head) => {
      const place = requests.url ?? '';
      const [host, port] = (this.#elsewhere.get(place) ?? place).split(':');
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.write(head);
        onward.on('data', (chunk) => socket.write(chunk)).on('end', () => socket.end());
        socket.on('data', (chunk: Buffer) => {
          this.seen.push(chunk.toString('latin1').split('\r\n')[0] ?? '');
          onward.write(chunk);
        });
        socket.on('end', () => onward.end());
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
  }

  static async open(elsewhere: ReadonlyMap<string, string> = new Map()): Promise<HttpProxy> {
    const proxy = new HttpProxy(elsewhere);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close().closeAllConnections();
  }
}
