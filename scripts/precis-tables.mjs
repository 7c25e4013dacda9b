/*
 * Writes src/xmpp/precis/tables.ts: what Unicode says of every code point, as far as addresses ask.
 *
 *   node scripts/precis-tables.mjs > src/xmpp/precis/tables.ts     (then commit the file)
 *   node scripts/precis-tables.mjs --version                       (the Unicode version of this Node)
 *
 * Run it with a Node that knows the newest Unicode: most comes from V8's property escapes and normalisation. V8 does
 * not tell bidirectional classes, joining types, and since when a code point exists. That stands below, from the
 * Unicode character database of the version in DATA; a newer Node needs a look at what its Unicode added there.
 */

const DATA = '17.0'

/** Bidi_Class (DerivedBidiClass.txt), unassigned code points included; what is not here or a mark is L. */
const BIDI = {
  R: `590 5be 5c0 5c3 5c6 5c8-5ff 7c0-7ea 7f4-7f5 7fa-7fc 7fe-815 81a 824 828 82e-858 85c-85f 200f fb1d fb1f-fb28
    fb2a-fb4f 10800-1091e 10920-10a00 10a04 10a07-10a0b 10a10-10a37 10a3b-10a3e 10a40-10ae4 10ae7-10b38 10b40-10cff
    10d4a-10d68 10d6f-10e5f 10e7f-10eaa 10ead-10ebf 10f00-10f2f 10f70-10f81 10f86-10fff 1e800-1e8cf 1e8d7-1e943
    1e94b-1ec6f 1ecc0-1ecff 1ed50-1edff 1ef00-1efff`,
  A: `608 60b 60d 61b-64a 66d-66f 671-6d5 6e5-6e6 6ee-6ef 6fa-710 712-72f 74b-7a5 7b1-7bf 860-88f 892-896 8a0-8c9
    fb50-fbc2 fbd3-fd3d fd50-fd8f fd92-fdc7 fdf0-fdfc fe70-fefe 10d00-10d23 10d28-10d2f 10d3a-10d3f 10ec0-10ecf
    10ed9-10ef9 10f30-10f45 10f51-10f6f 1ec70-1ecbf 1ed00-1ed4f 1ee00-1eeef 1eef2-1eeff`,
  N: '600-605 660-669 66b-66c 6dd 890-891 8e2 10d30-10d39 10d40-10d49 10e60-10e7e',
  E: '30-39 6f0-6f9',
  S: '2b 2d',
  C: '2c 2e-2f 3a',
  T: '23-25',
  B: '200c-200d',
  // of ES, CS, ET, BN and ON those only that identifiers and domain names may have: nothing else is ever asked for
  O: '21-22 26-2a 3b-40 5b-60 7b-7e b7 2b9-2ba 2c6-2cf 2ec 375 2e2f 30fb a67f a717-a71f a788',
}
/** Marks (Mn, Me) that are L and not NSM. */
const NOT_NSM = 'cbf cc6 11a07-11a08 11c3f'

