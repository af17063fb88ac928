# Sentences with countries and regions, a word (in Chinese a character) and its tag in a line, an empty line after each.
# After parts.awk. The names of a part are its own: which part a name belongs to is its hash's choice.
# Variables: train, validation, test (the files), by_character (1 for Chinese), and before each input its `kind`:
#   translations  lines "English TAB Chinese", if the names are to be Chinese
#   places        iso_3166-1.json, iso_3166-2.json
#   forms         lines "form TAB sentence", "person TAB name", "organisation TAB name"; for the test also "test form",
#                 "test person" and "test organisation". In a sentence {C} and {D} are countries, {R} and {S} regions,
#                 {P} and {Q} people, {O} is an organisation, and {c} and {r} are places that name one, which have no tag.

kind == "translations" { chinese[$1] = $2; next }

# A name without what stands behind a comma or in brackets: "Iran, Islamic Republic of". Empty if it is no plain name.
function plain(text) {
  sub(/ ?([,([]|\357\274\210|\357\274\214).*/, "", text)  # the last two are ( and , of full width
  gsub(/^ +| +$/, "", text)
  if (!by_character) return text ~ /[][0-9\/*;:"\\{}|]/ ? "" : text
  return text ~ /^([\344-\351][\200-\277][\200-\277]|\302\267)+$/ ? text : ""
}
function end_place(   text) {
  text = common != "" ? common : official
  if (by_character) text = (common in chinese) ? chinese[common] : (official in chinese) ? chinese[official] : ""
  text = plain(text)
  if (text != "" && !((text, type) in known)) {
    known[text, type] = 1
    place[++places] = text
    type_of[places] = type
  }
  common = official = ""
}
kind == "places" && /"3166-[12]": *\[/ { type = /3166-1/ ? "C" : "R" }
kind == "places" && /^ *"(common_)?name": ".*",?\r?$/ {
  is_common = /"common_name"/
  sub(/^ *"[a-z_]*": "/, "")
  sub(/",?\r?$/, "")
  if (is_common) common = $0
  else official = $0
}
kind == "places" && /^ *}/ && official != "" { end_place() }
kind == "places" { next }

kind == "forms" && /^[^#]/ {
  n = sub(/^test /, "", $1)
  if ($1 == "form") { form[++forms] = $2; test_only[forms] = n }
  else {
    if ($1 == "person") slot = "P"
    else slot = "O"
    if (n) add("test", slot, $2)
    else { add("train", slot, $2); add("validation", slot, $2) }
  }
}

function add(part, slot, text) { names[part, slot, ++size[part, slot]] = text }
function next_number() { return state = (state * 65599 + 12345) % 16777213 }
# One of the part's names, and another than `not`.
function one_of(part, slot, not,   i) {
  i = int(next_number() / 7) % size[part, slot]
  if (names[part, slot, 1 + i] == not) i = (i + 1) % size[part, slot]
  return names[part, slot, 1 + i]
}

# Adds the words of a text to the sentence; a tag is COUNTRY, REGION or none.
function add_words(text, tag,   n, i, word, first) {
  if (by_character) gsub(/[\001-\177]|[\300-\377][\200-\277]*/, "& ", text)
  n = split(text, word, / +/)
  first = 1
  for (i = 1; i <= n; i++) {
    if (word[i] == "") continue
    sentence = sentence word[i] " " (tag == "" ? "O" : (first ? "B-" : "I-") tag) "\n"
    first = 0
  }
}

# Writes a sentence of this form; `lead` is the name that stands where {lead_slot} is.
function write_sentence(part, text, lead_slot, lead,   at, slot, like, other, used, countries, regions) {
  sentence = ""
  used["{" lead_slot "}"] = lead
  while ((at = index(text, "{")) > 0) {
    add_words(substr(text, 1, at - 1), "")
    slot = substr(text, at, 3)
    text = substr(text, at + 3)
    like = slot ~ /[CDc]/ ? "C" : slot ~ /[RSr]/ ? "R" : slot ~ /[PQ]/ ? "P" : "O"
    if (!(slot in used)) {
      other = slot == "{D}" ? "{C}" : slot == "{S}" ? "{R}" : slot == "{Q}" ? "{P}" : ""
      used[slot] = one_of(part, like, used[other])
    }
    if (slot ~ /[CD]/) countries++
    if (slot ~ /[RS]/) regions++
    add_words(used[slot], slot ~ /[CD]/ ? "COUNTRY" : slot ~ /[RS]/ ? "REGION" : "")
  }
  add_words(text, "")
  if (sentence ~ /^the /) sentence = "T" substr(sentence, 2)
  if (sentence in written) return
  written[sentence] = 1
  print sentence > file[part]
  sentences[part]++
  count[part, "COUNTRY"] += countries
  count[part, "REGION"] += regions
}

# Whether a part has what the form asks for.
function can_fill(part, i) {
  if (test_only[i] && part != "test") return 0
  if (form[i] ~ /[{][CDc][}]/ && !size[part, "C"]) return 0
  if (form[i] ~ /[{][RSr][}]/ && !size[part, "R"]) return 0
  return !(form[i] ~ /[{][PQ][}]/ && !size[part, "P"]) && !(form[i] ~ /[{]O[}]/ && !size[part, "O"])
}

END {
  file["train"] = train; file["validation"] = validation; file["test"] = test
  split("train validation test", parts, " ")
  for (i = 1; i <= 3; i++) printf "" > file[parts[i]]
  for (i = 1; i <= places; i++) {
    if ((place[i], "C") in known && (place[i], "R") in known) { if (type_of[i] == "C") both++; continue }
    add(part_of(place[i]), type_of[i], place[i])
    total[type_of[i]]++
  }
  for (p = 1; p <= 3; p++) {
    for (i = 1; i <= forms; i++) {
      if (!can_fill(parts[p], i)) continue
      has_place = 0
      if (form[i] ~ /[{][Cc][}]/) has_place = fits[p, "C", ++fitting[p, "C"]] = i
      if (form[i] ~ /[{][Rr][}]/) has_place = fits[p, "R", ++fitting[p, "R"]] = i
      if (!has_place) fits[p, "", ++fitting[p, ""]] = i
    }
    # Each country leads ten sentences, each region two; every tenth sentence has no place at all.
    for (k = 1; k <= 2; k++) {
      type = k == 1 ? "C" : "R"
      for (i = 1; i <= size[parts[p], type]; i++) {
        for (j = 1; j <= (k == 1 ? 10 : 2) && fitting[p, type] > 0; j++) {
          state = hash(names[parts[p], type, i] "/" j)
          text = form[fits[p, type, 1 + int(next_number() / 7) % fitting[p, type]]]
          slot = index(text, "{" type "}") ? type : tolower(type)
          write_sentence(parts[p], text, slot, names[parts[p], type, i])
          if (state % 10 == 0 && fitting[p, ""] > 0)
            write_sentence(parts[p], form[fits[p, "", 1 + int(next_number() / 7) % fitting[p, ""]]], "", "")
        }
      }
    }
  }
  if (!total["C"] && !total["R"]) exit 1
  name[1] = "COUNTRY"
  name[2] = "REGION"
  for (p = 1; p <= 3; p++)
    say(parts[p] ".conll", parts[p], sentences[parts[p]], "sentence", 2,
        count[parts[p], "COUNTRY"] + count[parts[p], "REGION"], "the places")
  printf "names: %d of countries, %d of regions; left out: %d that are both\n", total["C"], total["R"], both
}
