import { createCipheriv, createHash } from 'node:crypto';

/** Bytes that nothing can compress, the same for the same name: photos, archives, random keys. */
export function noise(name: string, bytes: number): Buffer {
  const key = createHash('sha256').update(name).digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return cipher.update(Buffer.alloc(bytes));
}

const cities = ['Aarhus', 'Bergen', 'Cádiz', 'Faro', 'Gdańsk', 'Genoa', 'Hamburg', 'Tromsø'];

/** Pages of a table of orders, the same for the same name: text with much repeated in it, as databases have. */
export function orders(name: string, bytes: number): Buffer {
  const chance = noise(name, Math.ceil(bytes / 64) * 8);
  const page = Buffer.alloc(bytes, ' ');
  for (let at = 0, row = 0; at < bytes; row += 1) {
    const number = chance.readUInt32LE(row * 8);
    const city = cities[number % cities.length] ?? '';
    const price = (chance.readUInt16LE(row * 8 + 4) / 100).toFixed(2);
    at += page.write(`{"order":${number},"city":"${city}","total":${price},"status":"paid"}\n`, at);
    if (bytes - at < 80) break;
  }
  return page;
}
