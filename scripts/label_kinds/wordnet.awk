# WordNet's data.* become rows "- TAB gloss TAB supersense TAB word TAB synset" for table.awk. A line is
#   00001740 03 n 01 entity 0 003 ~ 00001930 n 0000 ... | that which is perceived; "an example"
# the synset's place, the number of its lexicographer's file, its type, how many words, the first word; see wndb(5WN).

BEGIN {
  split("adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body " \
        "noun.cognition noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive " \
        "noun.object noun.person noun.phenomenon noun.plant noun.possession noun.process noun.quantity " \
        "noun.relation noun.shape noun.state noun.substance noun.time verb.body verb.change verb.cognition " \
        "verb.communication verb.competition verb.consumption verb.contact verb.creation verb.emotion verb.motion " \
        "verb.perception verb.possession verb.social verb.stative verb.weather adj.ppl", supersense, " ")
}

# The parts between semicolons that are no example. A semicolon in quotation marks parts nothing. An example begins with
# a mark (or has lost it), or stands behind a colon or comma.
function definition(gloss,   n, piece, i, quotes, part, kept) {
  n = split(gloss, piece, ";")
  part = ""
  for (i = 1; i <= n; i++) {
    part = part (part == "" ? "" : ";") piece[i]
    quotes = gsub(/"/, "\"", part)
    if (quotes % 2 == 1 && i < n) continue
    gsub(/[ \t]+/, " ", part)
    gsub(/^ | $/, "", part)
    if (match(part, / ?[:,] ?"[^"]*"$/) && substr(part, 1, RSTART - 1) !~ /e[.]g[.]$/) part = substr(part, 1, RSTART - 1)
    if (part != "" && part !~ /^["`]/ && !(quotes % 2 == 1 && part ~ /"$/)) kept = kept (kept == "" ? "" : "; ") part
    part = ""
  }
  return kept
}

/^[0-9][0-9]* [0-9][0-9] [nvasr] / {
  bar = index($0, " | ")
  if (!bar) next
  gloss = definition(substr($0, bar + 3))
  if (gloss == "") next
  split($0, field, " ")
  word = field[5]
  sub(/\([a-z]*\)$/, "", word)  # (a), (p) and (ip) say where an adjective may stand
  gsub(/_/, " ", word)
  print "-\t" gloss "\t" supersense[field[2] + 1] "\t" word "\t" field[1] "-" field[3]
}
