const clusterBytes = 65_536;
const wholeHeaderBytes = 104;
const isCopied = 1n << 63n;

/** Where it lies, in clusters: reference table, reference counts, L1, L2, then the data. */
const [table, counts, first, second, content] = [1, 2, 3, 4, 5] as const;

/** The data, a whole number of clusters, as a qcow2 image (version 3) of that size. */
export function qcow2(data: Buffer): Buffer {
  const clusters = data.length / clusterBytes;
  const image = Buffer.alloc((content + clusters) * clusterBytes);
  const at = (cluster: number): number => cluster * clusterBytes;
  image.write('QFI\xfb', 'latin1');
  image.writeUInt32BE(3, 4);
  image.writeUInt32BE(16, 20); // cluster bits
  image.writeBigUInt64BE(BigInt(data.length), 24);
  image.writeUInt32BE(1, 36); // entries of L1
  image.writeBigUInt64BE(BigInt(at(first)), 40);
  image.writeBigUInt64BE(BigInt(at(table)), 48);
  image.writeUInt32BE(1, 56); // clusters of the reference table
  image.writeUInt32BE(4, 96); // counts have 2^4 bits
  image.writeUInt32BE(wholeHeaderBytes, 100);
  image.writeBigUInt64BE(BigInt(at(counts)), at(table));
  for (let cluster = 0; cluster < content + clusters; cluster += 1)
    image.writeUInt16BE(1, at(counts) + 2 * cluster);
  image.writeBigUInt64BE(BigInt(at(second)) | isCopied, at(first));
  for (let cluster = 0; cluster < clusters; cluster += 1) {
    const entry = BigInt(at(content + cluster)) | isCopied;
    image.writeBigUInt64BE(entry, at(second) + 8 * cluster);
  }
  data.copy(image, at(content));
  return image;
}
