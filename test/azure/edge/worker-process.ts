/**
 * A process of Azure's: starts as a placeholder, and becomes the worker of an app when it is told which. Answers requests
 * that name the function to call.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { invoke, invokeQueue, loadApp } from '../../fakes/handler/azure-worker.ts';
import { functionHeader, messageHeader, type Specialize, type Specialized } from './worker-protocol.ts';

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { [functionHeader]: name, [messageHeader]: message, ...headers } = request.headers;
  request.headers = headers;
  try {
    if (message !== undefined) {
      await invokeQueue(String(name), Buffer.concat(chunks).toString(), JSON.parse(String(message)));
      return void response.writeHead(204).end();
    }
    const { statusCode, headers: own, body } = await invoke(String(name), request, Buffer.concat(chunks));
    response.writeHead(Number(statusCode), own).end(body?.bytes ?? body?.string);
  } catch (error) {
    console.error(String((error as Error).stack));
    response.writeHead(500).end();
  }
});

process.once('message', async ({ folder, env }: Specialize) => {
  // As the worker does it: native code goes on seeing the variables of the placeholder.
  process.env = { ...env };
  process.chdir(folder);
  const { result, functions, failure } = await loadApp(folder);
  if (failure !== undefined) console.error(failure);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const specialized: Specialized = {
    ...{ event: 'specialized', port: (server.address() as AddressInfo).port },
    functions: [...functions].map(([name, { bindings }]) => ({ name, bindings })),
    failure: result === 'Failure' ? failure : undefined,
  };
  process.send?.(specialized);
});
// Without whoever started it there is nobody to work for.
process.once('disconnect', () => process.exit());
process.send?.({ event: 'placeholder' });
