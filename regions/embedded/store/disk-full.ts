/** No room for more bytes: each service answers it in its own way. */
export class DiskFull extends Error {
  constructor() {
    super('no space left on device');
    this.name = 'DiskFull';
  }
}
