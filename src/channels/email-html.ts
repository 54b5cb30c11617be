import type { Letter } from './email-letter.ts'

/**
 * The HTML of an e-mail: one column of 600 px, that mail programs without style sheets show as well (tables and inline styles), with
 * nothing to fetch. The style sheet only adds the dark colours and narrow screens.
 */

const SANS = `-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif`
const SERIF = `Georgia,'Times New Roman',serif`
const MONO = `ui-monospace,SFMono-Regular,Menlo,Consolas,monospace`
const INK = '#1c1b19'
const FAINT = '#6b675f'
const RULE = '#dedad2'
const MARKS = { SUCCEEDED: '#2f6b46', FAILED: '#a3271e', CANCELED: '#8a6414' } as const

const STYLE = `
  :root { color-scheme: light dark; supported-color-schemes: light dark; }
  a { color: inherit; }
  @media (max-width: 620px) { .sheet { padding: 24px 20px !important; } .around { padding: 0 !important; } }
  @media (prefers-color-scheme: dark) {
    .around { background: #131211 !important; }
    .sheet { background: #1d1c1a !important; border-color: #35332f !important; }
    .ink { color: #f1eee8 !important; }
    .faint { color: #a39e94 !important; }
    .rule { border-color: #35332f !important; }
    .masthead { border-color: #f1eee8 !important; }
    .button { background: #f1eee8 !important; color: #1c1b19 !important; }
    .SUCCEEDED { color: #7cc496 !important; } .FAILED { color: #f08a80 !important; } .CANCELED { color: #dcb561 !important; }
  }`

export function letterHtml(letter: Letter): string {
  const { subject, status, heading, title, reason, link, attachment, reportId } = letter
  const paragraph = (text: string, style = '', tone = 'ink') =>
    `<p class="${tone}" style="margin:0 0 16px;color:${tone === 'ink' ? INK : FAINT};${style}">${escaped(text)}</p>`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark"><title>${escaped(subject)}</title><style>${STYLE}
</style></head>
<body style="margin:0;padding:0">
<div style="display:none;max-height:0;overflow:hidden">${escaped(reason ?? title)}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>
<td class="around" align="center" style="background:#f4f1eb;padding:32px 12px">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px"><tr>
<td class="sheet" style="background:#fffefb;border:1px solid ${RULE};padding:32px 40px;font:16px/1.55 ${SANS};text-align:left;overflow-wrap:anywhere">
<div class="ink masthead" style="color:${INK};border-bottom:3px double ${INK};padding-bottom:10px;margin-bottom:28px;font:15px/1 ${SERIF};letter-spacing:.08em">Broadsheet</div>
<p class="${status}" style="margin:0 0 6px;color:${MARKS[status]};font-size:14px;font-weight:600">${escaped(heading)}</p>
<h1 class="ink" style="margin:0 0 20px;color:${INK};font:400 26px/1.25 ${SERIF}">${escaped(title)}</h1>
${reason === null ? '' : paragraph(reason)}
${link === null ? '' : button(link)}
${attachment === null ? '' : paragraph(attachment)}
${factTable(letter)}
<p class="faint" style="margin:28px 0 0;color:${FAINT};font-size:12px">Broadsheet, report <span style="font-family:${MONO}">${escaped(reportId)}</span></p>
</td></tr></table></td></tr></table></body></html>
`
}

function button({ url, until }: { url: string; until: string }): string {
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr><td class="button" style="background:${INK};border-radius:4px">
<a class="button" href="${escaped(url)}" style="display:inline-block;padding:12px 24px;color:#fffefb;font-weight:600;text-decoration:none;border-radius:4px">Download the document</a>
</td></tr></table>
<p class="faint" style="margin:10px 0 24px;color:${FAINT};font-size:13px">The link works until ${escaped(until)}. Whoever has it can download the document.</p>`
}

function factTable({ facts }: Letter): string {
  const cell = 'padding:9px 0;vertical-align:top;font-size:14px'
  const rows = facts.map(
    ([name, value]) =>
      `<tr><td class="faint rule" width="128" style="${cell};border-top:1px solid ${RULE};color:${FAINT}">${escaped(name)}</td>` +
      `<td class="ink rule" style="${cell};border-top:1px solid ${RULE};color:${INK}${name === 'SHA-256' ? `;font:12px/1.6 ${MONO}` : ''}">${escaped(value)}</td></tr>`,
  )
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">\n${rows.join('\n')}\n</table>`
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
