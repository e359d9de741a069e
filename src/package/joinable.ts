/** A file and its joinable stream; see `deflate`. */
export interface JoinableFile {
  /** `/`-separated, relative, no `.` or `..` parts. */
  name: string;
  bytes: Uint8Array;
  joinable: Uint8Array;
}

/** Ends a joinable stream: an empty last block. RFC 1951, section 3.2.6. */
export const finalBlock: Buffer = Buffer.from([3, 0]);

/** A joinable stream as raw deflate that stands alone. */
export const finished = (joinable: Uint8Array): Buffer => Buffer.concat([joinable, finalBlock]);
