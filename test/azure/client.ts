import type { Fields } from '../fakes/clouds/fields.ts';
import type { Azure } from './azure.ts';

const version = '2025-05-01';

export interface Reply {
  status: number;
  headers: Headers;
  json: Fields;
}

/** The requests of a hand-written client, for tests of the stand-in itself. */
export class Client {
  readonly azure: Azure;
  /** Of the resource group, without a slash at its end. */
  readonly group: string;
  token: string;

  constructor(azure: Azure, group = 'models') {
    this.azure = azure;
    this.group = azure.context.groupId(group);
    this.token = this.tokenFor('https://management.azure.com/');
  }

  tokenFor(audience: string, principal = this.azure.pipeline): string {
    return this.azure.context.tokens.give(principal, audience).token;
  }

  /** Status and answer of any request. A path without `api-version` gets that of Microsoft.Web. */
  async ask(method: string, path: string, body?: unknown): Promise<Reply> {
    const url = path.startsWith('http') ? path : `${this.azure.urlOf('ARM')}${path}`;
    const answer = await fetch(url.includes('api-version=') ? url : `${url}?api-version=${version}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, json: text === '' ? {} : (JSON.parse(text) as Fields) };
  }

  /** Code and words of an answer, however its provider words errors. */
  static errorOf({ json }: Reply): { code: string; message: string; extended?: string } {
    const { error = json } = json as { error?: Fields };
    const { code, message, Code, Message, Details } = error as Record<string, unknown>;
    const entity = (Details as { ErrorEntity?: Fields }[] | undefined)?.find((one) => one.ErrorEntity)?.ErrorEntity;
    const extended = entity?.['ExtendedCode'];
    return {
      ...{ code: String(code ?? Code), message: String(message ?? Message) },
      ...(extended !== undefined && { extended: String(extended) }),
    };
  }
}
