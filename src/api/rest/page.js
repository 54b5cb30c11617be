// The page to try the API: forms made of openapi.json, answers shown as text. Nothing of an answer becomes markup or code.

/** An element with properties and children. */
const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

const token = document.querySelector('#token')
const api = await (await fetch('/api/v1/openapi.json')).json()
const main = document.querySelector('#routes')
main.replaceChildren()
for (const [path, methods] of Object.entries(api.paths))
  for (const [method, operation] of Object.entries(methods)) main.append(routeOf(path, method.toUpperCase(), operation))

function routeOf(path, method, operation) {
  const { parameters = [], requestBody, summary, operationId } = operation
  const inputs = parameters.map((parameter) => ({ parameter, input: inputOf(parameter.schema) }))
  const body = requestBody && element('textarea', { name: 'body', value: exampleOf(requestBody), spellcheck: false })
  const shown = element('pre', { hidden: true })
  shown.setAttribute('aria-live', 'polite')
  const form = element(
    'form',
    {},
    ...inputs.map(({ parameter, input }) => {
      input.name = parameter.name
      input.required = parameter.required ?? false
      return element('label', {}, parameter.name, element('small', { textContent: parameter.description ?? '' }), input)
    }),
    ...(body ? [element('label', {}, 'Body', body)] : []),
    element('button', { textContent: 'Send' }),
    shown,
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    shown.hidden = false
    shown.textContent = '...'
    send(path, method, inputs, body).then(
      (text) => (shown.textContent = text),
      (error) => (shown.textContent = `No answer: ${error.message}`),
    )
  })
  return element(
    'details',
    { id: operationId },
    element('summary', {}, element('code', { textContent: `${method} ${path}` }), summary),
    form,
  )
}

function inputOf({ type, enum: words }) {
  if (type === 'boolean') words = ['true', 'false']
  if (!words) return element('input', { autocomplete: 'off' })
  return element('select', {}, ...['', ...words].map((word) => element('option', { value: word, textContent: word })))
}

/** What must be there, and what has an example. */
function exampleOf({ content }) {
  const { properties, required = [] } = content['application/json'].schema
  const named = Object.entries(properties).filter(([name, { examples }]) => examples || required.includes(name))
  return JSON.stringify(Object.fromEntries(named.map(([name, { examples }]) => [name, examples?.[0] ?? ''])), null, 2)
}

async function send(path, method, inputs, body) {
  // A document may be of any size: its beginning is enough here.
  const headers = path.endsWith('/download') ? { Range: 'bytes=0-19999' } : {}
  const search = new URLSearchParams()
  let address = path
  for (const { parameter, input } of inputs) {
    const value = input.value.trim()
    if (parameter.in === 'path') address = address.replace('{id}', encodeURIComponent(value))
    else if (value && parameter.in === 'query') search.set(parameter.name, value)
    else if (value) headers[parameter.name] = value
  }
  if (token.value) headers.Authorization = `Bearer ${token.value.trim()}`
  if (body) headers['Content-Type'] = 'application/json'
  const query = search.size > 0 ? `?${search}` : ''
  const answer = await fetch(`/api/v1${address}${query}`, { method, headers, ...(body && { body: body.value }) })
  const text = await answer.text()
  const kind = answer.headers.get('content-type') ?? ''
  const pretty = /json/.test(kind) ? JSON.stringify(JSON.parse(text), null, 2) : text.slice(0, 20_000)
  const location = answer.headers.get('location')
  return `${answer.status} ${answer.statusText}${location ? `\nLocation: ${location}` : ''}\n\n${pretty}`
}
