// The least of a programming model of Azure's Node worker: requests and answers as they come over its wire.
const core = require('@azure/functions-core');

core.setProgrammingModel({
  name: 'coldgate-test',
  version: '1.0.0',
  getInvocationModel: (given) => ({
    getArguments: async () => {
      const [{ data }] = given.request.inputData;
      return { context: given, inputs: [data.http ?? data.string] };
    },
    invokeFunction: async (context, inputs, callback) => callback(...inputs, context),
    getResponse: async (_context, http) => ({ returnValue: { http } }),
  }),
});

const methods = ['GET', 'HEAD', 'POST', 'OPTIONS'];

/** Registers a function for every path; `answer` gets a request, and gives status, headers and text. */
exports.register = (name, authLevel, answer) => {
  const bindings = { http: { type: 'httpTrigger', direction: 'in', authLevel, methods, route: '{*path}' } };
  core.registerFunction({ name, bindings }, async ({ method, url, headers, body }) => {
    const { pathname, search } = new URL(url);
    const text = Buffer.from(body?.bytes ?? '').toString();
    const said = await answer({ method, url: pathname + search, headers, text });
    return { statusCode: String(said.status), headers: said.headers, body: { string: said.text } };
  });
};

/** Registers a function for messages of a queue; `take` gets a text, and how often it was delivered. */
exports.registerQueue = (name, { queueName, connection }, take) => {
  const bindings = { message: { type: 'queueTrigger', direction: 'in', queueName, connection } };
  core.registerFunction({ name, bindings }, (text, { request }) =>
    take(text, Number(request.triggerMetadata.DequeueCount.string)),
  );
};
