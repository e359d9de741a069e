import type { IncomingHttpHeaders } from 'node:http';

/** What goes wrong with one request. "Acted" means that the server got all of it and did what it says. */
export type Fault =
  /** The server acts; the connection is reset before anything of its answer arrives. */
  | { kind: 'lose-reply' }
  /** An error answer, and the server never hears of it. */
  | ({ kind: 'fail-before' } & ErrorAnswer)
  /** The server acts; an error answer takes the place of its own. */
  | ({ kind: 'fail-after' } & ErrorAnswer)
  /** The connection is reset, to the server's side as well, once so many bytes of the body have passed. */
  | { kind: 'reset-mid-body'; afterBytes: number }
  /** The server acts; its answer breaks off after so many bytes of its body, in the middle unless told. */
  | { kind: 'cut-reply'; afterBytes?: number }
  /** Nothing happens for so long; then all goes its way. `after`: the server has acted before the pause. */
  | { kind: 'stall'; ms: number; when?: 'before' | 'after' }
  /** A body passes in pieces of so many bytes, one every so many ms. */
  | { kind: 'trickle'; bytes: number; everyMs: number; body: 'request' | 'reply' }
  /** The server acts; its answer is changed. A header that is undefined is taken out. */
  | {
      kind: 'rewrite';
      status?: number;
      headers?: Record<string, string | undefined>;
      body?: (body: Buffer) => Buffer | string;
    };

interface ErrorAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A request as a script sees it. */
export interface SeenRequest {
  method: string;
  /** Without the query, as it was sent: still percent-encoded. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Counts all requests since the proxy began, or was told to forget; from 1. */
  index: number;
  /** Counts those of this method on this path; from 1. */
  nth: number;
}

/** Decides what goes wrong; nothing when it answers nothing. */
export type Script = (request: SeenRequest) => Fault | undefined;

/** What became of a request. */
export interface Recorded extends SeenRequest {
  /** Bytes of body that came from the client. */
  bytes: number;
  fault: Fault | undefined;
  /** What the server answered; nothing when it was not asked, or not to the end. */
  served: number | undefined;
  /** What the client was answered; nothing when the connection was cut before. */
  status: number | undefined;
}

/** A fault for one request only, the one with that index. */
export const faultAt =
  (index: number, fault: Fault): Script =>
  (request) =>
    request.index === index ? fault : undefined;
