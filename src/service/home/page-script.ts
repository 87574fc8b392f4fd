/** The script of the home page. It finds `settings` in front of itself, and calls the API as every client does. */
export const script = `
const element = (id) => document.getElementById(id)
const nameOf = (id) => settings.tenants.find((tenant) => tenant.id === id).name

async function send(tenant, method, path, body) {
  const headers = { [settings.tenantHeader]: tenant, ...(body ? { 'Content-Type': 'application/json' } : {}) }
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) })
  return { status: response.status, id: response.headers.get('X-Request-Id'), body: await response.json() }
}

/** Sends a request, and shows it with its answer and with what PostgreSQL got. */
async function show(tenant, method, path, body) {
  const answer = await send(tenant, method, path, body)
  const status = document.createElement('span')
  status.className = answer.status < 400 ? 'status' : 'status refused'
  status.textContent = String(answer.status)
  element('request').replaceChildren(nameOf(tenant) + ': ' + method + ' /' + path + ' → ', status)
  element('response').textContent = JSON.stringify(answer.body, null, 2)
  const texts = await (await fetch('demo/statements/' + encodeURIComponent(answer.id))).json()
  const items = texts.map((text) => Object.assign(document.createElement('li'), { textContent: text }))
  element('statements').replaceChildren(...items)
  element('response').hidden = false
  element('got').hidden = texts.length === 0
  return answer
}

function item(tenant, task) {
  const other = settings.tenants.find(({ id }) => id !== tenant)
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Read as ' + other.name })
  button.setAttribute('aria-label', 'Read "' + task.title + '" as ' + other.name)
  button.addEventListener('click', () => show(other.id, 'GET', 'tasks/' + task.id))
  const line = document.createElement('li')
  line.append(Object.assign(document.createElement('span'), { textContent: task.title }), button)
  return line
}

async function refresh(section) {
  const tenant = section.dataset.tenant
  const { body } = await send(tenant, 'GET', 'tasks?limit=5')
  section.querySelector('ul').replaceChildren(...(body.data ?? []).map((task) => item(tenant, task)))
}

/** The user whom new tasks are for: the first one, or a new one. Undefined when the page shows why there is none. */
async function userOf(tenant) {
  const { body } = await send(tenant, 'GET', 'users?limit=1')
  if (body.data?.length > 0) return body.data[0].id
  return (await show(tenant, 'POST', 'users', { email: 'ada@demo.example', name: 'Ada' })).body.data?.id
}

for (const section of document.querySelectorAll('[data-tenant]')) {
  const tenant = section.dataset.tenant
  section.querySelector('form').addEventListener('submit', async (event) => {
    event.preventDefault()
    const { title } = event.target.elements
    const userId = await userOf(tenant)
    if (userId === undefined) return
    const { status } = await show(tenant, 'POST', 'tasks', { title: title.value, userId })
    if (status === 201) event.target.reset()
    await refresh(section)
  })
  refresh(section)
}
`