/** Joining_Type (DerivedJoiningType.txt) of what joins. */
const JOINING = {
  D: `620 626 628 62a-62e 633-63f 641-647 649-64a 66e-66f 678-687 69a-6bf 6c1-6c2 6cc 6ce 6d0-6d1 6fa-6fc 6ff 712-714
    71a-71d 71f-727 729 72b 72d-72e 74e-758 75c-76a 76d-770 772 775-777 77a-77f 7ca-7ea 841-845 848 84a-853 855 860
    862-865 868 886 889-88d 88f 8a0-8a9 8af-8b0 8b3-8b8 8ba-8c8 1807 1820-1878 1887-18a8 18aa a840-a871 10ac0-10ac4
    10ad3-10ad6 10ad8-10adc 10ade-10ae0 10aeb-10aee 10b80 10b82 10b86-10b88 10b8a-10b8b 10b8d 10b90 10bad-10bae
    10d01-10d21 10d23 10ec3-10ec4 10ec6-10ec7 10f30-10f32 10f34-10f44 10f51-10f53 10f70-10f73 10f76-10f81 10fb0
    10fb2-10fb3 10fb8 10fbb-10fbc 10fbe-10fbf 10fc1 10fc4 10fca 1e900-1e943`,
  L: 'a872 10acd 10ad7 10d00 10fcb',
  R: `622-625 627 629 62f-632 648 671-673 675-677 688-699 6c0 6c3-6cb 6cd 6cf 6d2-6d3 6d5 6ee-6ef 710 715-719 71e 728
    72a 72c 72f 74d 759-75b 76b-76c 771 773-774 778-779 840 846-847 849 854 856-858 867 869-86a 870-882 88e 8aa-8ac
    8ae 8b1-8b2 8b9 10ac5 10ac7 10ac9-10aca 10ace-10ad2 10add 10ae1 10ae4 10aef 10b81 10b83-10b85 10b89 10b8c
    10b8e-10b8f 10b91 10ba9-10bac 10d22 10ec2 10f33 10f54 10f74-10f75 10fb4-10fb6 10fb9-10fba 10fbd 10fc2-10fc3 10fc9`,
}
/** Transparent is Mn, Me and Cf, but not these... */
const NOT_TRANSPARENT = '600-605 6dd 890-891 8e2 180e 200c-200d 2066-2069 110bd 110cd'
/** ...and this letter. */
const TRANSPARENT = '1e94b'

/*
 * Newer than Unicode 15.0, and Node maps them (to lower case) or moves and composes them (NFC) only if it is as new.
 * They stay unassigned here, so that an address does not depend on whose Node prepared it. They can be taken out of
 * this list when no supported Node, nor the ICU that a distribution gives it, is older than they are.
 */
const UNEVEN = `897 1acf-1add 1ae0-1aeb 1c89 a7cb-a7cc a7ce a7d2 a7d4 a7da a7dc 105c9 105d2 105da 105e4 10d50-10d65
  10d69-10d6d 10efa-10efb 11382-11385 1138b 1138e 11390-11391 113b8 113bb 113c2 113c5 113c7-113c9 113ce-113d0
  1611e-16129 1612f 16d63 16d67-16d6a 16ea0-16eb8 1e5ee-1e5ef 1e6e3 1e6e6 1e6ee-1e6ef 1e6f5`

/** RFC 5892 §2.6, RFC 8264 §9.6. Its CONTEXTO and CONTEXTJ are one here: the rules know their code points. */
const EXCEPTIONS = {
  P: 'df 3c2 6fd-6fe f0b 3007',
  C: 'b7 375 5f3-5f4 660-669 6f0-6f9 30fb',
  D: '640 7fa 302e-302f 3031-3035 303b',
}

/** Hangul_Syllable_Type L, V or T: RFC 5892 §2.9, RFC 8264 §9.9. */
const OLD_HANGUL_JAMO = '1100-11ff a960-a97c d7b0-d7c6 d7cb-d7fb'
/** RFC 5892 §2.4: Combining Diacritical Marks for Symbols, Musical Symbols, Ancient Greek Musical Notation. */
const IGNORABLE_BLOCKS = '20d0-20ff 1d100-1d1ff 1d200-1d24f'

/** Code points by their value in hexadecimal ranges; the first list that has one wins. */
function lookup(lists) {
  const found = new Map()
  for (const [value, text] of Object.entries(lists)) {
    for (const range of text.trim().split(/\s+/)) {
      const [first, last = first] = range.split('-').map(hex => Number.parseInt(hex, 16))
      for (let cp = first; cp <= last; cp++) if (!found.has(cp)) found.set(cp, value)
    }
  }
  return found
}

const exceptions = lookup(EXCEPTIONS)
const uneven = lookup({ U: UNEVEN })
const oldHangulJamo = lookup({ D: OLD_HANGUL_JAMO })
const ignorableBlocks = lookup({ D: IGNORABLE_BLOCKS })
const bidi = lookup(BIDI)
const notNsm = lookup({ L: NOT_NSM })
const joining = lookup(JOINING)
const notTransparent = lookup({ U: NOT_TRANSPARENT })
const transparent = lookup({ T: TRANSPARENT })

