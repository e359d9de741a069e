const loopback = /^http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?(?:\/|$)/;

/** Whether nobody between here and there can read along: https, or this machine itself. */
export const isPrivateLink = (endpoint: string): boolean => endpoint.startsWith('https://') || loopback.test(endpoint);
