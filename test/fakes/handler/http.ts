import { request } from 'node:http';
import type { HandlerReply, OpenedHandler } from '../../contracts/handler.ts';

/** Asks a function that listens on this machine; by Node's own client, which adds no headers and unpacks nothing. */
export const callOver =
  (port: number): OpenedHandler['call'] =>
  (method, path, headers = {}, body) =>
    new Promise<HandlerReply>((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const call = request({ host: '127.0.0.1', port, method, path, headers: { ...length, ...headers } }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
        answer.on('end', () => {
          const all = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
          resolve({ status: answer.statusCode ?? 0, headers: Object.fromEntries(all), body: Buffer.concat(chunks) });
        });
      });
      call.on('error', reject).end(body);
    });