/** RFC 8264 §8: PVALID, CONTEXTJ or CONTEXTO, FREE_PVAL (and ID_DIS), DISALLOWED, UNASSIGNED. */
function precis(cp, char) {
  const exception = exceptions.get(cp)
  if (exception) return exception
  // no code point is in BackwardCompatible
  if (uneven.has(cp)) return 'U'
  if (/\p{Cn}/u.test(char) && !/\p{Noncharacter_Code_Point}/u.test(char)) return 'U'
  if (cp >= 0x21 && cp <= 0x7e) return 'P'
  if (/\p{Join_Control}/u.test(char)) return 'C'
  if (oldHangulJamo.has(cp)) return 'D'
  if (/[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u.test(char)) return 'D'
  if (/\p{Cc}/u.test(char)) return 'D'
  if (char.normalize('NFKC') !== char) return 'F'
  if (/[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]/u.test(char)) return 'P'
  if (/[\p{Lt}\p{Nl}\p{No}\p{Me}\p{Zs}\p{S}\p{P}]/u.test(char)) return 'F'
  return 'D'
}

/** RFC 5892 §3: PVALID (of which Marks cannot begin a label), CONTEXTJ or CONTEXTO, DISALLOWED or UNASSIGNED. */
function idna(cp, char) {
  const exception = exceptions.get(cp)
  if (exception) return exception
  // no code point is in BackwardCompatible
  if (/\p{Cn}/u.test(char) || uneven.has(cp)) return 'D'
  if (/[-0-9a-z]/.test(char)) return 'P'
  if (/\p{Join_Control}/u.test(char)) return 'C'
  if (caseFolded(char.normalize('NFKC')).normalize('NFKC') !== char) return 'D'
  if (/[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Noncharacter_Code_Point}]/u.test(char)) return 'D'
  if (ignorableBlocks.has(cp) || oldHangulJamo.has(cp)) return 'D'
  if (/[\p{Mn}\p{Mc}]/u.test(char)) return 'M'
  return /[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}]/u.test(char) ? 'P' : 'D'
}

/** Full case folding as in CaseFolding.txt, but for one letter that is an upper case and so differs anyway: U+1E9E. */
function caseFolded(text) {
  const folded = [...text].map(char => {
    if (char === '\u0131') return char
    return /\p{Script=Cherokee}/u.test(char) ? char.toUpperCase() : char.toUpperCase().toLowerCase()
  })
  return folded.join('')
}

/** RFC 5893 §2: L, R, AL, AN, EN, ES, CS, ET, BN, ON, NSM as L R A N E S C T B O M. */
function bidiClass(cp, char) {
  if (/[\p{Mn}\p{Me}]/u.test(char)) return notNsm.get(cp) ?? 'M'
  return bidi.get(cp) ?? 'L'
}

/** L, R, D, T of RFC 5892 A.1, V for a virama that is transparent too, W for another virama, and U for all else. */
function joiningType(cp, char) {
  const isTransparent = transparent.has(cp) || (/[\p{Mn}\p{Me}\p{Cf}]/u.test(char) && !notTransparent.has(cp))
  if (isVirama(char)) return isTransparent ? 'V' : 'W'
  return isTransparent ? 'T' : (joining.get(cp) ?? 'U')
}

/** Combining class 9, told by what it trades places with: marks of class 10 before it, and it before those of 8. */
function isVirama(char) {
  const [eight, ten] = ['\u3099', '\u05b0']
  const moves = (first, second) => `x${first}${second}`.normalize('NFD') !== `x${first}${second}`
  return /\p{M}/u.test(char) && char.normalize('NFD') === char && moves(ten, char) && moves(char, eight)
}

/** The scripts that contextual rules ask for (RFC 5892 A.4 to A.7): Greek, Hebrew; Hiragana, Katakana or Han as K. */
function script(_cp, char) {
  if (/\p{Script=Greek}/u.test(char)) return 'G'
  if (/\p{Script=Hebrew}/u.test(char)) return 'H'
  return /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(char) ? 'K' : 'O'
}

