const host = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/

/** Whether a text is a name or an address, with or without a port, as in a Host header (RFC 9112, section 3.2). */
export function isHost(text: string): boolean {
  const found = host.exec(text)
  return found !== null && Number(found[1] ?? 0) <= 65_535
}
