const loopback = /^http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?(?:\/|$)/;

/** Whether no one on the network can read along: https, or this machine itself. */
export const isPrivateLink = (endpoint: string): boolean =>
  URL.canParse(endpoint) && (endpoint.startsWith('https://') || loopback.test(endpoint));

const neverMade = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Whether Node's error code means that no connection was made, so that the server received nothing. */
export const isUnreached = (code: string | undefined): boolean => neverMade.has(code ?? '');
