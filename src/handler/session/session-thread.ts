/** Argument that a function's own worker threads are started with. */
export const sessionThread = 'coldgate-session-thread';

/** Asked of the arguments, since asking Node loads its module of worker threads: 2 ms of a start. */
export const isSessionThread = (): boolean => process.argv[2] === sessionThread;
