/* Encrypts a photographer's unsent data with the key that the service derives for this session and this business. */

const FORMAT = 1;
const NONCE_BYTES = 12;

export type Sealer = {
  /** Encrypts data. `context` is authenticated as associated data, so decrypting with `open` needs the same context. */
  readonly seal: (context: string, plain: BufferSource) => Promise<ArrayBuffer>;
  /** Decrypts data. Rejects if the data was encrypted with another key or context, or was changed. */
  readonly open: (context: string, sealed: ArrayBuffer) => Promise<ArrayBuffer>;
};

/**
 * `key` is the member `draft_key` of the session: 256 bits in unpadded URL-safe base64. The imported key is only in memory, and scripts
 * cannot export it.
 */
export async function sealerOf(key: string): Promise<Sealer> {
  const imported = await crypto.subtle.importKey("raw", bytesOf(key), "AES-GCM", false, ["encrypt", "decrypt"]);
  const parameters = (context: string, iv: Uint8Array<ArrayBuffer>) => ({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(context) });
  return {
    seal: async (context, plain) => {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const encrypted = new Uint8Array(await crypto.subtle.encrypt(parameters(context, nonce), imported, plain));
      const sealed = new Uint8Array(1 + NONCE_BYTES + encrypted.length);
      sealed[0] = FORMAT;
      sealed.set(nonce, 1);
      sealed.set(encrypted, 1 + NONCE_BYTES);
      return sealed.buffer;
    },
    open: async (context, sealed) => {
      const bytes = new Uint8Array(sealed);
      if (bytes[0] !== FORMAT) throw new Error("unknown format");
      return crypto.subtle.decrypt(parameters(context, bytes.slice(1, 1 + NONCE_BYTES)), imported, bytes.slice(1 + NONCE_BYTES));
    },
  };
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64url.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
}