/** One letter and the length, in base 36, of each run of code points that have it. */
function runs(valueAt) {
  const tokens = []
  let value = ''
  let from = 0
  for (let cp = 0; cp <= 0x110000; cp++) {
    const next = cp > 0x10ffff ? '' : valueAt(cp, String.fromCodePoint(cp))
    if (next === value) continue
    if (cp > 0) tokens.push(value + (cp - from).toString(36))
    value = next
    from = cp
  }
  return tokens
}

/** The <wide> and <narrow> decompositions: first code point, how many, to which. */
function widths() {
  const target = new Map([[0x3000, 0x20]])
  for (let cp = 0xff01; cp <= 0xffee; cp++) {
    const to = narrowed(cp)
    if (to !== cp) target.set(cp, to)
  }
  const found = []
  for (const [cp, to] of target) {
    const last = found.at(-1)
    if (last && cp === last.from + last.count && to === last.to + last.count) last.count++
    else found.push({ from: cp, count: 1, to })
  }
  return found.map(({ from, count, to }) => [from, count, to].map(n => n.toString(16)).join(':'))
}

/** Halfwidth Hangul: first, last, and the compatibility jamo of the first. */
const HALFWIDTH_HANGUL = [
  [0xffa0, 0xffa0, 0x3164],
  [0xffa1, 0xffbe, 0x3131],
  [0xffc2, 0xffc7, 0x314f],
  [0xffca, 0xffcf, 0x3155],
  [0xffd2, 0xffd7, 0x315b],
  [0xffda, 0xffdc, 0x3161],
]

/** One step of decomposition. NFKC does as many as there are: too far for halfwidth Hangul and the fullwidth macron. */
function narrowed(cp) {
  for (const [first, last, to] of HALFWIDTH_HANGUL) if (cp >= first && cp <= last) return to + cp - first
  return cp === 0xffe3 ? 0xaf : String.fromCodePoint(cp).normalize('NFKC').codePointAt(0)
}

function wrapped(tokens) {
  const lines = ['']
  for (const token of tokens) {
    const line = lines.at(-1)
    if (line === '') lines[lines.length - 1] = token
    else if (line.length + token.length + 1 > 118) lines.push(token)
    else lines[lines.length - 1] = `${line} ${token}`
  }
  return lines.join('\n')
}

function tables() {
  const table = (name, doc, tokens) => `\n/** ${doc} */\nexport const ${name} = \`\n${wrapped(tokens)}\n\`\n`
  return [
    '// Generated by scripts/precis-tables.mjs: change that, not this.\n',
    '// Runs of code points from 0 to 10FFFF: a letter, which properties.ts explains, and the length in base 36.\n',
    `\n/** The version of Unicode all this is from. */\nexport const UNICODE = '${process.versions.unicode}'\n`,
    table('PRECIS', 'RFC 8264 §8: PVALID, CONTEXT, FREE_PVAL, DISALLOWED, UNASSIGNED.', runs(precis)),
    table('IDNA', 'RFC 5892 §3: PVALID, PVALID and a MARK, CONTEXT, DISALLOWED.', runs(idna)),
    table('BIDI', 'Bidi classes: L, R, AL (A), AN (N), EN (E), ES, CS, ET, BN, ON, NSM (M).', runs(bidiClass)),
    table('JOINING', 'Joining types L, R, D, T; T and a virama (V), another virama (W); else U.', runs(joiningType)),
    table('SCRIPT', 'Greek, Hebrew, Hiragana or Katakana or Han (K), other.', runs(script)),
    table('WIDTH', 'Fullwidth and halfwidth code points: the first, how many, to which; hexadecimal.', widths()),
  ].join('')
}

if (process.argv[2] === '--version') {
  console.log(process.versions.unicode)
} else {
  if (process.versions.unicode !== DATA) {
    console.error(`Unicode ${process.versions.unicode} here, but the embedded data is from ${DATA}`)
  }
  process.stdout.write(tables())
}
