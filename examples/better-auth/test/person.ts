import { randomUUID } from 'node:crypto'
import { baseUrl, invitations } from './server.ts'

/** The fields of the bodies that the tests read. Each route sends some of them. */
interface Body {
  id: string
  user: { id: string }
  data: { text: string }[]
  error: { message: string }
}

/** Sends a request to the server. */
export async function send(method: string, path: string, body?: object, headers: object = {}) {
  const init = body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } }
  const response = await fetch(baseUrl + path, { method, ...(init ?? { headers: { ...headers } }) })
  const text = await response.text()
  const parsed = JSON.parse(text === '' ? '{}' : text) as Body // a test reads the fields of its route
  return { status: response.status, headers: response.headers, body: parsed }
}

/** A user who has signed up, as a browser sends requests. */
export async function signUp(name: string) {
  const email = `${randomUUID()}@acme.example`
  const { headers, body } = await send('POST', '/api/auth/sign-up/email', { name, email, password: 'correct horse' })
  const setCookies = headers.getSetCookie()
  const cookie = setCookies.map((line) => line.split(';')[0]).join('; ')
  const ofBrowser = { Cookie: cookie, Origin: baseUrl }
  const as = (method: string, path: string, sent?: object) => send(method, path, sent, ofBrowser)
  const token = headers.get('set-auth-token') ?? ''

  const createOrganization = (slug: string, called = slug) =>
    as('POST', '/api/auth/organization/create', { name: called, slug })
  const activate = (organizationId: string | null) =>
    as('POST', '/api/auth/organization/set-active', { organizationId })
  /** Invites a user into the active organization, who accepts. */
  async function invite(guest: { email: string; send: typeof as }, role: string): Promise<void> {
    await as('POST', '/api/auth/organization/invite-member', { email: guest.email, role })
    const invitationId = invitations.findLast((invitation) => invitation.email === guest.email)?.id
    await guest.send('POST', '/api/auth/organization/accept-invitation', { invitationId })
  }
  const write = (text: string) => as('POST', '/notes', { text })
  /** The texts of the notes, or the status of a refusal. */
  async function read(): Promise<string[] | number> {
    const { status, body: found } = await as('GET', '/notes')
    return status === 200 ? found.data.map((note) => note.text) : status
  }
  return {
    id: body.user.id,
    email,
    token,
    cookie,
    setCookies,
    send: as,
    createOrganization,
    activate,
    invite,
    write,
    read,
  }
}

export const newSlug = (): string => `org-${randomUUID()}`

/** A user with an organization, which is active in the session. */
export async function signUpWithOrganization(name: string) {
  const person = await signUp(name)
  const { body } = await person.createOrganization(newSlug(), name)
  return { ...person, organizationId: body.id }
}
