// The fake function as Azure's worker has it: registered by hand, without the library.
const core = require('@azure/functions-core');
const { answer, faults, instance } = require('./handler.cjs');

core.setProgrammingModel({
  name: 'fake',
  version: '1.0.0',
  getInvocationModel: (given) => ({
    getArguments: async () => ({ context: given, inputs: [given.request.inputData[0].data.http] }),
    invokeFunction: async (context, inputs, callback) => callback(...inputs, context),
    getResponse: async (_context, result) => ({ returnValue: { http: result } }),
  }),
});

const methods = ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'];
const authLevel = process.env.COLDGATE_AZURE_AUTH ?? 'function';
const http = { type: 'httpTrigger', direction: 'in', authLevel, methods, route: '{*path}' };

if (!faults.has('registers-nothing')) {
  core.registerFunction({ name: 'coldgate', bindings: { http } }, async ({ method, url, body }) => {
    const { pathname, search } = new URL(url);
    if (faults.has('crash-on-warm') && search.includes('warm')) process.exit(4);
    // How Event Grid learns that its events are wanted.
    const asked = pathname === '/coldgate/uploads' && JSON.parse(body.bytes.toString())[0].data.validationCode;
    if (asked) return { statusCode: '200', body: { string: JSON.stringify({ validationResponse: asked }) } };
    const [status, document, headers = {}] = answer(method, pathname + search, body?.bytes?.toString());
    console.log(JSON.stringify({ event: 'request', url: pathname, status }));
    return {
      statusCode: String(status),
      headers: { 'content-type': 'application/json', 'x-coldgate-instance': instance, ...headers },
      body: { string: JSON.stringify(document) },
    };
  });
}
