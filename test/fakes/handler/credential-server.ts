import { type Answer, type Received, ScriptedServer } from '../stores/script-server.ts';

/** A loopback stand-in for a platform's credentials service; requests are named by method and path. */
export const credentialServer = (): Promise<ScriptedServer> =>
  new ScriptedServer({
    actionOf: (method, url) => `${method} ${url.pathname}`,
    usual: () => ({ status: 404, body: 'no such path' }),
  }).start();

export const given = (value: object | string): Answer => ({
  status: 200,
  body: typeof value === 'string' ? value : JSON.stringify(value),
});

/** Answers only those who send the header. */
export const onlyWith =
  (name: string, value: string, answer: object | string): Answer =>
  (request: Received, response) => {
    const right = request.headers[name] === value;
    response
      .writeHead(right ? 200 : 401)
      .end(right ? (typeof answer === 'string' ? answer : JSON.stringify(answer)) : '');
  };
