/** CRC-32 as of ISO 3309 (zip, Ethernet): tells a torn file from a whole one, and nothing about who wrote it. */

export const start = 0

/** Of all bytes so far. */
export const add = (sum: number, bytes: Uint8Array): number => {
  let crc = ~sum
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})
