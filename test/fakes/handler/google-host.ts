/** Serves the bundled entry with the real functions framework on loopback: `node this <google.mjs>`. Prints its port. */
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { type HttpFunction, http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';

const entry = (await import(pathToFileURL(process.argv[2]!).href)) as { coldgate: HttpFunction };
http('coldgate', entry.coldgate);
const server = getTestServer('coldgate');
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ event: 'port', port: (server.address() as AddressInfo).port }));
});
