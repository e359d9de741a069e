/** What the head of a picture says, before anything is decoded. */
export interface PictureHeader {
  format: 'jpeg' | 'png' | 'webp';
  /** Pixels, as stored: before the orientation is applied. */
  width: number;
  height: number;
  /** Bits a channel as stored: 1 to 16. */
  depth: number;
  /** How the camera was held, of EXIF: 1 (as stored) to 8. */
  orientation: number;
}
